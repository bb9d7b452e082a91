import { describe, expect, it } from 'vitest';
import { RunView } from '../../schemas/api.ts';
import { againstLimit, onlyRuns, stageTable } from './segmentation.ts';

const step = (computeMs: number) => ({
  ...{ name: 'preprocess', operator: 'preprocess', status: 'succeeded', attempts: 1, error: null, retryable: null },
  ...{
    startedAt: '2026-01-05T08:00:00.000Z',
    finishedAt: new Date(Date.UTC(2026, 0, 5, 8) + 2 * computeMs).toISOString(),
  },
  ...{ device: null, timings: { fetchMs: 1_000, computeMs, storeMs: 500 } },
});
const run = (computeMs: number, status = 'succeeded') =>
  RunView.parse({
    ...{ id: '1', pipeline: 'p', pipelineVersion: '1.0.0', studyInstanceUid: '2.25.1', status, reason: null },
    ...{ createdAt: '', finishedAt: '', amends: null, replayOf: null, triggers: [], models: [], result: null },
    steps: [step(computeMs)],
  });

describe('times of exams', () => {
  it('are shown by step, median and longest', () => {
    const [, line] = stageTable([run(1_000), run(3_000), run(2_000)]).split('\n');
    expect(line).toBe(`${'preprocess'.padEnd(24)}      1.0      2.0      0.5      4.0      6.0`);
  });

  it('say whether their limit is held, and how busy the machine was', () => {
    expect(againstLimit('one', 2_000, 3_000)).toMatch(
      /^one: 2\.0 s; the limit of 3\.0 s is held; load [\d.]+ [\d.]+ [\d.]+$/,
    );
    expect(againstLimit('one', 4_000, 3_000)).toContain('NOT held');
  });

  it('are of exams that ran once and well', () => {
    const sent = { transferMs: 0, totalMs: 0 };
    expect(onlyRuns({ ...sent, runs: [[run(1)]] })).toHaveLength(1);
    expect(() => onlyRuns({ ...sent, runs: [[run(1), run(2)]] })).toThrow('There are 2 runs of one exam.');
    expect(() => onlyRuns({ ...sent, runs: [[run(1, 'failed')]] })).toThrow('did not succeed: failed');
  });
});
