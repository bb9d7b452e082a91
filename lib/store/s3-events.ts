import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { type Bucket, EVENT_BUCKETS, type ObjectEvent } from '../../schemas/store.ts';
import { backoff, type EventListener, insist, pause } from './insist.ts';
import type { S3Connection } from './s3-connection.ts';
import { escapeQuery } from './s3-listing.ts';
import type { EventSubscription } from './store.ts';

/** By name: `ObjectCreated:*` also tells of tags and retention. */
const EVENT_NAMES = ['s3:ObjectCreated:CompleteMultipartUpload', 's3:ObjectCreated:Put'];

/** MinIO writes a space every half second; silence for so long means that it is gone, ms. */
const SILENCE_MS = 15_000;

/** Events held while the listener refuses them; beyond it they are dropped and a gap is told. */
const WAITING_LIMIT = 10_000;

/** A line of the listen API: `Records` is null in a sign of life; keys are plain (those of a webhook are query-escaped). */
const Line = z.object({
  Records: z
    .array(
      z.object({
        eventTime: z.string(),
        s3: z.object({
          object: z.object({
            key: z.string(),
            eTag: z.string().default(''),
            versionId: z.string().default(''),
            sequencer: z.string().default(''),
          }),
        }),
      }),
    )
    .nullish(),
});

/**
 * Events of the `s3` driver: one stream of MinIO's listen API a bucket, needing no configuration of the server.
 *
 * Events are told 0 to 1 ms after the put; a webhook with MinIO's own durable queue takes 3 s, and one without it loses
 * events too. The client's `listenBucketNotification` is not used: it reopens a broken stream without saying
 * so, and an answer that is not JSON ends the process.
 */
export class S3Subscription implements EventSubscription {
  readonly #connection: S3Connection;
  readonly #bucketName: (bucket: Bucket) => string;
  readonly #listener: EventListener;
  readonly #onGap: () => void;
  readonly #closing = new AbortController();
  readonly #waiting: ObjectEvent[] = [];
  #delivering: Promise<void> = Promise.resolve();
  #isDelivering = false;
  #following: readonly Promise<void>[] = [];

  constructor(
    connection: S3Connection,
    bucketName: (bucket: Bucket) => string,
    listener: EventListener,
    onGap: () => void,
  ) {
    this.#connection = connection;
    this.#bucketName = bucketName;
    this.#listener = listener;
    this.#onGap = onGap;
  }

  /** Resolves when every stream is open. @throws {StoreUnavailableError} */
  async open(): Promise<void> {
    const opened = await Promise.allSettled(EVENT_BUCKETS.map((bucket) => this.#listen(bucket)));
    const failed = opened.find((each) => each.status === 'rejected');
    if (failed !== undefined) {
      for (const each of opened) if (each.status === 'fulfilled') each.value.destroy();
      throw failed.reason;
    }
    const streams = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    this.#following = EVENT_BUCKETS.map((bucket, index) => this.#follow(bucket, streams[index]));
    this.#onGap();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#following);
    await this.#delivering;
  }

  /** Opens the stream of a bucket; MinIO answers when it is listening. */
  async #listen(bucket: Bucket): Promise<IncomingMessage> {
    const query = EVENT_NAMES.map((name) => `events=${escapeQuery(name)}`).join('&');
    const request = { method: 'GET', bucketName: this.#bucketName(bucket), query };
    const response = await this.#connection.ask(() => this.#connection.client.makeRequestAsync(request));
    if (response.headers['content-type']?.startsWith('text/event-stream')) return response;
    response.destroy();
    throw this.#connection.unavailable("does not tell of new objects: it lacks MinIO's listen API");
  }

  /** Reads a bucket's stream, and opens it again, until the subscription closes. */
  async #follow(bucket: Bucket, first: IncomingMessage | undefined): Promise<void> {
    let stream = first;
    for (let failures = 0; !this.#closing.signal.aborted; ) {
      if (stream !== undefined) {
        failures = 0;
        await this.#read(bucket, stream);
      }
      if (this.#closing.signal.aborted) return;
      await pause(backoff(failures++), this.#closing.signal);
      stream = await this.#listen(bucket).catch(() => undefined);
      if (stream !== undefined) this.#onGap();
    }
  }

  /** Returns when the stream ends, breaks, falls silent or speaks nonsense. */
  async #read(bucket: Bucket, stream: IncomingMessage): Promise<void> {
    const end = () => stream.destroy();
    this.#closing.signal.addEventListener('abort', end);
    if (this.#closing.signal.aborted) end();
    stream.setTimeout(SILENCE_MS, end);
    try {
      for await (const line of linesOf(stream)) this.#take(bucket, line);
    } catch {
      // A broken stream is opened again, and a gap told, whatever broke it.
    } finally {
      this.#closing.signal.removeEventListener('abort', end);
      stream.destroy();
    }
  }

  #take(bucket: Bucket, line: string): void {
    for (const { eventTime, s3 } of Line.parse(JSON.parse(line)).Records ?? []) {
      const { key, eTag, versionId, sequencer } = s3.object;
      const deduplicationKey = `${bucket}/${key}@${versionId || eTag}@${sequencer}`;
      this.#waiting.push({ bucket, key, eventTime, deduplicationKey });
    }
    if (this.#waiting.length > WAITING_LIMIT) {
      this.#waiting.length = 0;
      this.#onGap();
    }
    if (!this.#isDelivering) this.#delivering = this.#deliver();
  }

  async #deliver(): Promise<void> {
    this.#isDelivering = true;
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      if (!(await insist(this.#listener, event, this.#closing.signal))) break;
    }
    this.#isDelivering = false;
  }
}

/** The lines that say something, signs of life dropped. (`node:readline` never ends when its stream is destroyed.) */
async function* linesOf(stream: Readable): AsyncGenerator<string> {
  let rest = '';
  for await (const text of stream.setEncoding('utf8')) {
    const lines = `${rest.trimStart()}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield line;
  }
}
