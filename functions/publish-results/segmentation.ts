import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import sharp from 'sharp';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import type { SegmentationResult } from '../../schemas/result.ts';
import { Selection } from '../../schemas/series-index.ts';
import {
  Segmentation,
  SegmentationComparison,
  type Volume,
  VolumeMeasurements,
  VolumeSet,
} from '../../schemas/volume.ts';
import { jsonBytes, readJson, readLabels, readVoxels, type StepData, volumeNamed } from '../operator.ts';
import { headOf, type PublishContext } from './head.ts';
import { publishObjects } from './objects.ts';
import { type Picture, picturesOf } from './pictures.ts';

const gzipped = promisify(gzip);

/** Publishes a segmentation: volumes, DICOM objects, the label map, and pictures for pages without a viewer. */
export async function publishSegmentation(context: PublishContext): Promise<StepData> {
  const [set, segmentation, measurements] = await Promise.all([
    readJson(context.inputFile('images'), VolumeSet),
    readJson(context.inputFile('segmentation'), Segmentation),
    readJson(context.inputFile('measurements'), VolumeMeasurements),
  ]);
  const { imported } = context.parameters;
  const volume = volumeNamed(set, segmentation.reference);
  const objects = { ...(await publishObjects(context)), labels: await publishLabels(context) };
  const previews = await publishPictures(context, volume, segmentation);
  const result: SegmentationResult = {
    ...headOf(context.run),
    kind: 'segmentation',
    seriesInstanceUid: volume.SeriesInstanceUID,
    frameOfReferenceUid: volume.FrameOfReferenceUID,
    studyDate: await studyDateOf(context, volume),
    structures: measurements.structures,
    objects,
    previews,
    notes: [...(await notesOf(context, set, volume)), ...measurements.notes],
    ...(imported === null ? {} : { imported: { ...imported, at: context.run.inputsAt } }),
    ...(await changesOf(context)),
  };
  await context.publish('result', 'result.json', jsonBytes(result), 'application/json');
  return { structures: result.structures.length, objects: Object.keys(objects) };
}

/** How far an edit is from what was edited. */
async function changesOf(context: PublishContext): Promise<Pick<SegmentationResult, 'changes'>> {
  const [file] = context.input('comparison');
  return file === undefined ? {} : { changes: (await readJson(file, SegmentationComparison)).structures };
}

/** The label map as NIfTI. @returns its key */
async function publishLabels(context: PublishContext): Promise<string> {
  const labels = await gzipped(await context.inputFile('labels').read(), { level: 1 });
  const { key } = await context.publish('labels', `${context.run.pipeline.name}.nii.gz`, labels, 'application/gzip');
  return key;
}

async function publishPictures(
  context: PublishContext,
  volume: Volume,
  segmentation: Segmentation,
): Promise<SegmentationResult['previews']> {
  const voxels = await readVoxels(context.input('pixels'), volume);
  const labels = await readLabels(context.input('labels'), segmentation);
  const { structures } = segmentation;
  const { longestSide } = context.parameters;
  const pictures = picturesOf(voxels, labels, { structures, units: volume.units, longestSide });
  return Promise.all(
    pictures.map(async (picture, index) => {
      const stored = await context.publish('previews', `previews/${index + 1}.png`, await pngOf(picture), 'image/png');
      const { rows, columns, title, PatientOrientation } = picture;
      return { png: stored.key, rows, columns, title, PatientOrientation: [...PatientOrientation] };
    }),
  );
}

function pngOf({ rgb, rows, columns }: Picture): Promise<Buffer> {
  return sharp(rgb, { raw: { width: columns, height: rows, channels: 3 } })
    .png({ compressionLevel: 6, adaptiveFiltering: false })
    .toBuffer();
}

/** StudyDate of the images, as it stands there. */
async function studyDateOf(context: PublishContext, { slices, SeriesInstanceUID }: Volume): Promise<string | null> {
  const { selected } = await readJson(context.inputFile('selection'), Selection);
  const sha256 = slices[0]?.sha256 ?? selected.find((one) => one.SeriesInstanceUID === SeriesInstanceUID)?.sha256;
  const file = context.input('instances').find((candidate) => candidate.sha256 === sha256);
  if (file === undefined) return null;
  const { dataset } = readPart10(await file.read(), { untilPixelData: true });
  const date = dataset.text('StudyDate');
  return date !== undefined && /^\d{8}$/.test(date) ? date : null;
}

/** What the reader should know of the images. */
async function notesOf(context: PublishContext, { leftOut }: VolumeSet, { notes, lossy }: Volume): Promise<string[]> {
  const { unreadable } = await readJson(context.inputFile('selection'), Selection);
  const missing = [...unreadable, ...leftOut].map(({ reason }) => `An image was left out: ${reason}`);
  return [...new Set([...notes, ...missing, ...(lossy ? ['The images were compressed with loss.'] : [])])];
}
