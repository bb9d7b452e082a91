import { describe, expect, it } from 'vitest';
import { trendState } from '../../lib/runs/trend.ts';
import type { TrendInput } from '../../schemas/trend.ts';
import { drawSheet, type Sheet } from './sheet.ts';

const MODEL = { kind: 'model', name: 'brain-lesion', version: '1.0.0', sha256: 'a'.repeat(64) } as const;

/** The report of a patient with these volumes, one exam a year, the first confirmed as baseline. */
function sheet(volumes: readonly number[], more: Partial<Sheet> = {}): Sheet {
  const exam = (index: number) => ({ studyInstanceUid: `1.2.${index}`, date: `${2000 + index}0301` });
  const input: TrendInput = {
    pipeline: 'brain-tumor-segmentation',
    rules: { structure: 'lesion', progression: 0.4, minimumBaselineMl: 1 },
    structureTitle: 'Lesion',
    exams: volumes.map((_, index) => ({ ...exam(index), time: null, postOperative: false, status: 'succeeded' })),
    measurements: volumes.map((volumeMl, index) => {
      const run = String(index).padStart(64, '0');
      return { run, studyInstanceUid: exam(index).studyInstanceUid, maker: MODEL, volumeMl, complete: true };
    }),
    entries: [
      {
        id: '6f9619ff-8b86-4d11-b42d-00c04fc964ff',
        ...{ pipeline: 'brain-tumor-segmentation', studyInstanceUid: '1.2.0', kind: 'baseline' },
        ...{ author: 'reader', reason: 'first', createdAt: '2026-01-06T09:31:00.000Z' },
      },
    ],
  };
  return {
    site: 'Test hospital',
    title: 'Brain tumour',
    patient: { name: 'Doe, Jane', patientId: 'P1', birthDate: '1950-01-31', sex: 'female' },
    state: trendState(input),
    restated: [],
    pipelines: ['brain-tumor-segmentation 1.0.0'],
    at: '2026-01-06T10:02:00.000Z',
    author: 'reader',
    ...more,
  };
}

/** Pixels of the cells of what has grown beyond the threshold. */
function redCells({ pixels }: { readonly pixels: Uint8Array }): number {
  let count = 0;
  for (let at = 0; at < pixels.length; at += 3) {
    if (pixels[at] === 120 && pixels[at + 1] === 18 && pixels[at + 2] === 18) count += 1;
  }
  return count;
}

describe('the sheet of a trend', () => {
  it('is the same each time, and another for another person, patient or volume', () => {
    const first = drawSheet(sheet([10, 12]));
    expect(Buffer.from(drawSheet(sheet([10, 12])).pixels).equals(first.pixels)).toBe(true);
    for (const other of [
      sheet([10, 13]),
      sheet([10, 12], { author: 'boss' }),
      sheet([10, 12], { patient: { ...sheet([10]).patient, patientId: 'P2' } }),
    ]) {
      expect(Buffer.from(drawSheet(other).pixels).equals(first.pixels)).toBe(false);
    }
  });

  it('has red cells for what is beyond the threshold alone, one as large as another', () => {
    const one = redCells(drawSheet(sheet([10, 12, 15])));
    expect(redCells(drawSheet(sheet([10, 12, 14])))).toBe(0);
    expect(one).toBeGreaterThan(2000);
    expect(redCells(drawSheet(sheet([10, 15, 12, 15]))) / one).toBeCloseTo(2, 1);
  });

  it('is as long as its table', () => {
    const rows = (volumes: number) => drawSheet(sheet(Array.from({ length: volumes }, () => 10))).rows;
    expect(rows(40) - rows(20)).toBe(rows(60) - rows(40));
    expect(rows(40)).toBeGreaterThan(rows(20));
  });

  it('says where the letters of a name cannot be shown', () => {
    const { patient } = sheet([10]);
    const plain = drawSheet(sheet([10, 12])).rows;
    for (const name of ['山田', 'Müller (山田)', 'מרים']) {
      expect(drawSheet(sheet([10, 12], { patient: { ...patient, name } })).rows, name).toBeGreaterThan(plain);
    }
    for (const name of ['Müller', 'Łukasiewicz, Żaneta', 'Παπαδόπουλος', 'Ямада', 'Nguyễn, Ánh']) {
      expect(drawSheet(sheet([10, 12], { patient: { ...patient, name } })).rows, name).toBe(plain);
    }
  });
});
