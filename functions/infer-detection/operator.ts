import { z } from 'zod';
import { outOfScope } from '../../lib/platform/problem.ts';
import type { DetectionModelCard } from '../../schemas/model.ts';
import { type DetectionSet, PreparedSet } from '../../schemas/radiograph.ts';
import { cardOf, defineOperator, jsonBytes, type Model, readJson, readNamed } from '../operator.ts';
import { decode } from './decode.ts';
import { openSession, type Session } from './session.ts';

/** Models kept loaded between calls, by the SHA-256 of their weights. */
const sessions = new Map<string, Promise<Session>>();
const KEPT = 2;

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
    const session = await sessionOf(model);
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
  async close() {
    const open = [...sessions.values()];
    sessions.clear();
    for (const session of await Promise.allSettled(open))
      if (session.status === 'fulfilled') await session.value.close();
  },
});

/** The model, loaded at its first use. One that failed to load or to run is loaded anew at the next. */
async function sessionOf(model: Model): Promise<Session> {
  const kept = sessions.get(model.sha256);
  if (kept !== undefined) return kept;
  const opened = model.weights().then((weights) => openSession(weights, threadsOf(process.env)));
  sessions.set(model.sha256, opened);
  const forget = () => sessions.delete(model.sha256);
  opened.then((session) => session.ended.then(forget), forget);
  const [oldest] = sessions.keys();
  if (sessions.size > KEPT && oldest !== undefined) {
    const session = await sessions.get(oldest);
    sessions.delete(oldest);
    await session?.close();
  }
  return opened;
}

/** `OVERREAD_THREADS`, for machines that others share; else every core. */
function threadsOf(environment: Readonly<Record<string, string | undefined>>): number | undefined {
  const threads = Number(environment.OVERREAD_THREADS);
  return Number.isInteger(threads) && threads > 0 ? threads : undefined;
}

function nothingInScope(card: DetectionModelCard, images: readonly { scope: number }[]): Error {
  const best = Math.max(...images.map(({ scope }) => scope));
  const which =
    images.length === 1 ? 'By its pixels the image is not' : `By their pixels none of the ${images.length} images is`;
  return outOfScope(
    `${which} what the model "${card.title}" was made for: the score is ${best.toFixed(2)}, at least ${card.thresholds.scope.toFixed(2)} is needed.`,
  );
}
