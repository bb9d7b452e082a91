import { readPart10 } from '../../lib/dicom/dataset.ts';
import { type Exam, examOf } from '../../lib/dicom/made/exam.ts';
import type { Algorithm, MadeObject, Reference } from '../../lib/dicom/made/object.ts';
import { UnfitObjectError } from '../../lib/dicom/made/unfit.ts';
import { deriveUid } from '../../lib/dicom/uid.ts';
import { InvalidValueError } from '../../lib/dicom/write.ts';
import { unprocessable } from '../../lib/platform/problem.ts';
import { canonicalJson } from '../../lib/runs/canonical.ts';
import type { Segmentation, Volume } from '../../schemas/volume.ts';
import type { InputFile, StepContext } from './define.ts';

/** The exam that an object is made from, and its images. */
export interface Source {
  readonly exam: Exam;
  /** The image of each slice; empty where the voxels were resampled from them. */
  readonly slices: readonly Reference[];
  /** Every image of the series that was read. */
  readonly images: readonly Reference[];
}

/**
 * The exam of a volume, from the files of its series.
 *
 * @throws {ProblemError} none of them is there
 */
export async function sourceOf(files: readonly InputFile[], volume: Volume): Promise<Source> {
  const { slices } = volume;
  if (slices.length === 0) return sourceOfSeries(files, volume.SeriesInstanceUID);
  const [first] = slices;
  const file = files.find(({ sha256 }) => sha256 === first?.sha256);
  if (file === undefined) throw unprocessable('The images of the segmentation are not among the instances.');
  const { dataset } = readPart10(await file.read(), { untilPixelData: true });
  const isMultiFrame = dataset.has('PerFrameFunctionalGroupsSequence');
  const references = slices.map(({ SOPClassUID, SOPInstanceUID, frame }) => ({
    SOPClassUID,
    SOPInstanceUID,
    frame: isMultiFrame ? frame : undefined,
  }));
  return { exam: examOf(dataset), slices: references, images: references };
}

async function sourceOfSeries(files: readonly InputFile[], SeriesInstanceUID: string): Promise<Source> {
  const images: Reference[] = [];
  let exam: Exam | undefined;
  for (const file of files) {
    const { dataset, meta } = readPart10(await file.read(), { untilPixelData: true });
    if (dataset.text('SeriesInstanceUID') !== SeriesInstanceUID) continue;
    exam ??= examOf(dataset);
    images.push({ SOPClassUID: meta.MediaStorageSOPClassUID, SOPInstanceUID: meta.MediaStorageSOPInstanceUID });
  }
  if (exam === undefined) throw unprocessable('The images of the segmentation are not among the instances.');
  return { exam, slices: [], images };
}

/**
 * What is new about an object that a step makes. UIDs follow from the run, the inputs and the parameters: whoever does the
 * step again makes the same object, and another step of the same operator another one.
 *
 * @param inputs names of the inputs that decide what is in it
 */
export function madeBy(
  context: StepContext<{ seriesNumber: number; seriesDescription: string }>,
  kind: string,
  inputs: readonly string[],
): MadeObject {
  const { run, parameters } = context;
  const digests = inputs.flatMap((name) => context.input(name).map(({ sha256 }) => sha256));
  const uid = (what: string) =>
    deriveUid('overread', kind, what, run.id, run.StudyInstanceUID, ...digests, canonicalJson(parameters));
  return {
    SOPInstanceUID: uid('instance'),
    SeriesInstanceUID: uid('series'),
    seriesNumber: parameters.seriesNumber,
    seriesDescription: parameters.seriesDescription || `${run.pipeline.title} ${kind}`,
    at: run.inputsAt,
    softwareVersions: [
      `${run.pipeline.name} ${run.pipeline.version}`,
      ...run.models.map(({ name, version }) => `${name} ${version}`),
    ],
  };
}

/** The model, or the tool of a person, as objects name it. */
export function algorithmOf({ model, tool }: Pick<Segmentation, 'model' | 'tool'>): Algorithm {
  if (model === null) {
    const by = tool ?? 'unknown tool';
    return { type: 'SEMIAUTOMATIC', name: by, version: 'unknown', parameters: `made by a person with ${by}` };
  }
  const { title, version, name, sha256 } = model;
  return { type: 'AUTOMATIC', name: title, version, parameters: `model ${name}, sha256 ${sha256}` };
}

/** What identifies a structure of an exam, in every object that this run makes of it. */
export function trackingUidOf(context: StepContext, SeriesInstanceUID: string, structure: string): string {
  return deriveUid('overread', 'structure', context.run.id, SeriesInstanceUID, structure);
}

/** Writes an object; what cannot be made of the input is no failure that trying again helps. @throws {ProblemError} */
export function refusing<T>(write: () => T): T {
  try {
    return write();
  } catch (error) {
    if (error instanceof UnfitObjectError || error instanceof InvalidValueError)
      throw unprocessable(error.message, error);
    throw error;
  }
}
