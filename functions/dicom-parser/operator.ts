import { z } from 'zod';
import { MalformedDicomError, readPart10 } from '../../lib/dicom/dataset.ts';
import { sopClassName } from '../../lib/dicom/dictionary.ts';
import { holdsPixels } from '../../lib/dicom/pixel-description.ts';
import { outOfScope, unprocessable } from '../../lib/platform/problem.ts';
import { Uid } from '../../schemas/scalars.ts';
import type { Attributes, IndexedInstance, IndexedSeries, LeftOut, SeriesIndex } from '../../schemas/series-index.ts';
import { defineOperator, type InputFile, jsonBytes, Keyword, mapAtMost, type StepContext } from '../operator.ts';
import { factsOf, type ImageFacts } from './facts.ts';
import { attributesOf, functionalGroupsOf, imagesOf } from './frames.ts';

/** What selectors look at. Nothing here identifies a patient. */
const INDEXED = [
  'SOPClassUID',
  'Modality',
  'ImageType',
  'PresentationIntentType',
  'ConversionType',
  'StudyDescription',
  'SeriesDescription',
  'ProtocolName',
  'BodyPartExamined',
  'ViewPosition',
  'PatientOrientation',
  'ImageLaterality',
  'Laterality',
  'SeriesNumber',
  'InstanceNumber',
  'Manufacturer',
  'ManufacturerModelName',
  'StationName',
  'PhotometricInterpretation',
  'SamplesPerPixel',
  'NumberOfFrames',
  'Rows',
  'Columns',
  'BitsAllocated',
  'BitsStored',
  'PixelRepresentation',
  'PixelSpacing',
  'ImagerPixelSpacing',
  'BurnedInAnnotation',
  'LossyImageCompression',
  // Of sections through the patient.
  'ImageOrientationPatient',
  'ImagePositionPatient',
  'FrameOfReferenceUID',
  'SliceThickness',
  'SpacingBetweenSlices',
  'AcquisitionNumber',
  'AcquisitionTime',
  'ContentTime',
  'TemporalPositionIdentifier',
  'NumberOfTemporalPositions',
  'TriggerTime',
  'ContrastBolusAgent',
  'ContrastBolusRoute',
  'ContrastBolusVolume',
  'ContrastBolusStartTime',
  'ContrastBolusIngredient',
  'ScanningSequence',
  'SequenceVariant',
  'SequenceName',
  'ScanOptions',
  'MRAcquisitionType',
  'EchoTime',
  'EchoNumbers',
  'EchoTrainLength',
  'RepetitionTime',
  'InversionTime',
  'FlipAngle',
  'MagneticFieldStrength',
  'DiffusionBValue',
  'KVP',
  'ConvolutionKernel',
  'GantryDetectorTilt',
  'RescaleType',
];

/** Files read at once: enough to keep the disk busy, few enough to keep a large study out of memory. */
const AT_ONCE = 4;

export const dicomParser = defineOperator({
  name: 'dicom-parser',
  version: '1.1.0',
  description: 'Lists every series and instance of a study with the attributes that selectors need.',
  parameters: z.object({
    keywords: z.array(Keyword).default(INDEXED).describe('DICOM keywords of the attributes to list.'),
  }),
  inputs: { instances: 'DICOM files (Part 10), of any number of series.' },
  outputs: { index: 'SeriesIndex as JSON: the series, and the files that cannot be read with the reason.' },
  async run(context) {
    const files = context.input('instances');
    if (files.length === 0) throw nothingAdmitted(context.run);
    const parsed = await mapAtMost(AT_ONCE, files, (file) => parseFile(file, context.parameters.keywords));
    const unreadable = parsed.filter((one) => 'reason' in one);
    const series = groupBySeries(parsed.filter((one) => 'instance' in one));
    if (series.length === 0) throw nothingReadable(unreadable);
    const index: SeriesIndex = { series, unreadable };
    await context.output('index', 'index.json', jsonBytes(index), 'application/json');
    return { series: series.length, instances: files.length - unreadable.length, unreadable: unreadable.length };
  },
});

interface Parsed {
  readonly SeriesInstanceUID: string;
  readonly instance: IndexedInstance;
  readonly images: readonly ImageFacts[];
}

async function parseFile(file: InputFile, keywords: readonly string[]): Promise<Parsed | LeftOut> {
  const leftOut = (SOPInstanceUID: string | null, reason: string) => ({ sha256: file.sha256, SOPInstanceUID, reason });
  const bytes = await file.read();
  try {
    const { meta, dataset, problem } = readPart10(bytes);
    const SOPInstanceUID = dataset.text('SOPInstanceUID') ?? meta.MediaStorageSOPInstanceUID;
    const SeriesInstanceUID = dataset.text('SeriesInstanceUID') ?? '';
    if (!Uid.safeParse(SOPInstanceUID).success) return leftOut(null, 'Its SOPInstanceUID is missing or no valid UID.');
    if (problem !== undefined) {
      return leftOut(
        SOPInstanceUID,
        `The file is truncated or damaged: it has ${problem}. Send it again from its source.`,
      );
    }
    if (!Uid.safeParse(SeriesInstanceUID).success) {
      return leftOut(SOPInstanceUID, 'Its SeriesInstanceUID is missing or no valid UID.');
    }
    const groups = functionalGroupsOf(dataset);
    const instance = {
      sha256: file.sha256,
      SOPInstanceUID,
      SOPClassUID: dataset.text('SOPClassUID') ?? meta.MediaStorageSOPClassUID,
      pixels: holdsPixels(dataset),
      attributes: attributesOf(dataset, groups, keywords),
    };
    return { SeriesInstanceUID, instance, images: imagesOf(dataset, groups) };
  } catch (error) {
    if (error instanceof MalformedDicomError) return leftOut(null, error.message);
    throw error;
  }
}

function groupBySeries(parsed: readonly Parsed[]): IndexedSeries[] {
  const bySeries = Map.groupBy(parsed, ({ SeriesInstanceUID }) => SeriesInstanceUID);
  const series = [...bySeries.entries()].map(([SeriesInstanceUID, members]) => {
    const instances = members
      .map(({ instance }) => instance)
      .sort(
        (a, b) =>
          number(a.attributes, 'InstanceNumber') - number(b.attributes, 'InstanceNumber') ||
          byText(a.SOPInstanceUID, b.SOPInstanceUID),
      );
    const facts = factsOf(members.flatMap(({ images }) => images));
    return { SeriesInstanceUID, attributes: common(instances), facts, instances };
  });
  return series.sort(
    (a, b) =>
      number(a.attributes, 'SeriesNumber') - number(b.attributes, 'SeriesNumber') ||
      byText(a.SeriesInstanceUID, b.SeriesInstanceUID),
  );
}

/** The attributes that all instances give the same values. */
function common(instances: readonly IndexedInstance[]): Attributes {
  const [first, ...others] = instances.map(({ attributes }) => attributes);
  const alike = (name: string, values: readonly string[]) =>
    others.every((other) => other[name]?.join('\\') === values.join('\\'));
  return Object.fromEntries(Object.entries(first ?? {}).filter(([name, values]) => alike(name, values)));
}

/** Value of an integer string; 0 where there is none. */
function number(attributes: Attributes, keyword: string): number {
  return Number(attributes[keyword]?.[0] ?? 0) || 0;
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}

function nothingAdmitted({ notAdmitted, pipeline }: StepContext['run']): Error {
  const held = notAdmitted.map(({ SOPClassUID, instances }) => {
    const name = sopClassName(SOPClassUID) ?? `unknown SOP class ${SOPClassUID}`;
    return `${instances} ${name} ${instances === 1 ? 'instance' : 'instances'}`;
  });
  const what = held.length === 0 ? 'no instance' : held.join(', ');
  return outOfScope(`The study holds ${what}; "${pipeline.title}" reads none of that.`);
}

function nothingReadable(unreadable: readonly LeftOut[]): Error {
  const reasons = [...new Set(unreadable.map(({ reason }) => reason))];
  const which = unreadable.length === 1 ? 'The one instance' : `None of the ${unreadable.length} instances`;
  return unprocessable(`${which} ${unreadable.length === 1 ? 'cannot' : 'can'} be read. ${reasons.join(' ')}`);
}
