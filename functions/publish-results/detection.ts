import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import sharp from 'sharp';
import { type Preview, previewOf } from '../../lib/imaging/preview.ts';
import { sidesOf } from '../../lib/imaging/side.ts';
import { DetectionSet, type Radiograph, RadiographSet } from '../../schemas/radiograph.ts';
import type { DetectionResult, HipImage } from '../../schemas/result.ts';
import { Selection } from '../../schemas/series-index.ts';
import { bytesOf, jsonBytes, mapAtMost, readJson, readPixels, type StepData } from '../operator.ts';
import { headOf, type PublishContext } from './head.ts';
import { publishObjects } from './objects.ts';
import { summarise } from './summary.ts';

const AT_ONCE = 3;
const gzipped = promisify(gzip);

type DetectedImage = DetectionSet['images'][number];

/** Publishes the hips of radiographs: sides, a summary of the exam, pictures of each image. */
export async function publishDetections(context: PublishContext): Promise<StepData> {
  const [{ images, leftOut }, detected, { unreadable }] = await Promise.all([
    readJson(context.inputFile('images'), RadiographSet),
    readJson(context.inputFile('detections'), DetectionSet),
    readJson(context.inputFile('selection'), Selection),
  ]);
  const found = new Map(detected.images.map((image) => [image.SOPInstanceUID, image]));
  const published = await mapAtMost(AT_ONCE, images, (image) =>
    publishImage(context, image, found.get(image.SOPInstanceUID)),
  );
  const missing = [...unreadable, ...leftOut].map(({ reason }) => `An image was left out: ${reason}`);
  const hipImages = published.map(({ image }) => image);
  const summary = summarise(hipImages, [...missing, ...published.flatMap(({ review }) => review)]);
  const objects = await publishObjects(context);
  const result: DetectionResult = { ...headOf(context.run), kind: 'detection', images: hipImages, summary, objects };
  await context.publish('result', 'result.json', jsonBytes(result), 'application/json');
  return { images: hipImages.length, hips: hipImages.reduce((sum, { hips }) => sum + hips.length, 0) };
}

async function publishImage(context: PublishContext, image: Radiograph, detected: DetectedImage | undefined) {
  const preview = await makePreview(context, image, detected);
  const { hips, review, notes } = hipsOf(image, detected);
  const published: HipImage = {
    sopInstanceUid: image.SOPInstanceUID,
    seriesInstanceUid: image.SeriesInstanceUID,
    rows: image.rows,
    columns: image.columns,
    lossy: image.lossy,
    scope: detected?.scope ?? 0,
    hips,
    notes: [...image.notes, ...notes, ...review],
    preview,
  };
  return { image: published, review };
}

/** The hips of an image, with their sides, from the left edge to the right. */
function hipsOf(image: Radiograph, detected: DetectedImage | undefined) {
  if (detected === undefined || !detected.inScope) {
    const score = (detected?.scope ?? 0).toFixed(2);
    const note = `The model does not take this image for a radiograph of the hips (scope score ${score}); it was not read.`;
    return { hips: [], review: [], notes: [note] };
  }
  const detections = [...detected.detections].sort((a, b) => a.box[0] - b.box[0]);
  const boxes = detections.map(({ box }) => box);
  const { sides, review, notes } = sidesOf(image.side, boxes, image);
  const hips = detections.flatMap((detection, index) => {
    const side = sides[index];
    if (side === undefined) return [];
    const { box, class: name, scores } = detection;
    return [{ ...side, box, class: name, confidence: scores[name] ?? 0, scores }];
  });
  const nothing = hips.length === 0 ? ['No hip was found on this image.'] : [];
  return {
    hips,
    review,
    notes: [...notes, ...nothing, ...(image.lossy ? ['The image was compressed with loss.'] : [])],
  };
}

async function makePreview(context: PublishContext, image: Radiograph, detected: DetectedImage | undefined) {
  const values = await readPixels(context.input('pixels'), image);
  const window = detected?.window ?? { low: 0, high: image.maximum };
  const grey = { rows: image.rows, columns: image.columns, values };
  const preview = previewOf(grey, window, { ...image, longestSide: context.parameters.longestSide });
  const { rows, columns } = preview;
  const [png, gray16] = await Promise.all([pngOf(preview), gzipped(bytesOf(preview.grey16), { level: 1 })]);
  const base = `images/${image.SOPInstanceUID}`;
  const [stored, storedGrey] = await Promise.all([
    context.publish('previews', `${base}.png`, png, 'image/png'),
    context.publish('previews', `${base}.gray16.gz`, gray16, 'application/gzip'),
  ]);
  return { png: stored.key, gray16: storedGrey.key, rows, columns, window: preview.window };
}

function pngOf({ grey8, rows, columns }: Preview): Promise<Buffer> {
  return sharp(grey8, { raw: { width: columns, height: rows, channels: 1 } })
    .png({ compressionLevel: 1, adaptiveFiltering: false })
    .toBuffer();
}
