import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { labelSlice } from '../../functions/infer-segmentation/labels.ts';
import { labelsOnto } from '../../functions/postprocess/back.ts';
import { cut, foregroundBlock } from '../../lib/imaging/crop.ts';
import { normalise, percentilesOf } from '../../lib/imaging/normalise.ts';
import { reorient } from '../../lib/imaging/reorient.ts';
import { resample, respaced } from '../../lib/imaging/resample3d.ts';
import { countOf, type Volume3D, voxelMl } from '../../lib/imaging/volume.ts';
import { openSession } from '../../lib/onnx/session.ts';
import { SegmentationModelCard } from '../../schemas/model.ts';

/** What the model says of an exam. */
export interface Segmented {
  /** 1 where the lesion is, on the grid of the exam. */
  labels: Volume3D<Uint8Array>;
  lesionMl: number;
  /** Class → probability. */
  scope: Record<string, number>;
}

export interface Segmenter {
  card: SegmentationModelCard;
  /** An MR volume as the operators `preprocess`, `infer-segmentation` and `postprocess` take it through the model. */
  segment(mr: Volume3D): Promise<Segmented>;
  close(): Promise<void>;
}

/** Opens the model of this folder, to measure and test it without a run. */
export async function openSegmenter(folder = import.meta.dirname): Promise<Segmenter> {
  const card = SegmentationModelCard.parse(JSON.parse(await readFile(path.join(folder, 'model.json'), 'utf8')));
  const session = await openSession(await readFile(path.join(folder, card.file)), 1);
  return {
    card,
    async segment(mr) {
      const { grid, values } = prepare(mr, card);
      const [i, j, k] = grid.size;
      const outputs = await session.run({ input: card.input.name, values, dims: [1, 1, k, j, i] });
      const found = { grid, values: new Uint8Array(countOf(grid)) };
      labelSlice(card, outputs[card.output.name]?.values ?? new Float32Array(), found.values);
      const probabilities = outputs[card.scope?.output ?? '']?.values ?? [];
      const labels = labelsOnto(found, mr.grid, [1]);
      return {
        labels,
        lesionMl: labels.values.reduce((sum, label) => sum + label, 0) * voxelMl(mr.grid),
        scope: Object.fromEntries((card.scope?.classes ?? []).map((name, n) => [name, probabilities[n] ?? 0])),
      };
    },
    close: () => session.close(),
  };
}

/** As `preprocess` does it: a tenth of what nearly all voxels stay below is background. */
function prepare(mr: Volume3D, { input }: SegmentationModelCard): Volume3D<Float32Array> {
  const turned = reorient(mr, input.orientation);
  const target = input.spacing === null ? turned.grid : respaced(turned.grid, input.spacing);
  const voxels = resample(turned, target);
  const [bright = 0] = percentilesOf(voxels.values, [99]);
  const head = cut(voxels, foregroundBlock(voxels, bright * 0.1, input.cropMarginMm ?? 0));
  const [channel] = input.channels;
  if (channel === undefined) throw new Error('The card must name a channel.');
  return { grid: head.grid, values: normalise(head.values, channel.normalisation).values };
}
