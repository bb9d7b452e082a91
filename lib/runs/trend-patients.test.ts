import { expect, it } from 'vitest';
import type { TrendEntry, TrendInput } from '../../schemas/trend.ts';
import { trendOf } from './trend.ts';

const exam = (number: number) =>
  ({
    studyInstanceUid: `1.${number}`,
    date: `202${number}0101`,
    time: null,
    postOperative: false,
    status: 'succeeded',
  }) as const;

const volume = (number: number) => ({
  run: String(number).padStart(64, '0'),
  studyInstanceUid: `1.${number}`,
  maker: { kind: 'model', name: 'brain-lesion', version: '1.0.0', sha256: 'a'.repeat(64) } as const,
  volumeMl: 10 * number,
  complete: true,
});

const confirmed = (createdAt: string): TrendEntry => ({
  id: '00000000-0000-4000-8000-000000000001',
  pipeline: 'brain',
  studyInstanceUid: '1.2',
  kind: 'baseline',
  author: 'reader',
  reason: 'looked at it',
  createdAt,
});

const trend = (entries: TrendEntry[], patientChangedAt?: string) => {
  const rules = { structure: 'lesion', progression: 0.4, minimumBaselineMl: 0.5 };
  const made = { pipeline: 'brain', rules, exams: [1, 2, 3].map(exam), measurements: [1, 2, 3].map(volume), entries };
  const input: TrendInput = patientChangedAt === undefined ? made : { ...made, patientChangedAt };
  return trendOf(input);
};

it('asks for a baseline again that was confirmed before patients were merged', () => {
  const before = [confirmed('2026-01-01T00:00:00.000Z')];
  expect(trend(before).baseline).toMatchObject({ studyInstanceUid: '1.2', confirmed: { author: 'reader' } });
  expect(trend(before, '2026-01-02T00:00:00.000Z').baseline).toEqual({ studyInstanceUid: '1.1', confirmed: null });
  const after = [confirmed('2026-01-03T00:00:00.000Z')];
  expect(trend(after, '2026-01-02T00:00:00.000Z').baseline).toMatchObject({ confirmed: { author: 'reader' } });
});

it('goes on leaving out what was withdrawn before', () => {
  const withdrawn: TrendEntry = { ...confirmed('2026-01-01T00:00:00.000Z'), kind: 'withdrawn' };
  expect(trend([withdrawn], '2026-01-02T00:00:00.000Z').left).toMatchObject([{ studyInstanceUid: '1.2' }]);
});
