import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { labelSlice } from '../../functions/infer-segmentation/labels.ts';
import { labelsOnto } from '../../functions/postprocess/back.ts';
import { tidy } from '../../functions/postprocess/tidy.ts';
import { cut, foregroundBlock } from '../../lib/imaging/crop.ts';
import { normalise } from '../../lib/imaging/normalise.ts';
import { reorient } from '../../lib/imaging/reorient.ts';
import { resample, respaced } from '../../lib/imaging/resample3d.ts';
import { countOf, type Volume3D } from '../../lib/imaging/volume.ts';
import { openSession } from '../../lib/onnx/session.ts';
import { SegmentationModelCard } from '../../schemas/model.ts';

/** HU of what lies outside the scan, and above which there is a body: those of the operator `preprocess`. */
const AIR = -1024;
const BODY = -400;

/** What the model says of a CT. */
export interface Segmented {
  /** 0 background, 1 left lobe, 2 right lobe, 3 vessels, on the grid of the CT. */
  labels: Volume3D<Uint8Array>;
  /** Class → probability. */
  scope: Record<string, number>;
}

export interface Segmenter {
  card: SegmentationModelCard;
  /** A CT in HU as the operators `preprocess`, `infer-segmentation` and `postprocess` take it through the model. */
  segment(ct: Volume3D): Promise<Segmented>;
  close(): Promise<void>;
}

/** Opens the model of this folder, to measure and test it without a run. */
export async function openSegmenter(folder = import.meta.dirname): Promise<Segmenter> {
  const card = SegmentationModelCard.parse(JSON.parse(await readFile(path.join(folder, 'model.json'), 'utf8')));
  const session = await openSession(await readFile(path.join(folder, card.file)), 1);
  return {
    card,
    async segment(ct) {
      const { grid, values } = prepare(ct, card);
      const [i, j, k] = grid.size;
      const outputs = await session.run({ input: card.input.name, values, dims: [1, 1, k, j, i] });
      const labels = { grid, values: new Uint8Array(countOf(grid)) };
      labelSlice(card, outputs[card.output.name]?.values ?? new Float32Array(), labels.values);
      const probabilities = outputs[card.scope?.output ?? '']?.values ?? [];
      const found = labelsOnto(labels, ct.grid, [1, 2, 3]);
      for (const lobe of [1, 2]) tidy(found, lobe, { largestComponent: true, fillHoles: true, smallestMl: 0 });
      return {
        labels: found,
        scope: Object.fromEntries((card.scope?.classes ?? []).map((name, n) => [name, probabilities[n] ?? 0])),
      };
    },
    close: () => session.close(),
  };
}

function prepare(ct: Volume3D, { input }: SegmentationModelCard): Volume3D<Float32Array> {
  const turned = reorient(ct, input.orientation);
  const target = input.spacing === null ? turned.grid : respaced(turned.grid, input.spacing);
  const voxels = resample(turned, target, { outside: AIR });
  const body = cut(voxels, foregroundBlock(voxels, BODY, input.cropMarginMm ?? 0));
  const [channel] = input.channels;
  if (channel === undefined) throw new Error('The card must name a channel.');
  return { grid: body.grid, values: normalise(body.values, channel.normalisation).values };
}
