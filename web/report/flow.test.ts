import { describe, expect, it } from 'vitest';
import type { CaseRow } from './cases.ts';
import { FlowCount } from './flow.ts';

const at = (minutes: number) => new Date(Date.UTC(2026, 0, 31, 8, minutes));

const exam = (overrides: Partial<CaseRow> = {}): CaseRow => ({
  ...{
    studyInstanceUid: '1.2',
    patient: 'p',
    sex: null,
    ageBand: null,
    scanner: null,
    run: 'r',
    reason: null,
    arm: null,
  },
  ...{
    status: 'succeeded',
    withdrawn: false,
    withdrawnReason: null,
    runCreatedAt: at(2),
    receivedAt: at(0),
    resultAt: at(6),
    quality: null,
  },
  ...{ firstAnswerAt: null, unaidedReaders: 0, aidedReaders: 0, adjudicated: false, hasReference: false },
  ...overrides,
});
const failed = (reason: string | null) => exam({ status: 'failed', reason, resultAt: null });

describe('the flow of exams', () => {
  it('leaves steps out that the evaluation does not have', () => {
    const flow = new FlowCount({ name: 'hips' }, { quality: false, reference: false });
    flow.add(exam({ aidedReaders: 1 }));
    expect(flow.flow().steps.map(({ name, count }) => [name, count])).toEqual([
      ['exams', 1],
      ['counted', 1],
      ['result', 1],
      ['read', 1],
    ]);
  });

  it('tells what ended well and published nothing from what failed for no reason', () => {
    const flow = new FlowCount({ name: 'hips' }, { quality: false, reference: false });
    for (const one of [exam({ resultAt: null }), failed(null), failed(null)]) flow.add(one);
    expect(flow.flow().exclusions.map(({ label, count }) => [label, count])).toEqual([
      ['Processing failed: no reason given', 2],
      ['Nothing was published', 1],
    ]);
  });

  it('takes rare reasons together, and drops none', () => {
    const flow = new FlowCount({ name: 'hips' }, { quality: false, reference: false });
    for (let reason = 0; reason < 30; reason += 1) flow.add(failed(`Reason ${reason}.`));
    const { exclusions } = flow.flow();
    expect(exclusions).toHaveLength(21);
    expect(exclusions.at(-1)).toMatchObject({ label: '10 rarer reasons', count: 10 });
  });

  it('measures times of exams with a result alone', () => {
    const flow = new FlowCount({ name: 'hips' }, { quality: false, reference: false });
    for (const one of [exam({ firstAnswerAt: at(66) }), exam({ withdrawn: true }), failed('x')]) flow.add(one);
    expect(flow.times().map(({ minutes }) => ('because' in minutes ? minutes.because : minutes.median))).toEqual([
      6, 60, 66,
    ]);
  });
});
