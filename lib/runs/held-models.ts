import { ModelCard } from '../../schemas/model.ts';
import type { RunModel } from '../../schemas/run.ts';
import { ObjectNotFoundError, type ObjectStore } from '../store/store.ts';
import { sha256 as sha256Of } from './canonical.ts';
import { cardKey, weightsKey } from './keys.ts';

/** A model as the store holds it; undefined where it holds none of this name and version. */
export async function heldModel(store: ObjectStore, name: string, version: string): Promise<RunModel | undefined> {
  try {
    const bytes = await store.get('models', cardKey(name, version));
    const { file, sha256 } = ModelCard.parse(JSON.parse(bytes.toString('utf8')));
    const card = {
      bucket: 'models' as const,
      key: cardKey(name, version),
      sha256: sha256Of(bytes),
      size: bytes.length,
      contentType: 'application/json',
    };
    const key = weightsKey(name, version, file);
    const weights = await store.stat('models', key);
    if (weights === undefined) return undefined;
    const reference = {
      bucket: 'models' as const,
      key,
      sha256,
      size: weights.size,
      contentType: 'application/octet-stream',
    };
    return { name, version, sha256, card, weights: reference };
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
}
