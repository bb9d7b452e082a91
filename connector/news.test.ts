import { describe, expect, it } from 'vitest';
import { endKey, failedKey, manifestKey, retryKey, runKey, startedKey, triggerKey } from '../lib/runs/keys.ts';
import type { Bucket } from '../schemas/store.ts';
import { advancedBy, isNews } from './news.ts';

const RUN = 'a'.repeat(64);

describe('an object', () => {
  it.each<[Bucket, string, boolean, boolean]>([
    ['runs', runKey(RUN), true, true],
    ['runs', manifestKey(RUN, 'parse'), true, true],
    ['runs', failedKey(RUN, 'parse', 1), true, true],
    ['runs', retryKey(RUN, 1), true, true],
    ['runs', startedKey(RUN, 'parse', 1), true, false],
    ['runs', triggerKey(RUN, 'why'), true, false],
    ['runs', endKey(RUN), true, false],
    ['runs', `${RUN}/steps/parse/1/mask.nii.gz`, false, false],
    ['runs', 'else', false, false],
    ['results', runKey(RUN), true, false],
    ['feedback', 'reading/answer.json', true, false],
  ])('%s/%s: stored as an event %s, advances its run %s', (bucket, key, news, advances) => {
    expect(isNews({ bucket, key })).toBe(news);
    expect(advancedBy({ bucket, key })).toBe(advances ? RUN : undefined);
  });
});
