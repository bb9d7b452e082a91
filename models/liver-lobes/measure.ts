/**
 * Measures the model on the real CT of TotalSegmentator's reference files against TotalSegmentator's own liver, and
 * prints it as JSON: `node models/liver-lobes/measure.ts FOLDER`.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { decodeFrameOf, storedValues } from '../../lib/dicom/pixels.ts';
import { readNifti } from '../../lib/imaging/nifti.ts';
import { reorient } from '../../lib/imaging/reorient.ts';
import { countOf, type Volume3D, voxelMl } from '../../lib/imaging/volume.ts';
import type { Segmenter } from '../segmenter.ts';
import { openLiverLobes } from './segmenter.ts';

/** TotalSegmentator's label of the liver. */
const LIVER = 5;

const folder = process.argv[2] ?? '../shared/data/06-liver-ct-totalsegmentator';
const segmenter = await openLiverLobes();
const wide = await nifti('example_ct.nii.gz');
const few = await nifti('example_seg_dicom.nii.gz');
console.log(
  JSON.stringify(
    {
      nativeNifti3mm: await compare(segmenter, wide, await nifti('example_seg_fast_force_split.nii.gz')),
      contrastDicom20Slices: await compare(segmenter, await slices(path.join(folder, 'dicom'), few), few),
    },
    undefined,
    2,
  ),
);
await segmenter.close();

async function nifti(name: string): Promise<Volume3D> {
  return reorient(readNifti(gunzipSync(await readFile(path.join(folder, name)))), 'LPS');
}

/** HU of axial slices, ordered by height, on the grid of the label map that was made of them. */
async function slices(from: string, { grid }: Volume3D): Promise<Volume3D> {
  const parts = await Promise.all(
    (await readdir(from)).map(async (name) => {
      const { dataset, meta } = readPart10(await readFile(path.join(from, name)));
      const [slope, intercept] = [dataset.number('RescaleSlope') ?? 1, dataset.number('RescaleIntercept') ?? 0];
      const stored = storedValues(await decodeFrameOf(dataset, meta.TransferSyntaxUID));
      const height = dataset.numbers('ImagePositionPatient')[2] ?? 0;
      return { height, hu: Int16Array.from(stored, (value) => value * slope + intercept) };
    }),
  );
  const values = new Int16Array(countOf(grid));
  for (const [k, { hu }] of parts.toSorted((a, b) => a.height - b.height).entries()) values.set(hu, k * hu.length);
  return { grid, values };
}

async function compare(model: Segmenter, ct: Volume3D, truth: Volume3D) {
  const { labels, scope } = await model.segment(ct);
  let [found, wanted, both] = [0, 0, 0];
  const ml = [0, 0, 0, 0];
  labels.values.forEach((label, at) => {
    const liver = truth.values[at] === LIVER;
    ml[label] = (ml[label] ?? 0) + voxelMl(ct.grid);
    if (label > 0) found++;
    if (liver) wanted++;
    if (label > 0 && liver) both++;
  });
  const mlOf = (voxels: number) => Math.round(voxels * voxelMl(ct.grid));
  return {
    wholeLiverDice: Number(((2 * both) / (found + wanted)).toFixed(3)),
    foundMl: mlOf(found),
    totalSegmentatorMl: mlOf(wanted),
    parts: { leftLobe: Math.round(ml[1] ?? 0), rightLobe: Math.round(ml[2] ?? 0), vessels: Math.round(ml[3] ?? 0) },
    scope: Object.fromEntries(Object.entries(scope).map(([name, value]) => [name, Number(value.toFixed(3))])),
  };
}
