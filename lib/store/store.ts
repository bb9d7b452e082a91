import type { Readable } from 'node:stream';
import type { Bucket, ObjectEvent, ObjectReference } from '../../schemas/store.ts';

/** Type of an object's content where nobody said better. */
export const DEFAULT_CONTENT_TYPE = 'application/octet-stream';

/** What a listing says of an object. */
export interface ObjectSummary {
  readonly bucket: Bucket;
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly lastModified: Date;
}

/** The object is not there. */
export class ObjectNotFoundError extends Error {
  override readonly name = 'ObjectNotFoundError';
  readonly bucket: Bucket;
  readonly key: string;

  constructor(bucket: Bucket, key: string) {
    super(`No object ${key} in bucket ${bucket}.`);
    this.bucket = bucket;
    this.key = key;
  }
}

/** The bytes read are not the bytes that were promised: a damaged or exchanged object. */
export class ObjectChangedError extends Error {
  override readonly name = 'ObjectChangedError';

  constructor(reference: ObjectReference) {
    super(`Object ${reference.key} in bucket ${reference.bucket} does not have its SHA-256 any more.`);
  }
}

/** The store does not answer, or refuses us: nothing is wrong with the request, and the same may work later. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** Listens until `close`, which waits for the delivery in hand. */
export interface EventSubscription {
  close(): Promise<void>;
}

/**
 * The object store. Two drivers, `fs` and `s3`, pass the same contract tests (`contract.fixture.ts`).
 *
 * A put is atomic and durable: when it resolves, the whole object is there after a power cut, and nobody ever sees part
 * of it. A put of an existing key replaces it; of two at once, one wins whole.
 *
 * Keys are plain text with `/`; drivers escape as their medium needs. A key that could leave its bucket or that not every
 * driver can give back (see `checkKey`) is refused with a `RangeError`, and so is a key that is the folder of others:
 * `a` and `a/b` cannot both be there.
 *
 * Every method throws `StoreUnavailableError` when the store cannot be reached.
 */
export interface ObjectStore {
  readonly driver: 'fs' | 's3';

  /** Makes what is missing: folders, or buckets. Harmless when repeated. */
  prepare(): Promise<void>;

  /** Stores bytes and answers how they can be named from then on. */
  put(bucket: Bucket, key: string, body: Uint8Array, contentType?: string): Promise<ObjectReference>;

  /** Stores a file of this machine without holding it in memory. */
  putFile(bucket: Bucket, key: string, file: string, contentType?: string): Promise<ObjectReference>;

  /** @throws {ObjectNotFoundError} */
  get(bucket: Bucket, key: string): Promise<Buffer>;

  /** The bytes as they come; destroy it when you stop early. @throws {ObjectNotFoundError} */
  stream(bucket: Bucket, key: string): Promise<Readable>;

  /** Undefined where there is no such object. */
  stat(bucket: Bucket, key: string): Promise<ObjectSummary | undefined>;

  /**
   * Every object whose key begins with `prefix`, in the order of the keys' UTF-8 bytes. Read page by page: an object put
   * or removed meanwhile may be in it or not.
   */
  list(bucket: Bucket, prefix: string): AsyncIterable<ObjectSummary>;

  /** Immediate sub-"folders" below `prefix` (which ends in `/` or is empty): each as a prefix ending in `/`. */
  listPrefixes(bucket: Bucket, prefix: string): AsyncIterable<string>;

  /** Removes an object; one that is not there is no error. */
  remove(bucket: Bucket, key: string): Promise<void>;

  /**
   * Hears of every object created in the buckets of `EVENT_BUCKETS`, one event at a time. One process subscribes, once:
   * the connector.
   *
   * An event counts as delivered only when `listener` resolves; when it rejects, the event is handed to it again, with
   * growing pauses, before any later one. Events may come twice (equal `deduplicationKey`) and late. They are lost with
   * a writer that dies right after its object is durable, in a power cut (`fs`), and while nobody listens or the stream
   * is broken (`s3`); so whoever listens reconciles by listing.
   *
   * @param onGap the subscription is open (called once at first) or open again after it broke: events may be missing,
   * reconcile
   */
  subscribe(listener: (event: ObjectEvent) => Promise<void>, onGap: () => void): Promise<EventSubscription>;

  /** Ends connections. */
  close(): Promise<void>;
}
