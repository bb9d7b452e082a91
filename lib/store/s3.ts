import { createHash, type Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { BUCKETS, type Bucket, type ObjectReference } from '../../schemas/store.ts';
import { errorCode } from '../platform/error-code.ts';
import { eachChunk } from './chunks.ts';
import type { EventListener } from './insist.ts';
import { checkKey, checkPrefix } from './keys.ts';
import { type S3Configuration, S3Connection } from './s3-connection.ts';
import { S3Subscription } from './s3-events.ts';
import { type ListingPage, listingQuery, readListing } from './s3-listing.ts';
import {
  DEFAULT_CONTENT_TYPE,
  type EventSubscription,
  ObjectNotFoundError,
  type ObjectStore,
  type ObjectSummary,
} from './store.ts';

/** Bytes of the largest object that one request may put, in S3. No DICOM object comes near. */
const PUT_LIMIT = 5 * 1024 ** 3;

/**
 * The object store on an S3 server with MinIO's listen API. One request an object, however large: that is atomic, holds
 * nothing in memory, and two processes that put one key do not meet (a multipart upload of the `minio` client goes
 * on with another's half-finished one).
 */
export class S3Store implements ObjectStore {
  readonly driver = 's3';
  readonly #connection: S3Connection;
  readonly #bucketPrefix: string;

  constructor(configuration: S3Configuration) {
    this.#connection = new S3Connection(configuration);
    this.#bucketPrefix = configuration.bucketPrefix;
  }

  async prepare(): Promise<void> {
    await Promise.all(BUCKETS.map((bucket) => this.#makeBucket(this.#bucketName(bucket))));
  }

  async put(
    bucket: Bucket,
    key: string,
    body: Uint8Array,
    contentType = DEFAULT_CONTENT_TYPE,
  ): Promise<ObjectReference> {
    checkKey(key);
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const digest = new BodyDigest(this.#connection.secure);
    digest.add(bytes);
    return this.#put({ bucket, key, contentType, ...digest.end() }, () => bytes);
  }

  async putFile(
    bucket: Bucket,
    key: string,
    file: string,
    contentType = DEFAULT_CONTENT_TYPE,
  ): Promise<ObjectReference> {
    checkKey(key);
    const digest = new BodyDigest(this.#connection.secure);
    await eachChunk(file, async (chunk) => digest.add(chunk));
    const body = digest.end();
    if (body.size > PUT_LIMIT) {
      throw new RangeError(`An object on S3 has at most ${PUT_LIMIT} bytes: this one has ${body.size}.`);
    }
    // The server refuses bytes that differ from the digest, so a file that changed meanwhile is no object.
    return this.#put({ bucket, key, contentType, ...body }, async () => (await open(file)).createReadStream());
  }

  async get(bucket: Bucket, key: string): Promise<Buffer> {
    return this.#connection.ask(async () => buffer(await this.#open(bucket, key)));
  }

  stream(bucket: Bucket, key: string): Promise<Readable> {
    return this.#connection.ask(() => this.#open(bucket, key));
  }

  async stat(bucket: Bucket, key: string): Promise<ObjectSummary | undefined> {
    checkKey(key);
    try {
      const name = this.#bucketName(bucket);
      const found = await this.#connection.ask(() => this.#connection.client.statObject(name, key));
      return { bucket, key, size: found.size, lastModified: found.lastModified };
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw error;
    }
  }

  async *list(bucket: Bucket, prefix: string): AsyncGenerator<ObjectSummary> {
    checkPrefix(prefix);
    for await (const page of this.#pages(bucket, prefix, '')) {
      for (const object of page.objects) yield { bucket, ...object };
    }
  }

  async *listPrefixes(bucket: Bucket, prefix: string): AsyncGenerator<string> {
    checkPrefix(prefix, { folder: true });
    for await (const page of this.#pages(bucket, prefix, '/')) yield* page.prefixes;
  }

  async remove(bucket: Bucket, key: string): Promise<void> {
    checkKey(key);
    await this.#connection.ask(() => this.#connection.client.removeObject(this.#bucketName(bucket), key));
  }

  async subscribe(listener: EventListener, onGap: () => void): Promise<EventSubscription> {
    const subscription = new S3Subscription(this.#connection, (bucket) => this.#bucketName(bucket), listener, onGap);
    await subscription.open();
    return subscription;
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  #bucketName(bucket: Bucket): string {
    return `${this.#bucketPrefix}${bucket}`;
  }

  async #makeBucket(name: string): Promise<void> {
    const { client } = this.#connection;
    if (await this.#connection.ask(() => client.bucketExists(name))) return;
    await this.#connection.ask(() =>
      client.makeBucket(name).catch((error: unknown) => {
        // Another process was faster.
        if (errorCode(error) !== 'BucketAlreadyOwnedByYou') throw error;
      }),
    );
  }

  async #put(object: ObjectToPut, bodyOf: () => Buffer | Promise<Readable>): Promise<ObjectReference> {
    const { bucket, key, size, contentType, sha256, md5 } = object;
    const { client, secure } = this.#connection;
    const request = {
      method: 'PUT',
      bucketName: this.#bucketName(bucket),
      objectName: key,
      headers: {
        'content-length': String(size),
        'content-type': contentType,
        ...(md5 === undefined ? {} : { 'content-md5': md5 }),
      },
    };
    const put = async () => {
      const body = await bodyOf();
      try {
        return await client.makeRequestStreamAsync(request, body, secure ? '' : sha256, [200], '');
      } catch (error) {
        // The client may have failed before it read from it: it asks for the bucket's region first.
        if (body instanceof Readable) body.destroy();
        throw error;
      }
    };
    try {
      await this.#connection.ask(async () => buffer(await put()));
    } catch (error) {
      if (!/^XMinio(ParentIsObject|ObjectExistsAsDirectory)$/.test(errorCode(error))) throw error;
      throw new RangeError(`An object cannot also be a folder of others: ${key} in bucket ${bucket}.`, {
        cause: error,
      });
    }
    return { bucket, key, sha256, size, contentType };
  }

  async #open(bucket: Bucket, key: string): Promise<Readable> {
    checkKey(key);
    try {
      return await this.#connection.client.getObject(this.#bucketName(bucket), key);
    } catch (error) {
      if (isAbsence(error)) throw new ObjectNotFoundError(bucket, key);
      throw error;
    }
  }

  async *#pages(bucket: Bucket, prefix: string, delimiter: '' | '/'): AsyncGenerator<ListingPage> {
    let token: string | undefined;
    do {
      const query = listingQuery(prefix, delimiter, token);
      const request = { method: 'GET', bucketName: this.#bucketName(bucket), query };
      const ask = (): Promise<IncomingMessage> => this.#connection.client.makeRequestAsync(request);
      const page = readListing(await this.#connection.ask(async () => text(await ask())));
      yield page;
      token = page.continuationToken;
    } while (token !== undefined);
  }
}

interface ObjectToPut extends Required<ObjectReference> {
  /** Base64; only where the connection signs no SHA-256. */
  readonly md5: string | undefined;
}

/** What the server checks a body against: its SHA-256, which the signature covers, or over TLS its MD5. */
class BodyDigest {
  readonly #sha256 = createHash('sha256');
  readonly #md5: Hash | undefined;
  #size = 0;

  constructor(secure: boolean) {
    this.#md5 = secure ? createHash('md5') : undefined;
  }

  add(bytes: Uint8Array): void {
    this.#sha256.update(bytes);
    this.#md5?.update(bytes);
    this.#size += bytes.length;
  }

  end() {
    return { size: this.#size, sha256: this.#sha256.digest('hex'), md5: this.#md5?.digest('base64') };
  }
}

function isAbsence(error: unknown): boolean {
  return /^(NoSuchKey|NotFound)$/.test(errorCode(error));
}
