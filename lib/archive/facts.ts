import type { TagValues } from '../../schemas/archive.ts';
import { type Dataset, type FileMeta, MalformedDicomError, readPart10 } from '../dicom/dataset.ts';
import { tagNumber } from '../dicom/dictionary.ts';
import { readFileHead } from '../dicom/part10.ts';
import { holdsPixels } from '../dicom/pixel-description.ts';
import { validUid } from '../dicom/uid.ts';

/** Who an instance says it is of. PHI: for the index only. */
export interface PatientFacts {
  /** Empty where none is stated: then the patient equals no other. */
  readonly PatientID: string;
  readonly IssuerOfPatientID: string;
  readonly PatientName: string | undefined;
  readonly PatientBirthDate: string | undefined;
  readonly PatientSex: string | undefined;
}

/** What the index keeps of an instance. Identifiers are valid UIDs, or '' where the instance has none. */
export interface InstanceFacts {
  readonly SOPInstanceUID: string;
  /** As the C-STORE command named it. */
  readonly commandSOPInstanceUID: string;
  readonly SOPClassUID: string;
  readonly StudyInstanceUID: string;
  readonly SeriesInstanceUID: string;
  readonly TransferSyntaxUID: string;
  readonly calledAETitle: string;
  /** Undefined where the instance breaks off before it says. */
  readonly patient: PatientFacts | undefined;
  readonly study: {
    readonly AccessionNumber: string | undefined;
    readonly StudyDescription: string | undefined;
    readonly StudyDate: string | undefined;
    readonly StudyTime: string | undefined;
  };
  readonly series: { readonly Modality: string | undefined; readonly SeriesDescription: string | undefined };
  readonly tags: TagValues;
  /** Made by Overread: a result that came back. */
  readonly own: boolean;
  /** Why it cannot be read in full; undefined where it can. */
  readonly problem: string | undefined;
  /** Where the data set begins in the file. */
  readonly dataSetOffset: number;
}

/** What Overread writes into ManufacturerModelName of every object it makes. */
const OWN_MODEL_NAME = 'Overread';

/** Longest text the index keeps of one value, characters: an LO has 64, and PostgreSQL indexes up to 2,700 bytes. */
const LONGEST_TEXT = 256;

/** Why senders that prepend their own preamble and meta information are not understood. */
const FILE_IN_FILE = 'It is a whole DICOM file where only its data set belongs: its sender does not speak DICOM.';

/**
 * What an instance says of itself; of one that cannot be read, what its reception says. Never throws for what was sent.
 *
 * @param bytes the Part 10 file, or its beginning
 * @param options.size length of the file, if `bytes` is only its beginning: enough to reach the pixels
 * @param options.keywords tags that routes ask for
 */
export function readFacts(
  bytes: Uint8Array,
  options: { readonly size?: number; readonly keywords: readonly string[] },
): InstanceFacts {
  const head = readFileHead(bytes);
  try {
    const { size = bytes.length, keywords } = options;
    const isWhole = bytes.length >= size;
    const { dataset, dataSetOffset, complete: isReadToItsEnd } = readPart10(bytes, { untilPixelData: !isWhole });
    const complete = isReadToItsEnd || (!isWhole && holdsItsPixels(dataset, size - dataSetOffset));
    const problem = complete ? missingPixels(dataset) : 'It breaks off, or is broken, before its end.';
    return describe(dataset, head.meta, { dataSetOffset, problem, keywords, complete });
  } catch (error) {
    if (!(error instanceof MalformedDicomError)) throw error;
    return describe(undefined, head.meta, {
      dataSetOffset: head.dataSetOffset,
      problem: isFileInFile(bytes, head.dataSetOffset) ? FILE_IN_FILE : error.message,
      keywords: [],
      complete: false,
    });
  }
}

function describe(
  dataset: Dataset | undefined,
  meta: Partial<FileMeta>,
  context: { dataSetOffset: number; problem: string | undefined; keywords: readonly string[]; complete: boolean },
): InstanceFacts {
  const text = (keyword: string) => clean(dataset?.text(keyword));
  const uid = (keyword: string) => validUid(dataset?.text(keyword));
  const command = validUid(meta.MediaStorageSOPInstanceUID);
  // An instance that broke off before its own UID has the one it was sent under; one that states none, or a wrong one, has none.
  const stated = context.complete || dataset?.has('SOPInstanceUID') === true;
  return {
    SOPInstanceUID: stated ? uid('SOPInstanceUID') : command,
    commandSOPInstanceUID: command,
    SOPClassUID: uid('SOPClassUID') || validUid(meta.MediaStorageSOPClassUID),
    StudyInstanceUID: uid('StudyInstanceUID'),
    SeriesInstanceUID: uid('SeriesInstanceUID'),
    TransferSyntaxUID: meta.TransferSyntaxUID ?? '',
    calledAETitle: meta.ReceivingApplicationEntityTitle ?? '',
    patient:
      dataset === undefined || (!context.complete && !dataset.has('PatientID'))
        ? undefined
        : {
            PatientID: text('PatientID') ?? '',
            IssuerOfPatientID: text('IssuerOfPatientID') ?? '',
            PatientName: text('PatientName'),
            PatientBirthDate: text('PatientBirthDate'),
            PatientSex: text('PatientSex'),
          },
    study: {
      AccessionNumber: text('AccessionNumber'),
      StudyDescription: text('StudyDescription'),
      StudyDate: text('StudyDate'),
      StudyTime: text('StudyTime'),
    },
    series: { Modality: text('Modality'), SeriesDescription: text('SeriesDescription') },
    tags: dataset === undefined ? {} : tagValues(dataset, context.keywords),
    own: text('ManufacturerModelName') === OWN_MODEL_NAME,
    problem: context.problem,
    dataSetOffset: context.dataSetOffset,
  };
}

/** Values of the tags by keyword, as text. */
function tagValues(dataset: Dataset, keywords: readonly string[]): TagValues {
  const values: Record<string, readonly string[]> = {};
  for (const keyword of keywords) {
    const texts = dataset.texts(keyword).flatMap((text) => clean(text) ?? []);
    if (texts.length > 0) values[keyword] = texts;
  }
  return values;
}

/** Text as PostgreSQL takes it: no NUL, no half characters, not longer than anyone means it. */
function clean(text: string | undefined): string | undefined {
  const cleaned = text?.replaceAll('\0', '').toWellFormed().slice(0, LONGEST_TEXT).toWellFormed();
  return cleaned === '' ? undefined : cleaned;
}

function isFileInFile(bytes: Uint8Array, dataSetOffset: number): boolean {
  return readFileHead(bytes.subarray(dataSetOffset)).hasMeta;
}

/** Whether PixelData, at whose head reading stopped, ends within a data set of that many bytes. */
function holdsItsPixels(dataset: Dataset, size: number): boolean {
  const pixels = dataset.set.elements.get(tagNumber('PixelData'));
  return pixels !== undefined && pixels.offset + pixels.length <= size;
}

/** SOP classes with pixels carry Rows (PS3.3 C.7.6.3); without pixels such an instance cannot be read as an image. */
function missingPixels(dataset: Dataset): string | undefined {
  if (!dataset.has('Rows') || holdsPixels(dataset)) return undefined;
  return 'It describes an image and holds no pixels.';
}
