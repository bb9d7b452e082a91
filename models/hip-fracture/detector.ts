import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Decoded, decode } from '../../functions/infer-detection/decode.ts';
import { fillInput, letterboxOf } from '../../lib/imaging/letterbox.ts';
import { percentileWindow } from '../../lib/imaging/window.ts';
import { openSession } from '../../lib/onnx/session.ts';
import { DetectionModelCard } from '../../schemas/model.ts';

/** A grey image as the model is shown it: `values` row by row, `inverted` where bone is dark in them. */
export interface Picture {
  rows: number;
  columns: number;
  values: Uint16Array;
  inverted: boolean;
}

export interface Detector {
  card: DetectionModelCard;
  /** The hips of a picture, with boxes in its pixels: what the operators `preprocess` and `infer-detection` make of it. */
  detect(picture: Picture): Promise<Decoded>;
  close(): Promise<void>;
}

/** Opens the model of this folder, to measure and test it without a run. */
export async function openDetector(folder = import.meta.dirname): Promise<Detector> {
  const card = DetectionModelCard.parse(JSON.parse(await readFile(path.join(folder, 'model.json'), 'utf8')));
  const session = await openSession(await readFile(path.join(folder, card.file)), { threads: 1 });
  const [rows, columns] = card.input.size;
  return {
    card,
    async detect(picture) {
      const letterbox = letterboxOf({ ...picture, pixelAspect: 1 }, { rows, columns });
      const window = percentileWindow(picture.values, card.input.window);
      const values = fillInput(picture, letterbox, window, { inverted: picture.inverted, padding: card.input.padding });
      const outputs = await session.run({ input: card.input.name, values, dims: [1, 1, rows, columns] });
      return decode(card, outputs, letterbox);
    },
    close: () => session.close(),
  };
}
