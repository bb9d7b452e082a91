import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sendFiles } from '../../lib/dicom/send.ts';
import { gridOf } from '../../phantoms/volume.ts';
import { type PhantomSeries, writeSeries } from '../../phantoms/volume-dicom.ts';
import type { Site, SiteEnvironment } from '../site.ts';

interface BrainWishes {
  readonly spacing?: [number, number, number];
  readonly size?: number;
}

/**
 * A head of value 667 with a lesion of value 1000 in it: an ellipsoid of 24 × 32 × 40 mm.
 *
 * @param size of the lesion, in each direction; 1 where left out
 */
export function brain({
  spacing = [3, 3, 3],
  size = 1,
  ...wishes
}: Partial<PhantomSeries> & BrainWishes = {}): PhantomSeries {
  const grid = gridOf({ size: [64, 72, 44], spacing, plane: 'sagittal' });
  const values = paint(grid, (x, y, z) => {
    if ((x / 70) ** 2 + (y / 85) ** 2 + (z / 90) ** 2 > 1) return 0;
    return ((x - 20) / 12) ** 2 + ((y + 10) / 16) ** 2 + ((z - 15) / 20) ** 2 <= size ** 2 ? 1000 : 667;
  });
  return {
    exam: {
      seed: 'chain-brain',
      patient: 1,
      name: 'Brain',
      studyDate: '20240305',
      studyDescription: 'MR BRAIN TUMOUR NAV',
    },
    number: 4,
    description: 'FLAIR SPACE 3D',
    bodyPart: 'HEAD',
    acquisition: {
      modality: 'MR',
      repetitionTime: 5000,
      echoTime: 390,
      inversionTime: 1800,
      scanningSequence: ['SE', 'IR'],
      acquisitionType: '3D',
    },
    volume: { grid, values },
    ...wishes,
  };
}

/** mL of the lesion of `brain`. */
export const LESION_ML = ((4 / 3) * Math.PI * 12 * 16 * 20) / 1000;

/** A trunk of 20 HU with two lobes of 150 and 250 HU and a vessel of 350 HU between them, in air. */
export function liver(wishes: Partial<PhantomSeries> = {}): PhantomSeries {
  const grid = gridOf({ size: [72, 56, 50], spacing: [5, 5, 4] });
  const values = paint(grid, (x, y, z) => {
    if ((x / 160) ** 2 + (y / 110) ** 2 > 1) return -1000;
    if (Math.abs(y) > 50 || Math.abs(z) > 60 || Math.abs(x) > 90) return 20;
    return Math.abs(x) <= 10 ? 350 : x > 0 ? 150 : 250;
  });
  return {
    exam: {
      seed: 'chain-liver',
      patient: 2,
      name: 'Liver',
      studyDate: '20240306',
      studyDescription: 'ABDOMEN FOR LIVER DONOR WITH CONTRAST',
    },
    number: 3,
    description: 'PORTAL VENOUS',
    bodyPart: 'ABDOMEN',
    acquisition: { modality: 'CT', kvp: 120, kernel: 'B30f' },
    volume: { grid, values },
    contrastAgent: 'IOHEXOL',
    ...wishes,
  };
}

function paint(grid: PhantomSeries['volume']['grid'], value: (x: number, y: number, z: number) => number): Int16Array {
  const [columns, rows, slices] = grid.size;
  const a = grid.affine;
  const at = (row: number, i: number, j: number, k: number) =>
    (a[row * 4] ?? 0) * i + (a[row * 4 + 1] ?? 0) * j + (a[row * 4 + 2] ?? 0) * k + (a[row * 4 + 3] ?? 0);
  return Int16Array.from({ length: columns * rows * slices }, (_, index) => {
    const [i, j, k] = [index % columns, Math.floor(index / columns) % rows, Math.floor(index / columns / rows)];
    return value(at(0, i, j, k), at(1, i, j, k), at(2, i, j, k));
  });
}

/**
 * Both pipelines with models that know the shapes of these exams: the environment of a site.
 *
 * @param folder where the pipelines are written
 */
export function withStandIns(folder: string): SiteEnvironment {
  const home = path.join(import.meta.dirname, '../..');
  for (const [pipeline, model, standIn] of [
    ['brain-tumor-segmentation', 'brain-lesion', 'brain-levels'],
    ['liver-transplant-segmentation', 'liver-lobes', 'liver-levels'],
  ] as const) {
    const text = readFileSync(path.join(home, 'pipelines', pipeline, 'pipeline.yaml'), 'utf8');
    mkdirSync(path.join(folder, pipeline), { recursive: true });
    writeFileSync(path.join(folder, pipeline, 'pipeline.yaml'), text.replace(`name: ${model}`, `name: ${standIn}`));
  }
  return { OVERREAD_MODELS: path.join(home, 'functions/operator/fixture'), OVERREAD_PIPELINES: folder };
}

/** Sends series of one exam; resolves to its StudyInstanceUID when every image was answered with success. */
export async function sendSeries(
  site: Site,
  calledAETitle: string,
  folder: string,
  series: readonly PhantomSeries[],
): Promise<string> {
  const below = mkdtempSync(path.join(folder, 'exam-'));
  const written = await Promise.all(series.map((one) => writeSeries(below, one)));
  const target = { host: '127.0.0.1', port: site.dicomPort, calledAETitle, callingAETitle: 'TEST' };
  const { failed } = await sendFiles(
    target,
    written.flatMap(({ files }) => files),
  );
  if (failed.length > 0) throw new Error(`Not taken: ${JSON.stringify(failed.slice(0, 3))}`);
  return written[0]?.studyInstanceUid ?? '';
}
