import { z } from 'zod';
import { type Dataset, MalformedDicomError, readPart10 } from '../../lib/dicom/dataset.ts';
import { decodeFrameOf, PixelDataError } from '../../lib/dicom/pixels.ts';
import { unprocessable } from '../../lib/platform/problem.ts';
import type { Radiograph, RadiographSet } from '../../schemas/radiograph.ts';
import { type LeftOut, type SelectedInstance, Selection } from '../../schemas/series-index.ts';
import { bytesOf, defineOperator, type InputFile, jsonBytes, mapAtMost, readJson } from '../operator.ts';
import { ColourImageError, greyOf } from './grey.ts';

/** A pixel is not more than this many times as long as wide: a spacing that says so cannot be right. */
const LARGEST_ASPECT = 10;

/** Images decoded at once: one waits for the disk while the other is worked on. */
const AT_ONCE = 2;

export const dicomReader = defineOperator({
  name: 'dicom-reader',
  version: '1.0.0',
  description: 'Decodes the selected radiographs to 16-bit grey values, with what is needed to read them beside.',
  parameters: z.object({
    mostPixels: z.int().positive().default(200_000_000).describe('Largest image that is decoded, in pixels.'),
  }),
  inputs: { instances: 'DICOM files (Part 10).', selection: 'The selection that series-selector made.' },
  outputs: {
    images: 'RadiographSet as JSON: size, spacing, orientation of each image, and the files left out with the reason.',
    pixels: 'For each image its grey values: 16-bit little endian, row by row.',
  },
  async run(context) {
    const { selected } = await readJson(context.inputFile('selection'), Selection);
    const files = new Map(context.input('instances').map((file) => [file.sha256, file]));
    const read = await mapAtMost(AT_ONCE, selected, async (instance, index) => {
      const image = await readImage(instance, files.get(instance.sha256), context.parameters.mostPixels);
      if ('reason' in image) return { leftOut: image };
      const file = `${index}.grey16`;
      await context.output('pixels', file, bytesOf(image.values));
      return { image: { ...image.radiograph, file } };
    });
    const images = read.flatMap(({ image }) => image ?? []);
    const leftOut = read.flatMap((one) => one.leftOut ?? []);
    if (images.length === 0) throw nothingDecoded(leftOut);
    const set: RadiographSet = { images, leftOut };
    await context.output('images', 'images.json', jsonBytes(set), 'application/json');
    return { images: images.length, leftOut: leftOut.length, lossy: images.some(({ lossy }) => lossy) };
  },
});

async function readImage(
  { sha256, SOPInstanceUID, SeriesInstanceUID }: SelectedInstance,
  file: InputFile | undefined,
  mostPixels: number,
): Promise<{ radiograph: Omit<Radiograph, 'file'>; values: Uint16Array } | LeftOut> {
  const leftOut = (reason: string): LeftOut => ({ sha256, SOPInstanceUID, reason });
  if (file === undefined) return leftOut('The selected file is not among the instances.');
  const bytes = await file.read();
  try {
    const { meta, dataset } = readPart10(bytes);
    const claimed = (dataset.number('Rows') ?? 0) * (dataset.number('Columns') ?? 0);
    if (claimed > mostPixels) {
      return leftOut(`The image claims ${claimed} pixels; at most ${mostPixels} are read.`);
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
    const told = [MalformedDicomError, PixelDataError, ColourImageError].some((kind) => error instanceof kind);
    if (told && error instanceof Error) return leftOut(error.message);
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

function nothingDecoded(leftOut: readonly LeftOut[]): Error {
  const reasons = [...new Set(leftOut.map(({ reason }) => reason))].slice(0, 3);
  const what = leftOut.length === 1 ? 'The image' : `None of the ${leftOut.length} images`;
  return unprocessable(`${what} ${leftOut.length === 1 ? 'cannot' : 'can'} be decoded. ${reasons.join(' ')}`);
}
