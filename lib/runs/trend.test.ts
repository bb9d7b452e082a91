import { describe, expect, it } from 'vitest';
import type { Measurement, TrendEntry, TrendExam, TrendInput, VolumeMaker } from '../../schemas/trend.ts';
import { lookedAt, structureTitle, trendOf, trendState } from './trend.ts';

const MODEL: VolumeMaker = { kind: 'model', name: 'brain-lesion', version: '1.0.0', sha256: 'a'.repeat(64) };
const NEWER: VolumeMaker = { kind: 'model', name: 'brain-lesion', version: '2.0.0', sha256: 'b'.repeat(64) };
const EXPERT: VolumeMaker = { kind: 'imported', source: 'expert', tool: '3D Slicer' };

const EDITED: VolumeMaker = { kind: 'edited', from: 'brain-lesion 1.0.0' };

const exam = (number: number, date: string | null, more: Partial<TrendExam> = {}): TrendExam => ({
  studyInstanceUid: `1.${number}`,
  date,
  time: null,
  postOperative: false,
  status: 'succeeded',
  ...more,
});

const volume = (number: number, volumeMl: number, more: Partial<Measurement> = {}): Measurement => ({
  run: String(number).padStart(64, '0'),
  studyInstanceUid: `1.${number}`,
  maker: MODEL,
  volumeMl,
  complete: true,
  ...more,
});

const entry = (kind: TrendEntry['kind'], number: number, minute: number): TrendEntry => ({
  id: `00000000-0000-4000-8000-00000000000${minute}`,
  pipeline: 'brain-tumor-segmentation',
  studyInstanceUid: `1.${number}`,
  kind,
  author: 'reader',
  reason: 'looked at it',
  createdAt: `2026-01-01T00:0${minute}:00.000Z`,
});

function input(exams: TrendExam[], measurements: Measurement[], entries: TrendEntry[] = []): TrendInput {
  const rules = { structure: 'lesion', progression: 0.4, minimumBaselineMl: 0.5 };
  return { pipeline: 'brain-tumor-segmentation', rules, exams, measurements, entries };
}

const THREE = [exam(1, '20240101'), exam(2, '20240601'), exam(3, '20250101')];
const GROWING = [volume(1, 10), volume(2, 12), volume(3, 15)];

const changes = (given: TrendInput, curve = 0) =>
  trendOf(given).curves[curve]?.points.map(({ studyInstanceUid, change, progression }) => [
    studyInstanceUid,
    change === null ? null : Math.round(change * 100),
    progression,
  ]);

describe('trendOf', () => {
  it('compares each exam with the first, and flags growth beyond the threshold', () => {
    expect(changes(input(THREE, GROWING))).toEqual([
      ['1.1', null, null],
      ['1.2', 20, false],
      ['1.3', 50, true],
    ]);
    expect(trendOf(input(THREE, GROWING)).baseline).toEqual({ studyInstanceUid: '1.1', confirmed: null });
  });

  it('does not flag exactly the threshold, nor shrinking', () => {
    expect(changes(input(THREE, [volume(1, 10), volume(2, 14), volume(3, 2)]))?.map(([, , flag]) => flag)).toEqual([
      null,
      false,
      false,
    ]);
  });

  it('does not hang on the order in which anything came', () => {
    const entries = [entry('baseline', 2, 1), entry('withdrawn', 1, 2)];
    const forwards = trendState(input(THREE, GROWING, entries));
    const backwards = trendState(input(THREE.toReversed(), GROWING.toReversed(), entries.toReversed()));
    expect(backwards).toEqual(forwards);
  });

  it('suggests the first exam after an operation', () => {
    const exams = [exam(1, '20240101'), exam(2, '20240601', { postOperative: true }), exam(3, '20250101')];
    expect(trendOf(input(exams, GROWING)).baseline?.studyInstanceUid).toBe('1.2');
    expect(trendOf(input(exams, GROWING)).curves[0]?.points[0]).toMatchObject({
      change: null,
      reason: 'It was made before the baseline.',
    });
  });

  it('takes the baseline that a person confirmed last, with who and when', () => {
    const entries = [entry('baseline', 1, 1), entry('baseline', 2, 2)];
    const { baseline } = trendOf(input(THREE, GROWING, entries));
    expect(baseline).toEqual({
      studyInstanceUid: '1.2',
      confirmed: { author: 'reader', at: '2026-01-01T00:02:00.000Z', reason: 'looked at it' },
    });
    expect(changes(input(THREE, GROWING, entries))?.at(-1)).toEqual(['1.3', 25, false]);
  });

  it('leaves out a withdrawn exam, says who withdrew it, and takes it back when it is restored', () => {
    const withdrawn = input(THREE, GROWING, [entry('baseline', 1, 1), entry('withdrawn', 1, 2)]);
    expect(changes(withdrawn)?.map(([uid]) => uid)).toEqual(['1.2', '1.3']);
    expect(trendOf(withdrawn).baseline, 'a withdrawn baseline is none').toEqual({
      studyInstanceUid: '1.2',
      confirmed: null,
    });
    expect(trendOf(withdrawn).left).toEqual([
      { studyInstanceUid: '1.1', date: '20240101', reason: 'Withdrawn by reader on 2026-01-01: looked at it' },
    ]);
    const restored = input(THREE, GROWING, [...withdrawn.entries, entry('restored', 1, 3)]);
    expect(trendOf(restored)).toEqual(trendOf(input(THREE, GROWING, [entry('baseline', 1, 1)])));
  });

  it('gives no percentage and no flag below the smallest baseline, and none against nothing', () => {
    for (const first of [0.4, 0]) {
      const [, second] = trendOf(input(THREE, [volume(1, first), volume(2, 9)])).curves[0]?.points ?? [];
      expect(second).toMatchObject({ change: null, progression: null });
      expect(second?.reason).toBe('The baseline is smaller than 0.5 mL: a percentage would say nothing.');
    }
  });

  it('gives no percentage where a volume is incomplete', () => {
    const cut = [volume(1, 10), volume(2, 20, { complete: false }), volume(3, 12)];
    expect(changes(input(THREE, cut))?.map(([, change]) => change)).toEqual([null, null, 20]);
    const noBaseline = [volume(1, 10, { complete: false }), volume(2, 20), volume(3, 12)];
    expect(changes(input(THREE, noBaseline))?.map(([, change]) => change)).toEqual([null, null, null]);
  });

  it('never compares versions of a model, or a model with a person', () => {
    const mixed = [volume(1, 10), volume(2, 30, { maker: NEWER }), volume(3, 40, { maker: EXPERT }), volume(3, 15)];
    const { curves } = trendOf(input(THREE, mixed));
    expect(curves.map(({ maker, points }) => [maker, points.length])).toEqual([
      [MODEL, 2],
      [NEWER, 1],
      [EXPERT, 1],
    ]);
    expect(curves[1]?.points[0]).toMatchObject({
      change: null,
      reason: 'The baseline exam has no volume by the same maker.',
    });
  });

  it('compares what was edited with the edited baseline, else with what was found there, and says so', () => {
    const edited = [volume(2, 13, { maker: EDITED }), volume(3, 18, { maker: EDITED })];
    const unmarked = trendOf(input(THREE, [...GROWING, ...edited, volume(1, 99, { maker: NEWER })])).curves[1];
    expect(unmarked?.maker).toEqual(EDITED);
    expect(unmarked?.points).toMatchObject([
      { change: 0.3, progression: false, comparedWith: MODEL, isBaseline: false },
      { change: 0.8, progression: true, comparedWith: MODEL },
    ]);
    const both = trendOf(input(THREE, [...GROWING, ...edited, volume(1, 9, { maker: EDITED })]));
    expect(both.curves[1]?.points).toMatchObject([{ isBaseline: true, change: null }, {}, { change: 1 }]);
    expect(both.curves[1]?.points.some(({ comparedWith }) => comparedWith !== undefined)).toBe(false);
    expect(both.curves[0]?.points[2], 'the model is compared with itself').toMatchObject({ change: 0.5 });
  });

  it('says of every other exam why it is on no curve', () => {
    const exams = [
      exam(1, '20240101'),
      exam(2, null),
      exam(3, '20240301', { status: 'none' }),
      exam(4, '20240401', { status: 'running' }),
      exam(5, '20240501', { status: 'failed' }),
      exam(6, '20240601', { status: 'out-of-scope' }),
    ];
    expect(trendOf(input(exams, [volume(1, 10), volume(2, 10)])).left.map(({ reason }) => reason)).toEqual([
      'It has not been processed.',
      'It is being processed.',
      'Its processing failed.',
      'It is out of the model’s scope.',
      'It has a volume and no date, so it has no place in the trend.',
    ]);
  });

  it('tells 0 mL from no result', () => {
    const trend = trendOf(input([exam(1, '20240101'), exam(2, '20240601', { status: 'failed' })], [volume(1, 0)]));
    expect(trend.curves[0]?.points[0]?.volumeMl).toBe(0);
    expect(trend.left[0]?.reason).toBe('Its processing failed.');
  });
});

describe('trendState', () => {
  it('has another name for every other state', () => {
    const one = trendState(input(THREE, GROWING));
    expect(one.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(trendState(input(THREE, [...GROWING.slice(0, 2), volume(3, 15.1)])).digest).not.toBe(one.digest);
    expect(trendState(one.input).trend).toEqual(one.trend);
  });
});

describe('lookedAt', () => {
  const state = trendState(input(THREE, GROWING, [entry('baseline', 1, 1)]));

  it('compares with another exam and threshold, and leaves the state as it is', () => {
    const before = structuredClone(state);
    const seen = lookedAt(state, { baseline: '1.2', progression: 0.2 });
    expect(seen.baseline).toEqual({ studyInstanceUid: '1.2', confirmed: null });
    expect(seen.curves[0]?.points.map(({ change, progression }) => [change, progression])).toEqual([
      [null, null],
      [null, null],
      [0.25, true],
    ]);
    expect(state).toEqual(before);
    expect(trendState(state.input)).toEqual(before);
  });

  it('changes only what is asked for; an exam without a volume is no baseline', () => {
    expect(lookedAt(state, { progression: 0.6 }).baseline).toEqual(state.trend.baseline);
    expect(lookedAt(state, { baseline: '1.9' })).toEqual(state.trend);
    expect(lookedAt(state, {})).toEqual(state.trend);
  });
});

describe('what a trend says', () => {
  it('names the structure as people do, where that was kept', () => {
    expect(structureTitle({ ...input(THREE, GROWING), structureTitle: 'Tumour' })).toBe('Tumour');
    expect(structureTitle(input(THREE, GROWING))).toBe('lesion');
  });

  it('leaves out exams that who asks is still to read, and says so', () => {
    const exams = [exam(1, '20240101'), exam(2, '20240601', { status: 'withheld' })];
    expect(trendOf(input(exams, [volume(1, 10)])).left).toEqual([
      { studyInstanceUid: '1.2', date: '20240601', reason: 'You are still to read its images without the result.' },
    ]);
  });
});
