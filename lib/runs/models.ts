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

/**
 * Puts a model into the bucket `models` under its name and version, where pipelines find it from then on.
 *
 * @param weightsFile on this machine; the card's `sha256` is its digest
 * @throws {ModelError} the weights are not the card's, or the store holds this version with other bytes
 */
export async function registerModel(store: ObjectStore, card: ModelCard, weightsFile: string): Promise<RunModel> {
  return putModel(store, card, Buffer.from(`${JSON.stringify(card, null, 2)}\n`), weightsFile);
}

async function publishModel(store: ObjectStore, cardFile: string): Promise<RunModel> {
  const { card, bytes } = readCard(cardFile);
  const weightsFile = path.join(path.dirname(cardFile), card.file);
  if (path.dirname(weightsFile) !== path.dirname(cardFile)) {
    throw new ModelError(`${cardFile}: \`file\` names a file beside the card; ${card.file} is elsewhere.`);
  }
  return putModel(store, card, bytes, weightsFile);
}

async function putModel(store: ObjectStore, card: ModelCard, bytes: Buffer, weightsFile: string): Promise<RunModel> {
  const { name, version } = card;
  const digest = await digestOfWeights(weightsFile, name);
  if (digest !== card.sha256) {
    throw new ModelError(
      `Model ${name} ${version}: the card names weights with SHA-256 ${card.sha256}; ${card.file} has ${digest}.`,
    );
  }
  const objects = [
    {
      key: weightsKey(name, version, card.file),
      sha256: digest,
      put: (key: string) => store.putFile('models', key, weightsFile),
    },
    {
      key: cardKey(name, version),
      sha256: sha256(bytes),
      put: (key: string) => store.put('models', key, bytes, 'application/json'),
    },
  ] as const;
  const [weights, cardObject] = objects;
  // Both are looked at before either is put, so that a refused model leaves nothing behind; the weights first, since other
  // weights make another card.
  const heldWeights = await held(store, `${name} ${version}`, weights);
  const heldCard = await held(store, `${name} ${version}`, cardObject);
  return {
    name,
    version,
    sha256: digest,
    weights: heldWeights ?? (await weights.put(weights.key)),
    card: heldCard ?? (await cardObject.put(cardObject.key)),
  };
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

/** An object as the store holds it already; undefined where it does not. @throws {ModelError} it has other bytes there */
async function held(
  store: ObjectStore,
  model: string,
  { key, sha256: wanted }: { readonly key: string; readonly sha256: string },
): Promise<ObjectReference | undefined> {
  const found = await digestHeld(store, key);
  if (found === undefined) return undefined;
  if (found.sha256 !== wanted) {
    throw new ModelError(
      `Model ${model} is published with another ${path.basename(key)}: a version never changes; give the new one a new version.`,
    );
  }
  const contentType = key.endsWith('.json') ? 'application/json' : 'application/octet-stream';
  return { bucket: 'models', key, ...found, contentType };
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

/** SHA-256 of a file of weights. @throws {ModelError} it cannot be read */
export async function digestOfWeights(file: string, model: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk);
  } catch (error) {
    throw new ModelError(`Model ${model}: its weights ${path.basename(file)} cannot be read.`, { cause: error });
  }
  return hash.digest('hex');
}
