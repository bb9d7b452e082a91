import { type Dataset, MalformedDicomError, readPart10 } from '../../lib/dicom/dataset.ts';
import { decodeFrameOf, PixelDataError } from '../../lib/dicom/pixels.ts';
import { outOfScope, unprocessable } from '../../lib/platform/problem.ts';
import type { Radiograph, RadiographSet } from '../../schemas/radiograph.ts';
import { type LeftOut, type SelectedInstance, Selection } from '../../schemas/series-index.ts';
import {
  bytesOf,
  type InputFile,
  jsonBytes,
  mapAtMost,
  readJson,
  type StepContext,
  type StepData,
} from '../operator.ts';
import { ColourImageError, greyOf } from './grey.ts';

/** A pixel is not more than this many times as long as wide: a spacing that says so cannot be right. */
const LARGEST_ASPECT = 10;

/** Images decoded at once: one waits for the disk while the other is worked on. */
const AT_ONCE = 2;

/** Each selected image as 16-bit grey values. @throws {ProblemError} 422: none can be read */
export async function readRadiographs(context: StepContext, mostPixels: number): Promise<StepData> {
  const { selected } = await readJson(context.inputFile('selection'), Selection);
  const files = new Map(context.input('instances').map((file) => [file.sha256, file]));
  const read = await mapAtMost(AT_ONCE, selected, async (instance, index) => {
    const image = await readImage(instance, files.get(instance.sha256), mostPixels);
    if ('leftOut' in image) return image;
    const file = `${index}.grey16`;
    await context.output('pixels', file, bytesOf(image.values));
    return { image: { ...image.radiograph, file } };
  });
  const images = read.flatMap((one) => ('image' in one ? one.image : []));
  const refused = read.filter((one) => 'leftOut' in one);
  if (images.length === 0) throw nothingRead(refused);
  const leftOut = refused.map((one) => one.leftOut);
  const set: RadiographSet = { images, leftOut };
  await context.output('images', 'images.json', jsonBytes(set), 'application/json');
  return { images: images.length, leftOut: leftOut.length, lossy: images.some(({ lossy }) => lossy) };
}

/** An image that was not read; `otherKind`: it is sound, and no radiograph. */
interface Refused {
  readonly leftOut: LeftOut;
  readonly otherKind: boolean;
}

async function readImage(
  { sha256, SOPInstanceUID, SeriesInstanceUID }: SelectedInstance,
  file: InputFile | undefined,
  mostPixels: number,
): Promise<{ radiograph: Omit<Radiograph, 'file'>; values: Uint16Array } | Refused> {
  const leftOut = (reason: string, otherKind = false) => ({
    leftOut: { sha256, SOPInstanceUID, reason },
    otherKind,
  });
  if (file === undefined) return leftOut('The selected file is not among the instances.');
  const bytes = await file.read();
  try {
    const { meta, dataset } = readPart10(bytes);
    const [rows = 0, columns = 0] = [dataset.number('Rows'), dataset.number('Columns')];
    if (rows * columns > mostPixels) {
      return leftOut(`It claims ${columns} × ${rows} pixels; at most ${mostPixels / 1e6} million are read.`);
    }
    const image = await decodeFrameOf(dataset, meta.TransferSyntaxUID);
    const grey = greyOf(image);
    const spacing = spacingOf(dataset);
    const radiograph = {
      SOPInstanceUID,
      SeriesInstanceUID,
      rows: image.rows,
      columns: image.columns,
      TransferSyntaxUID: meta.TransferSyntaxUID,
      PhotometricInterpretation: image.photometricInterpretation,
      maximum: grey.maximum,
      offset: grey.offset,
      lossy: image.lossy,
      notes: [...grey.notes, ...spacing.notes],
      padding: paddingOf(dataset, grey),
      ...displayOf(dataset, image.photometricInterpretation),
      spacing: spacing.spacing,
      pixelAspect: spacing.pixelAspect,
      side: sideTagsOf(dataset),
    };
    return { radiograph, values: grey.values };
  } catch (error) {
    if (error instanceof ColourImageError) return leftOut(error.message, true);
    if (error instanceof MalformedDicomError || error instanceof PixelDataError) return leftOut(error.message);
    throw error;
  }
}

function displayOf(dataset: Dataset, photometric: string): Pick<Radiograph, 'inverted' | 'rescale' | 'voi'> {
  const slope = dataset.number('RescaleSlope') ?? 1;
  const center = dataset.number('WindowCenter');
  const width = dataset.number('WindowWidth');
  return {
    // A falling rescale turns the picture round once more.
    inverted: (photometric === 'MONOCHROME1') !== slope < 0,
    rescale: { slope, intercept: dataset.number('RescaleIntercept') ?? 0 },
    voi: center === undefined || width === undefined ? null : { center, width },
  };
}

/** Spacing in the patient where the file has it, else at the detector; the shape of a pixel from either or PixelAspectRatio. */
function spacingOf(dataset: Dataset): Pick<Radiograph, 'spacing' | 'pixelAspect' | 'notes'> {
  const notes: string[] = [];
  for (const source of ['PixelSpacing', 'ImagerPixelSpacing', 'PixelAspectRatio'] as const) {
    const [rows, columns] = dataset.numbers(source);
    if (rows === undefined || columns === undefined) continue;
    const pixelAspect = rows / columns;
    if (rows > 0 && columns > 0 && pixelAspect <= LARGEST_ASPECT && pixelAspect >= 1 / LARGEST_ASPECT) {
      return { spacing: source === 'PixelAspectRatio' ? null : { rows, columns, source }, pixelAspect, notes };
    }
    notes.push(`${source} cannot be right and is not used.`);
  }
  return { spacing: null, pixelAspect: 1, notes };
}

/** Stored values that are no image, as grey values. @see PS3.3 C.7.5.1.1.2 */
function paddingOf(dataset: Dataset, grey: { offset: number; maximum: number }): [number, number] | null {
  const value = dataset.number('PixelPaddingValue');
  if (value === undefined) return null;
  const limit = dataset.number('PixelPaddingRangeLimit') ?? value;
  const within = (stored: number) => Math.min(grey.maximum, Math.max(0, Math.round(stored - grey.offset)));
  return [within(Math.min(value, limit)), within(Math.max(value, limit))];
}

function sideTagsOf(dataset: Dataset): Radiograph['side'] {
  const orientation = dataset.texts('PatientOrientation');
  return {
    PatientOrientation: orientation.some((value) => value !== '') ? orientation : null,
    ImageLaterality: dataset.text('ImageLaterality') ?? null,
    Laterality: dataset.text('Laterality') ?? null,
    ViewPosition: dataset.text('ViewPosition') ?? null,
  };
}

function nothingRead(refused: readonly Refused[]): Error {
  const reasons = [...new Set(refused.map(({ leftOut }) => leftOut.reason))].slice(0, 3).join(' ');
  const one = refused.length === 1;
  if (refused.every(({ otherKind }) => otherKind)) {
    return outOfScope(
      `${one ? 'The image is no radiograph' : `None of the ${refused.length} images is a radiograph`}. ${reasons}`,
    );
  }
  return unprocessable(
    `${one ? 'The image cannot' : `None of the ${refused.length} images can`} be decoded. ${reasons}`,
  );
}
