/**
 * Shows the model real radiographs and prints what it says of each, as JSON lines: `node models/hip-fracture/measure.ts
 * FILE…`. Beside a file `x.dcm` a file `x.json` with landmarks of both hips (Fraiwan et al. 2022) is compared with.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { greyOf } from '../../functions/dicom-reader/grey.ts';
import { decodeFrame } from '../../lib/dicom/pixels.ts';
import { openDetector } from './detector.ts';

const LandmarkPoint = z.tuple([z.number(), z.number()]);
const Landmarks = z.object({ landmark_list: z.array(z.object({ fem_l: LandmarkPoint, fem_r: LandmarkPoint })).min(1) });

const detector = await openDetector();
for (const file of process.argv.slice(2)) {
  const image = await decodeFrame(await readFile(file));
  const { rows, columns } = image;
  const picture = {
    rows,
    columns,
    values: greyOf(image).values,
    inverted: image.photometricInterpretation === 'MONOCHROME1',
  };
  const { scope, detections } = await detector.detect(picture);
  console.log(
    JSON.stringify({
      file: path.basename(file),
      rows,
      columns,
      scope: Number(scope.toFixed(3)),
      hips: detections.map(({ box, objectness, scores }) => ({
        box: box.map(Math.round),
        objectness: Number(objectness.toFixed(3)),
        scores: Object.fromEntries(Object.entries(scores).map(([name, score]) => [name, Number(score.toFixed(3))])),
      })),
      landmarksInside: await landmarksInside(
        file,
        detections.map(({ box }) => box),
      ),
    }),
  );
}
await detector.close();

/** How many of the two marked femora lie in a box; null where nothing is marked. */
async function landmarksInside(
  file: string,
  boxes: readonly (readonly [number, number, number, number])[],
): Promise<number | null> {
  const beside = file.replace(/\.dcm$/, '.json');
  if (beside === file || !existsSync(beside)) return null;
  const [marks] = Landmarks.parse(JSON.parse(await readFile(beside, 'utf8'))).landmark_list;
  if (marks === undefined) return null;
  return [marks.fem_l, marks.fem_r].filter(([x, y]) =>
    boxes.some(([x0, y0, x1, y1]) => x >= x0 && x < x1 && y >= y0 && y < y1),
  ).length;
}
