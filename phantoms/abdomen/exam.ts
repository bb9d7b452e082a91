import { appendFileSync, rmSync } from 'node:fs';
import { type ExamIdentity, type PhantomSeries, type WrittenSeries, writeSeries } from '../volume-dicom.ts';
import { type AbdomenOptions, type AbdomenPhantom, abdomenPhantom, type Region } from './phantom.ts';
import { abdomenSlices, TissueCount, truthOf, type VolumesMl } from './render.ts';
import type { Phase } from './tissue.ts';

const descriptions: Record<Phase, string> = {
  native: 'Native 3.0 B30f',
  arterial: 'Arterial 3.0 B30f',
  'portal-venous': 'Portal venous 3.0 B30f',
};

const bodyParts: Record<Region, 'ABDOMEN' | 'CHEST' | 'PELVIS' | 'HEAD'> = {
  abdomen: 'ABDOMEN',
  chest: 'CHEST',
  pelvis: 'PELVIS',
  head: 'HEAD',
};

/** What a CT exam of one series is called and shows. */
export interface AbdomenExam extends Omit<ExamIdentity, 'name'> {
  options: AbdomenOptions;
  /** SeriesDescription; of the phase unless given. */
  description?: string;
  kernel?: string;
  /** Which of the slices has InstanceNumber 1. */
  numberedFrom?: 'first' | 'last';
}

export interface WrittenAbdomen extends WrittenSeries {
  phase: Phase;
  volumesMl: VolumesMl;
}

/**
 * Writes one CT series of the phantom of `exam.seed` into `folder`, a file a slice, one slice in memory at a time.
 *
 * @param truthFile where the label of every voxel goes, a byte each in the order of the slices: 1 left lobe, 2 right
 *   lobe, 3 vessels
 */
export async function writeAbdomen(folder: string, exam: AbdomenExam, truthFile?: string): Promise<WrittenAbdomen> {
  const { options, description, kernel = 'B30f', numberedFrom, ...identity } = exam;
  const phantom = abdomenPhantom(exam.seed, options);
  const count = new TissueCount(phantom);
  const series: PhantomSeries = {
    exam: { ...identity, name: phantom.region === 'abdomen' ? 'Abdomen' : 'Body' },
    number: 2,
    description: description ?? descriptions[phantom.phase],
    bodyPart: bodyParts[phantom.region],
    acquisition: { modality: 'CT', kernel },
    volume: { grid: phantom.grid, values: new Int16Array() },
    ...(phantom.phase === 'native' ? {} : { contrastAgent: 'IODINE' }),
    ...(numberedFrom === undefined ? {} : { numberedFrom }),
  };
  if (truthFile !== undefined) rmSync(truthFile, { force: true });
  const written = await writeSeries(folder, series, counted(phantom, count, truthFile));
  return { ...written, phase: phantom.phase, volumesMl: count.volumesMl() };
}

/** The slices' HU; on the way their tissues are counted, and their labels written. */
function* counted(phantom: AbdomenPhantom, count: TissueCount, truthFile: string | undefined): Generator<Int16Array> {
  for (const { hu, tissue } of abdomenSlices(phantom)) {
    count.add(tissue);
    if (truthFile !== undefined) appendFileSync(truthFile, truthOf(tissue));
    yield hu;
  }
}
