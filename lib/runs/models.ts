import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ModelCard } from '../../schemas/model.ts';
import type { RunModel } from '../../schemas/run.ts';
import type { ObjectReference } from '../../schemas/store.ts';
import { firstIssue } from '../platform/issue.ts';
import { ObjectNotFoundError, type ObjectStore } from '../store/store.ts';
import { sha256 } from './canonical.ts';
import { cardKey, weightsKey } from './keys.ts';

/** A model that cannot be used; the message names it and what is wrong. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
}

/**
 * Puts every model below the folders (`<folder>/<name>/model.json` and the weights it names) into the bucket `models`,
 * where functions read it. A version is published once and never changes: runs name it by its digests. A folder that
 * does not exist counts as empty; of two models with one name and version, the later folder's wins.
 *
 * @param onRefused told of each model that cannot be used; the others are published. Without it the first one throws
 * @returns `name@version` → model, for every model that is in the store now
 * @throws {ModelError} a card or its weights are wrong, or the store holds this version with other bytes
 */
export async function publishModels(
  store: ObjectStore,
  folders: readonly string[],
  onRefused?: (error: ModelError) => void,
): Promise<ReadonlyMap<string, RunModel>> {
  const published = new Map<string, RunModel>();
  for (const folder of folders.filter((candidate) => existsSync(candidate))) {
    for (const entry of readdirSync(folder).sort()) {
      const file = path.join(folder, entry, 'model.json');
      if (!existsSync(file)) continue;
      try {
        const model = await publishModel(store, file);
        published.set(`${model.name}@${model.version}`, model);
      } catch (error) {
        if (!(error instanceof ModelError) || onRefused === undefined) throw error;
        onRefused(error);
      }
    }
  }
  return published;
}

async function publishModel(store: ObjectStore, cardFile: string): Promise<RunModel> {
  const { card, bytes } = readCard(cardFile);
  const { name, version } = card;
  const weightsFile = path.join(path.dirname(cardFile), card.file);
  if (path.dirname(weightsFile) !== path.dirname(cardFile)) {
    throw new ModelError(`${cardFile}: \`file\` names a file beside the card; ${card.file} is elsewhere.`);
  }
  const digest = await digestOf(weightsFile, name);
  if (digest !== card.sha256) {
    throw new ModelError(
      `Model ${name} ${version}: the card names weights with SHA-256 ${card.sha256}; ${card.file} has ${digest}.`,
    );
  }
  const weights = await putOnce(store, `${name} ${version}`, {
    key: weightsKey(name, version, card.file),
    sha256: digest,
    put: (key) => store.putFile('models', key, weightsFile),
  });
  const cardObject = await putOnce(store, `${name} ${version}`, {
    key: cardKey(name, version),
    sha256: sha256(bytes),
    put: (key) => store.put('models', key, bytes, 'application/json'),
  });
  return { name, version, sha256: digest, card: cardObject, weights };
}

function readCard(file: string): { card: ModelCard; bytes: Buffer } {
  const bytes = readFileSync(file);
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new ModelError(`${file}: a model's card is JSON; this is not.`, { cause: error });
  }
  const parsed = ModelCard.safeParse(json);
  if (parsed.success) return { card: parsed.data, bytes };
  throw new ModelError(`${file}: ${firstIssue(parsed.error)}`);
}

/** Stores an object once; what is there already must be the same. */
async function putOnce(
  store: ObjectStore,
  model: string,
  object: { readonly key: string; readonly sha256: string; readonly put: (key: string) => Promise<ObjectReference> },
): Promise<ObjectReference> {
  const held = await digestHeld(store, object.key);
  if (held === undefined) return object.put(object.key);
  if (held.sha256 !== object.sha256) {
    throw new ModelError(
      `Model ${model} is published with another ${path.basename(object.key)}: a version never changes; give the new one a new version.`,
    );
  }
  const contentType = object.key.endsWith('.json') ? 'application/json' : 'application/octet-stream';
  return { bucket: 'models', key: object.key, ...held, contentType };
}

async function digestHeld(store: ObjectStore, key: string): Promise<{ sha256: string; size: number } | undefined> {
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of await store.stream('models', key)) {
      hash.update(chunk);
      size += chunk.length;
    }
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
  return { sha256: hash.digest('hex'), size };
}

async function digestOf(file: string, model: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk);
  } catch (error) {
    throw new ModelError(`Model ${model}: its weights ${path.basename(file)} cannot be read.`, { cause: error });
  }
  return hash.digest('hex');
}
