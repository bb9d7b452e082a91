import { describe, expect, it } from 'vitest';
import {
  attemptPrefix,
  endKey,
  failedKey,
  manifestKey,
  parseRunKey,
  type RunObject,
  retryKey,
  runKey,
  startedKey,
  triggerKey,
} from './keys.ts';

const RUN = 'ab'.repeat(32);

describe('parseRunKey', () => {
  it.each<[string, RunObject]>([
    [runKey(RUN), { kind: 'run', run: RUN }],
    [endKey(RUN), { kind: 'end', run: RUN }],
    [triggerKey(RUN, 'why'), { kind: 'trigger', run: RUN, id: 'why' }],
    [retryKey(RUN, 2), { kind: 'retry', run: RUN, number: 2 }],
    [manifestKey(RUN, 'infer'), { kind: 'manifest', run: RUN, step: 'infer' }],
    [startedKey(RUN, 'infer', 1), { kind: 'started', run: RUN, step: 'infer', attempt: 1 }],
    [failedKey(RUN, 'infer', 12), { kind: 'failed', run: RUN, step: 'infer', attempt: 12 }],
    [`${attemptPrefix(RUN, 'infer', 1)}mask.nii.gz`, { kind: 'output', run: RUN }],
    [`${attemptPrefix(RUN, 'infer', 1)}a/failed.json`, { kind: 'output', run: RUN }],
  ])('names %s', (key, object) => {
    expect(parseRunKey(key)).toEqual(object);
  });

  it.each([
    '',
    'run.json',
    `${RUN.toUpperCase()}/run.json`,
    `${RUN}/other.json`,
    `${RUN}/run.json/more`,
    `${RUN}/steps/infer/other.json`,
    `${RUN}/steps/manifest.json`,
    `${RUN}/retries/two.json`,
    `${RUN}/retries/0.json`,
    `${RUN}/steps/infer/0/started.json`,
    `${RUN}/steps/infer/1e3/started.json`,
  ])('knows nothing of %s', (key) => {
    expect(parseRunKey(key)).toBeUndefined();
  });
});
