import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ingest, readEntry } from '../lib/archive/ingest.ts';
import type { Database } from '../lib/database/connection.ts';
import { readPart10 } from '../lib/dicom/dataset.ts';
import { examOf } from '../lib/dicom/made/exam.ts';
import { writeStructureSet } from '../lib/dicom/rtstruct/write.ts';
import { writeSegmentation } from '../lib/dicom/seg/write.ts';
import { deriveUid } from '../lib/dicom/uid.ts';
import { polygonsOf, toPatient } from '../lib/imaging/contours.ts';
import type { ObjectStore } from '../lib/store/store.ts';
import { gridOf } from '../phantoms/volume.ts';
import { seriesToDicom } from '../phantoms/volume-dicom.ts';

/** A small CT and what a pipeline would make of it, as Part 10 files. */
export interface ViewedExam {
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly images: readonly Buffer[];
  readonly seg: Buffer;
  readonly rtstruct: Buffer;
}

const SIZE = [128, 128, 24] as const;
const LIVER = { value: '10200004', scheme: 'SCT', meaning: 'Liver' };
const ORGAN = { value: '91723000', scheme: 'SCT', meaning: 'Anatomical Structure' };
const ALGORITHM = { type: 'AUTOMATIC', name: 'Test model', version: '1.0.0', parameters: '' } as const;

/** A body of soft tissue with a bright ball in it, and the ball as SEG (red) and RTSTRUCT (blue). */
export function makeViewedExam(seed: string): ViewedExam {
  const grid = gridOf({ size: SIZE, spacing: [2.5, 2.5, 5] });
  const labels = new Uint8Array(SIZE[0] * SIZE[1] * SIZE[2]);
  const values = new Int16Array(labels.length);
  for (let index = 0; index < values.length; index += 1) {
    const [i, j, k] = [index % SIZE[0], Math.floor(index / SIZE[0]) % SIZE[1], Math.floor(index / SIZE[0] / SIZE[1])];
    labels[index] = Math.hypot((i - 48) * 2.5, (j - 60) * 2.5, (k - 12) * 5) < 45 ? 1 : 0;
    const isBody = Math.hypot((i - 64) / 56, (j - 64) / 44) < 1;
    values[index] = labels[index] === 1 ? 160 : isBody ? 20 + ((i * 7 + j * 13) % 30) : -1000;
  }
  const images = [
    ...seriesToDicom({
      exam: { seed, patient: 41, name: 'Viewed', studyDate: '20260105', studyDescription: 'Phantom for the viewer' },
      number: 2,
      description: 'Portal venous',
      bodyPart: 'ABDOMEN',
      acquisition: { modality: 'CT' },
      volume: { grid, values },
    }),
  ];
  const datasets = images.map((bytes) => readPart10(bytes).dataset);
  const sources = datasets.map((dataset) => ({
    SOPClassUID: dataset.text('SOPClassUID') ?? '',
    SOPInstanceUID: dataset.text('SOPInstanceUID') ?? '',
  }));
  const [first] = datasets;
  if (first === undefined) throw new Error('The phantom has no image.');
  const exam = examOf(first);
  const made = (kind: string, seriesNumber: number) => ({
    SOPInstanceUID: deriveUid(seed, kind),
    SeriesInstanceUID: deriveUid(seed, kind, 'series'),
    seriesNumber,
    seriesDescription: kind,
    at: '2026-01-05T09:00:00.000Z',
    softwareVersions: [],
  });
  const colour = '#e11d48';
  const seg = writeSegmentation({
    exam,
    made: made('segmentation', 901),
    algorithm: ALGORITHM,
    grid,
    slices: sources,
    sources,
    segments: [
      {
        label: 'Ball',
        category: ORGAN,
        type: LIVER,
        colour,
        voxels: labels,
        value: 1,
        trackingUid: deriveUid(seed, '1'),
      },
    ],
  });
  const areas = sources.flatMap((image, k) =>
    polygonsOf({ grid, values: labels }, k).map(({ outer, holes }) => ({
      outer: toPatient(grid, k, outer),
      holes: holes.map((hole) => toPatient(grid, k, hole)),
      image,
    })),
  );
  const rtstruct = writeStructureSet({
    exam,
    made: made('contours', 902),
    algorithm: ALGORITHM,
    label: 'Overread',
    sources,
    rois: [{ name: 'Ball', type: LIVER, colour: '#1e8ad8', areas }],
  });
  const { StudyInstanceUID, SeriesInstanceUID } = exam;
  return { StudyInstanceUID, SeriesInstanceUID, images, seg, rtstruct };
}

/** Takes files in as the gateway does, without its network: store and index hold them afterwards. */
export async function takeIn(
  { store, database }: { readonly store: ObjectStore; readonly database: Database },
  files: readonly Buffer[],
): Promise<void> {
  const context = { store, database, routes: [], pipelines: new Map(), quietSeconds: 0 };
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-viewed-'));
  try {
    for (const [index, bytes] of files.entries()) {
      const file = path.join(folder, `${index}.dcm`);
      writeFileSync(file, bytes);
      const entry = { name: `${folder}-${index}`, file, receivedAt: new Date() };
      await ingest(await readEntry(entry, false, context), context);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
