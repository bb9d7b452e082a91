import { randomInt } from 'node:crypto';
import { resultKey } from '../../lib/runs/keys.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import type {
  DetectionResult,
  Hip,
  HipImage,
  PatientDirection,
  Result,
  SegmentationResult,
} from '../../schemas/result.ts';
import type { Run } from '../../schemas/run.ts';
import { drawPelvis, drawSlice } from './phantom.ts';

interface Planned {
  readonly id: string;
  readonly run: Run;
}

/** A UID that no other test has. */
export const freshUid = () => `1.2.826.0.1.3680043.10.543.${randomInt(1, 2 ** 47)}.${randomInt(1, 2 ** 47)}`;

/** A hip as the model would give it; right above all, with a fracture. */
export function hip(overrides: Partial<Hip> = {}): Hip {
  return {
    side: 'right',
    sideSource: 'stated',
    box: [300, 900, 800, 1400],
    class: 'fracture',
    confidence: 0.93,
    scores: { fracture: 0.93, 'no-fracture': 0.05, hardware: 0.02 },
    ...overrides,
  };
}

const LEFT = hip({
  side: 'left',
  box: [1300, 900, 1800, 1400],
  class: 'no-fracture',
  confidence: 0.88,
  scores: { fracture: 0.1, 'no-fracture': 0.88, hardware: 0.02 },
});

/** Publishes a detection with pictures; `images` may differ from the usual one in anything. */
export async function putDetection(
  store: ObjectStore,
  { id, run }: Planned,
  made: { readonly images?: readonly Partial<HipImage>[]; readonly qualityReview?: readonly string[] },
): Promise<Result> {
  const [rows, columns] = [1800, 2100];
  const preview = await drawPelvis(600, 700);
  const images = await Promise.all(
    (made.images ?? [{}]).map(async (overrides, index): Promise<HipImage> => {
      const keys = {
        png: `${run.pipeline.name}/${id}/${index}.png`,
        gray16: `${run.pipeline.name}/${id}/${index}.gray16.gz`,
      };
      await store.put('results', keys.png, preview.png, 'image/png');
      await store.put('results', keys.gray16, preview.gray16, 'application/gzip');
      return {
        sopInstanceUid: freshUid(),
        seriesInstanceUid: freshUid(),
        rows,
        columns,
        lossy: false,
        scope: 0.98,
        hips: [hip(), LEFT],
        notes: [],
        preview: { ...keys, rows: 600, columns: 700 },
        ...overrides,
      };
    }),
  );
  return put(store, {
    ...published({ id, run }),
    kind: 'detection',
    objects: {},
    images,
    summary: {
      rule: 'Of each side the image with the highest score for fracture counts.',
      sides: sidesOf(images.flatMap(({ hips }) => hips)),
      qualityReview: [...(made.qualityReview ?? [])],
    },
  });
}

function sidesOf(hips: readonly Hip[]): DetectionResult['summary']['sides'] {
  return [...new Set(hips.map(({ side }) => side))].map((side) => {
    const same = hips.filter((candidate) => candidate.side === side);
    const first = same[0] ?? hip();
    return {
      side,
      class: first.class,
      confidence: first.confidence,
      disagreement: new Set(same.map((candidate) => candidate.class)).size > 1,
      images: Math.max(1, same.length),
    };
  });
}

const HUNG: Readonly<Record<'Axial' | 'Coronal' | 'Sagittal', [PatientDirection, PatientDirection]>> = {
  Axial: ['L', 'P'],
  Coronal: ['L', 'F'],
  Sagittal: ['P', 'F'],
};

/** Publishes a segmentation of a liver with three pictures and every file. */
export async function putSegmentation(
  store: ObjectStore,
  { id, run }: Planned,
  overrides: Partial<SegmentationResult>,
): Promise<Result> {
  const folder = `${run.pipeline.name}/${id}`;
  const objects = {
    seg: `${folder}/liver.seg.dcm`,
    rtstruct: `${folder}/liver.rtstruct.dcm`,
    report: `${folder}/liver.report.dcm`,
    labels: `${folder}/labels.nii.gz`,
  };
  for (const key of Object.values(objects)) await store.put('results', key, Buffer.from(key));
  const previews = await Promise.all(
    (['Axial', 'Coronal', 'Sagittal'] as const).map(async (plane, index) => {
      const [rows, columns] = [plane === 'Axial' ? 384 : 300, 384];
      const png = `${folder}/preview-${index + 1}.png`;
      await store.put('results', png, await drawSlice(rows, columns), 'image/png');
      return { png, rows, columns, title: `${plane}, middle of the liver`, PatientOrientation: HUNG[plane] };
    }),
  );
  const structure = (name: string, title: string, volumeMl: number) => {
    return { name, title, volumeMl, voxels: Math.round(volumeMl * 400), complete: true };
  };
  return put(store, {
    ...published({ id, run }),
    kind: 'segmentation',
    seriesInstanceUid: freshUid(),
    frameOfReferenceUid: freshUid(),
    studyDate: '20260131',
    structures: [
      structure('left-lobe', 'Left lobe', 512.4),
      structure('right-lobe', 'Right lobe', 934.1),
      structure('vessels', 'Vessels', 61.7),
    ],
    objects,
    previews,
    notes: [],
    ...overrides,
  });
}

function published({ id, run }: Planned) {
  return {
    run: id,
    pipeline: run.pipeline.name,
    pipelineVersion: run.pipeline.version,
    studyInstanceUid: run.study.StudyInstanceUID,
    models: Object.values(run.models).map(({ name, version, sha256 }) => ({ name, version, sha256 })),
    publishedAt: new Date().toISOString(),
  };
}

async function put(store: ObjectStore, result: Result): Promise<Result> {
  const key = resultKey(result.pipeline, result.run);
  await store.put('results', key, Buffer.from(JSON.stringify(result)), 'application/json');
  return result;
}
