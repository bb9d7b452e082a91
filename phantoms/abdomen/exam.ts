import { type ExamIdentity, type WrittenSeries, writeSeries } from '../volume-dicom.ts';
import { type AbdomenOptions, abdomenPhantom, type Region } from './phantom.ts';
import { type RenderedAbdomen, renderAbdomen } from './render.ts';
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
  volumesMl: RenderedAbdomen['volumesMl'];
  /** Label of every voxel: 1 left lobe, 2 right lobe, 3 vessels; in the order of the slices. */
  labels: Uint8Array;
}

/** Writes one CT series of the phantom of `exam.seed` into `folder`, a file a slice, and returns the truth. */
export async function writeAbdomen(folder: string, exam: AbdomenExam): Promise<WrittenAbdomen> {
  const { options, description, kernel = 'B30f', numberedFrom, ...identity } = exam;
  const phantom = abdomenPhantom(exam.seed, options);
  const { hu, labels, volumesMl } = renderAbdomen(phantom);
  const written = await writeSeries(folder, {
    exam: { ...identity, name: phantom.region === 'abdomen' ? 'Abdomen' : 'Body' },
    number: 2,
    description: description ?? descriptions[phantom.phase],
    bodyPart: bodyParts[phantom.region],
    acquisition: { modality: 'CT', kernel },
    volume: { grid: phantom.grid, values: hu },
    ...(phantom.phase === 'native' ? {} : { contrastAgent: 'IODINE' }),
    ...(numberedFrom === undefined ? {} : { numberedFrom }),
  });
  return { ...written, phase: phantom.phase, volumesMl, labels };
}
