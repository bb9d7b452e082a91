import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { BUCKETS, type Bucket, EVENT_BUCKETS, type ObjectEvent, type ObjectReference } from '../../schemas/store.ts';
import type { StoreConfiguration } from '../platform/configuration.ts';
import { errorCode } from '../platform/error-code.ts';
import { eachChunk } from './chunks.ts';
import { DurableFolder, FOLDER_MODE } from './durable.ts';
import { isContinued, pathOfKey, segmentOfNames } from './fs-names.ts';
import { Journal } from './journal.ts';
import { checkKey, checkPrefix, compareKeys } from './keys.ts';
import {
  DEFAULT_CONTENT_TYPE,
  type EventSubscription,
  ObjectNotFoundError,
  type ObjectStore,
  type ObjectSummary,
  StoreUnavailableError,
} from './store.ts';

/** Bytes that a stream reads at a time. */
const READ_AHEAD = 1 << 18;

/** Files whose size and time a listing asks for together. */
const LISTED_AT_ONCE = 64;

/** Folders that a listing reads before it comes to them, and groups of files that it asks for before it needs the answer. */
const AHEAD = 8;

/**
 * The embedded object store: a folder for each bucket, a file for each object, a folder for each part of its key. Any
 * number of processes of one machine may use it at once.
 */
export class FsStore implements ObjectStore {
  readonly driver = 'fs';
  readonly #folder: string;
  readonly #durable: DurableFolder;
  readonly #journal: Journal;

  constructor(configuration: Extract<StoreConfiguration, { driver: 'fs' }>) {
    this.#folder = configuration.folder;
    this.#durable = new DurableFolder(configuration.folder);
    this.#journal = new Journal(configuration.journal);
  }

  async prepare(): Promise<void> {
    await this.#durable.prepare();
    await this.#journal.prepare();
    for (const bucket of BUCKETS) await mkdir(path.join(this.#folder, bucket), { recursive: true, mode: FOLDER_MODE });
  }

  async put(
    bucket: Bucket,
    key: string,
    body: Uint8Array,
    contentType = DEFAULT_CONTENT_TYPE,
  ): Promise<ObjectReference> {
    const sha256 = createHash('sha256').update(body).digest('hex');
    await this.#write(bucket, key, (file) => file.writeFile(body));
    return { bucket, key, sha256, size: body.byteLength, contentType };
  }

  async putFile(
    bucket: Bucket,
    key: string,
    file: string,
    contentType = DEFAULT_CONTENT_TYPE,
  ): Promise<ObjectReference> {
    const copied = await this.#write(bucket, key, (target) => copyInto(target, file));
    return { bucket, key, ...copied, contentType };
  }

  async get(bucket: Bucket, key: string): Promise<Buffer> {
    return readAtOnce(this.#path(bucket, key)).catch(notFound(bucket, key));
  }

  async stream(bucket: Bucket, key: string): Promise<Readable> {
    const file = await open(this.#path(bucket, key)).catch(notFound(bucket, key));
    if ((await file.stat()).isFile()) return file.createReadStream({ highWaterMark: READ_AHEAD });
    await file.close();
    throw new ObjectNotFoundError(bucket, key);
  }

  async stat(bucket: Bucket, key: string): Promise<ObjectSummary | undefined> {
    return summary(bucket, key, this.#path(bucket, key));
  }

  async *list(bucket: Bucket, prefix: string): AsyncGenerator<ObjectSummary> {
    checkPrefix(prefix);
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const asked: Promise<(ObjectSummary | undefined)[]>[] = [];
    const answered = async () => (await asked.shift())?.filter((object) => object !== undefined) ?? [];
    for await (const files of this.#walk(bucket, folder, prefix)) {
      asked.push(unhurried(Promise.all(files.map((file) => summary(bucket, file.key, file.path)))));
      if (asked.length > AHEAD) yield* await answered();
    }
    while (asked.length > 0) yield* await answered();
  }

  async *listPrefixes(bucket: Bucket, prefix: string): AsyncGenerator<string> {
    checkPrefix(prefix, { folder: true });
    for (const entry of await this.#level(bucket, prefix)) {
      if (entry.isFolder && (await this.#holdsAny(bucket, entry.key))) yield entry.key;
    }
  }

  async remove(bucket: Bucket, key: string): Promise<void> {
    await rm(this.#path(bucket, key), { force: true }).catch((error: unknown) => {
      if (!isAbsence(error)) throw error;
    });
  }

  subscribe(listener: (event: ObjectEvent) => Promise<void>, onGap: () => void): Promise<EventSubscription> {
    return this.#journal.follow(listener, onGap);
  }

  /** Nothing is held open between two calls. */
  async close(): Promise<void> {}

  async #write<Result>(bucket: Bucket, key: string, write: (file: FileHandle) => Promise<Result>): Promise<Result> {
    const target = this.#path(bucket, key);
    try {
      const result = await this.#durable.write(target, write);
      if (isEventBucket(bucket)) await this.#journal.leave(bucket, key);
      return result;
    } catch (error) {
      if (!hasCode(error, 'EEXIST', 'ENOTDIR', 'EISDIR')) throw this.#explain(error);
      throw new RangeError(`An object cannot also be a folder of others: ${key} in bucket ${bucket}.`, {
        cause: error,
      });
    }
  }

  /** The error as `StoreUnavailableError` where the disk is at fault, else itself. */
  #explain(error: unknown): unknown {
    if (hasCode(error, 'ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO')) {
      const why = `cannot be written (${errorCode(error)}): look at the disk's space and the folder's owner`;
      return new StoreUnavailableError(`The object store in ${this.#folder} ${why}.`, { cause: error });
    }
    if (existsSync(this.#folder)) return error;
    const message = `The object store has no folder ${this.#folder}: \`overread up\` makes it.`;
    return new StoreUnavailableError(message, { cause: error });
  }

  #path(bucket: Bucket, key: string): string {
    checkKey(key);
    return path.join(this.#folder, bucket, pathOfKey(key));
  }

  /**
   * Every file below a folder whose key begins with `prefix`, in order, a few neighbours at a time. In memory are one
   * level of folders at a time, and what lies in the next few of them: those are read ahead.
   */
  async *#walk(
    bucket: Bucket,
    folder: string,
    prefix: string,
    level: Promise<Entry[]> = this.#level(bucket, folder),
  ): AsyncGenerator<Entry[]> {
    const entries = (await level).filter(
      ({ key, isFolder }) => key.startsWith(prefix) || (isFolder && prefix.startsWith(key)),
    );
    const nextLevel = readAhead(
      entries.filter(({ isFolder }) => isFolder),
      ({ key }) => this.#level(bucket, key),
    );
    let files: Entry[] = [];
    for (const entry of entries) {
      if (!entry.isFolder) files.push(entry);
      if (files.length > 0 && (entry.isFolder || files.length === LISTED_AT_ONCE)) {
        yield files;
        files = [];
      }
      if (entry.isFolder) yield* this.#walk(bucket, entry.key, prefix, nextLevel());
    }
    if (files.length > 0) yield files;
  }

  /** What lies in one folder (a prefix that is empty or ends in `/`), in the order of keys. */
  async #level(bucket: Bucket, folder: string): Promise<Entry[]> {
    const root = path.join(this.#folder, bucket, folder === '' ? '' : pathOfKey(folder.slice(0, -1)));
    const entries = await readEntries(root, folder, []);
    return entries.sort((a, b) => compareKeys(a.key, b.key));
  }

  async #holdsAny(bucket: Bucket, folder: string): Promise<boolean> {
    for (const { key, isFolder } of await this.#level(bucket, folder)) {
      if (!isFolder || (await this.#holdsAny(bucket, key))) return true;
    }
    return false;
  }
}

interface Entry {
  /** Ends in `/` where it is a folder. */
  readonly key: string;
  readonly path: string;
  readonly isFolder: boolean;
}

async function readEntries(root: string, folder: string, begun: readonly string[]): Promise<Entry[]> {
  const children = await readdir(root, { withFileTypes: true }).catch((error: unknown) => {
    if (isAbsence(error)) return [];
    throw error;
  });
  const entries: Entry[] = [];
  for (const child of children) {
    const names = [...begun, child.name];
    const at = path.join(root, child.name);
    if (isContinued(child.name)) {
      entries.push(...(await readEntries(at, folder, names)));
      continue;
    }
    const segment = segmentOfNames(names);
    if (segment === undefined) continue;
    const isFolder = child.isDirectory();
    entries.push({ key: `${folder}${segment}${isFolder ? '/' : ''}`, path: at, isFolder });
  }
  return entries;
}

/**
 * Does a task for each item in order, a few of them before they are asked for.
 *
 * @returns gives the next item's outcome; undefined after the last
 */
function readAhead<Item, Outcome>(items: readonly Item[], task: (item: Item) => Promise<Outcome>) {
  const begun: Promise<Outcome>[] = [];
  const rest = items.values();
  const begin = () => {
    const { value, done } = rest.next();
    if (done) return;
    begun.push(unhurried(task(value)));
  };
  for (let count = 0; count < AHEAD; count++) begin();
  return (): Promise<Outcome> | undefined => {
    begin();
    return begun.shift();
  };
}

/**
 * A whole file. `readFile` reads half a megabyte at a time, and waits before each for whoever keeps the thread busy meanwhile,
 * with the hash of another file for instance. A file of the store is never changed, only replaced: its size stays.
 */
async function readAtOnce(name: string): Promise<Buffer> {
  const file = await open(name);
  try {
    const { size } = await file.stat();
    const bytes = Buffer.allocUnsafeSlow(size);
    for (let at = 0; at < size; ) {
      const { bytesRead } = await file.read(bytes, at, size - at, at);
      if (bytesRead === 0) throw new Error(`A file of the object store is shorter than its ${size} bytes: ${name}`);
      at += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/** A promise that may be awaited late, or, by whoever stops in the middle, never: then its failure is nobody's. */
function unhurried<Outcome>(promise: Promise<Outcome>): Promise<Outcome> {
  promise.catch(() => {});
  return promise;
}

async function copyInto(target: FileHandle, file: string): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  await eachChunk(file, async (chunk) => {
    hash.update(chunk);
    size += chunk.length;
    await target.writeFile(chunk);
  });
  return { sha256: hash.digest('hex'), size };
}

async function summary(bucket: Bucket, key: string, file: string): Promise<ObjectSummary | undefined> {
  const found = await stat(file).catch((error: unknown) => {
    if (isAbsence(error)) return undefined;
    throw error;
  });
  if (!found?.isFile()) return undefined;
  return { bucket, key, size: found.size, lastModified: found.mtime };
}

function isEventBucket(bucket: Bucket): boolean {
  return (EVENT_BUCKETS as readonly Bucket[]).includes(bucket);
}

function notFound(bucket: Bucket, key: string): (error: unknown) => never {
  return (error) => {
    if (isAbsence(error)) throw new ObjectNotFoundError(bucket, key);
    throw error;
  };
}

/** No such file; or what the key names is a folder, or below a file. */
function isAbsence(error: unknown): boolean {
  return hasCode(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'ERR_FS_EISDIR');
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(errorCode(error));
}
