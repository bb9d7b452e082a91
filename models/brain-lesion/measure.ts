/**
 * Shows the model real exams and prints what it says of each, as JSON lines: `node models/brain-lesion/measure.ts
 * FILE.nii.gz…`, or a folder of the DICOM slices of one series. Of a lesion it tells volume and middle (mm, LPS).
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { decodeFrameOf, storedValues } from '../../lib/dicom/pixels.ts';
import { readNifti } from '../../lib/imaging/nifti.ts';
import { toWorld, type Volume3D, voxelMl } from '../../lib/imaging/volume.ts';
import { openBrainLesion } from './segmenter.ts';

const segmenter = await openBrainLesion();
for (const source of process.argv.slice(2)) {
  const mr = (await stat(source)).isDirectory() ? await slices(source) : readNifti(await unpacked(source));
  const { labels, scope } = await segmenter.segment(mr);
  console.log(
    JSON.stringify({
      source: path.basename(source),
      size: mr.grid.size,
      scope: Object.fromEntries(Object.entries(scope).map(([name, value]) => [name, Number(value.toFixed(3))])),
      lesionMl: Number((labels.values.reduce((sum, label) => sum + label, 0) * voxelMl(mr.grid)).toFixed(2)),
      middle: middleOf(labels),
    }),
  );
}
await segmenter.close();

async function unpacked(file: string): Promise<Buffer> {
  const bytes = await readFile(file);
  return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

/** Slices of one series that is axial to a few degrees, ordered by height. */
async function slices(folder: string): Promise<Volume3D> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.dcm'));
  const parts = await Promise.all(
    names.map(async (name) => {
      const { dataset, meta } = readPart10(await readFile(path.join(folder, name)));
      const values = storedValues(await decodeFrameOf(dataset, meta.TransferSyntaxUID));
      return { dataset, values, position: dataset.numbers('ImagePositionPatient') };
    }),
  );
  const ordered = parts.toSorted((a, b) => (a.position[2] ?? 0) - (b.position[2] ?? 0));
  const [first, last] = [ordered[0], ordered.at(-1)];
  if (first === undefined || last === undefined) throw new Error(`${folder} has no slices.`);
  const [rowSpacing = 1, columnSpacing = 1] = first.dataset.numbers('PixelSpacing');
  const direction = first.dataset.numbers('ImageOrientationPatient');
  const affine = [0, 1, 2].flatMap((axis) => [
    (direction[axis] ?? 0) * columnSpacing,
    (direction[3 + axis] ?? 0) * rowSpacing,
    ((last.position[axis] ?? 0) - (first.position[axis] ?? 0)) / Math.max(1, ordered.length - 1),
    first.position[axis] ?? 0,
  ]);
  const [columns, rows] = [first.dataset.number('Columns') ?? 0, first.dataset.number('Rows') ?? 0];
  const values = new Float32Array(columns * rows * ordered.length);
  for (const [k, slice] of ordered.entries()) values.set(slice.values, k * columns * rows);
  return { grid: { size: [columns, rows, ordered.length], affine }, values };
}

function middleOf({ grid, values }: Volume3D<Uint8Array>): number[] | null {
  const [columns, rows] = grid.size;
  const sum = [0, 0, 0];
  let count = 0;
  for (const [n, label] of values.entries()) {
    if (label === 0) continue;
    const at = toWorld(grid, n % columns, Math.floor(n / columns) % rows, Math.floor(n / columns / rows));
    for (const axis of [0, 1, 2] as const) sum[axis] = (sum[axis] ?? 0) + at[axis];
    count++;
  }
  return count === 0 ? null : sum.map((part) => Math.round(part / count));
}
