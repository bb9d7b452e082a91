import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { labelSlice } from '../functions/infer-segmentation/labels.ts';
import { labelsOnto } from '../functions/postprocess/back.ts';
import { type Tidying, tidy } from '../functions/postprocess/tidy.ts';
import { ontoModelGrid } from '../functions/preprocess/reference.ts';
import { normalise } from '../lib/imaging/normalise.ts';
import { countOf, type Volume3D } from '../lib/imaging/volume.ts';
import { openSession } from '../lib/onnx/session.ts';
import { SegmentationModelCard } from '../schemas/model.ts';
import type { Volume } from '../schemas/volume.ts';

/** What a segmentation model says of a volume. */
export interface Segmented {
  /** Labels of the card's structures, on the grid of the volume. */
  labels: Volume3D<Uint8Array>;
  /** Class → probability. */
  scope: Record<string, number>;
}

export interface Segmenter {
  card: SegmentationModelCard;
  /** A volume as the operators `preprocess`, `infer-segmentation` and `postprocess` take it through the model. */
  segment(volume: Volume3D): Promise<Segmented>;
  close(): Promise<void>;
}

/** What the pipeline says of a model's volumes, and the card does not. */
export interface Wishes {
  units: Volume['units'];
  /** Structure → how it is tidied. */
  tidied?: Readonly<Record<string, Tidying>>;
}

/** Opens the model of one channel in a folder, to measure and test it without a run. */
export async function openSegmenter(folder: string, { units, tidied = {} }: Wishes): Promise<Segmenter> {
  const card = SegmentationModelCard.parse(JSON.parse(await readFile(path.join(folder, 'model.json'), 'utf8')));
  const session = await openSession(await readFile(path.join(folder, card.file)), { threads: 1 });
  const [channel] = card.input.channels;
  if (channel === undefined) throw new Error('The card must name a channel.');
  return {
    card,
    async segment(volume) {
      const { grid, values } = ontoModelGrid(volume, units, card.input).voxels;
      const [i, j, k] = grid.size;
      const outputs = await session.run({
        input: card.input.name,
        values: normalise(values, channel.normalisation).values,
        dims: [1, 1, k, j, i],
      });
      const found = { grid, values: new Uint8Array(countOf(grid)) };
      labelSlice(card, outputs[card.output.name]?.values ?? new Float32Array(), found.values);
      const structures = card.structures.map(({ label }) => label);
      const labels = labelsOnto(found, volume.grid, structures);
      for (const { name, label } of card.structures) {
        const tidying = tidied[name];
        if (tidying !== undefined) tidy(labels, label, tidying);
      }
      const probabilities = outputs[card.scope?.output ?? '']?.values ?? [];
      const scope = (card.scope?.classes ?? []).map((name, n) => [name, probabilities[n] ?? 0] as const);
      return { labels, scope: Object.fromEntries(scope) };
    },
    close: () => session.close(),
  };
}
