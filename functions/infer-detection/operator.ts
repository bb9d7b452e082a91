import { z } from 'zod';
import { WarmSessions } from '../../lib/onnx/warm.ts';
import { outOfScope } from '../../lib/platform/problem.ts';
import type { DetectionModelCard } from '../../schemas/model.ts';
import { type DetectionSet, PreparedSet } from '../../schemas/radiograph.ts';
import { cardOf, defineOperator, jsonBytes, readJson, readNamed } from '../operator.ts';
import { decode } from './decode.ts';

const sessions = new WarmSessions();

export const inferDetection = defineOperator({
  name: 'infer-detection',
  version: '1.0.0',
  description: 'Finds things on images with an ONNX detection model, and says where no image is one the model knows.',
  parameters: z.object({}),
  inputs: {
    prepared: 'The list that preprocess made.',
    tensors: 'The tensors beside it.',
  },
  models: { model: 'A detection model: its card names inputs, outputs, classes and thresholds.' },
  outputs: { detections: 'DetectionSet as JSON: boxes in pixels of the stored images, with a score for each class.' },
  async run(context) {
    const { images } = await readJson(context.inputFile('prepared'), PreparedSet);
    const model = context.model('model');
    const card = await cardOf(model, 'detection');
    const session = await sessions.of(model);
    context.ranOn(session.device);
    const detected: DetectionSet['images'] = [];
    for (const { file, SOPInstanceUID, SeriesInstanceUID, letterbox, window } of images) {
      const bytes = await readNamed(context.input('tensors'), file);
      const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
      const outputs = await session.run(
        { input: card.input.name, values, dims: [1, 1, ...card.input.size] },
        context.signal,
      );
      const decoded = decode(card, outputs, letterbox);
      detected.push({ SOPInstanceUID, SeriesInstanceUID, window, ...decoded });
    }
    if (!detected.some(({ inScope }) => inScope)) throw nothingInScope(card, detected);
    const { name, version, title, sha256, classes } = card;
    const set: DetectionSet = { model: { name, version, title, sha256 }, classes, images: detected };
    await context.output('detections', 'detections.json', jsonBytes(set), 'application/json');
    return {
      images: detected.length,
      inScope: detected.filter(({ inScope }) => inScope).length,
      detections: detected.reduce((sum, { detections }) => sum + detections.length, 0),
    };
  },
  close: () => sessions.close(),
});

function nothingInScope(card: DetectionModelCard, images: readonly { scope: number }[]): Error {
  const best = Math.max(...images.map(({ scope }) => scope));
  const which =
    images.length === 1 ? 'By its pixels the image is not' : `By their pixels none of the ${images.length} images is`;
  return outOfScope(
    `${which} what the model "${card.title}" was made for: the score is ${best.toFixed(2)}, at least ${card.thresholds.scope.toFixed(2)} is needed.`,
  );
}
