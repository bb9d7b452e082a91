import { Writable } from 'node:stream';
import type { Spool, SpoolDraft } from '../lib/archive/spool.ts';

/** Bytes that may wait for the disk before the sender is made to wait, and below which it may go on. */
export const BACKLOG_LIMIT = 8 << 20;
const BACKLOG_LOW = 2 << 20;

/**
 * Takes the data set of one C-STORE into the spool.
 *
 * `write` always answers true: dcmjs-dimse reorders fragments when a stream's `write` answers false while a PDU holds
 * more than one PDV. The sender is slowed down at the socket instead: see `isFull` and `relieved`.
 *
 * A disk that refuses does not break the stream. The rest of the data set is read and dropped, so that the sender can be
 * told "out of resources" and may try again later, over the same association.
 */
export class SpoolSink extends Writable {
  readonly #spool: Spool;
  /** What goes before the data set. */
  readonly head: Uint8Array;
  #beginning: Uint8Array | undefined;
  readonly #relieved: () => void;
  #draft: SpoolDraft | undefined;
  #refusal: unknown;
  #committed = false;
  #committing: Promise<void> = Promise.resolve();

  /**
   * @param head bytes that go before the data set: preamble and file meta information
   * @param hooks.relieved called when the backlog has gone down
   * @param hooks.violated called when bytes come after the end of the data set
   */
  constructor(
    spool: Spool,
    head: Uint8Array,
    hooks: { readonly relieved: () => void; readonly violated: (error: Error) => void },
  ) {
    super({ highWaterMark: Number.MAX_SAFE_INTEGER, decodeStrings: false });
    this.#spool = spool;
    this.head = head;
    this.#relieved = hooks.relieved;
    this.on('error', hooks.violated);
  }

  /** Whether the sender should wait. */
  get isFull(): boolean {
    return this.writableLength > BACKLOG_LIMIT;
  }

  /** Why the disk refused; undefined unless it did. */
  get refusal(): unknown {
    return this.#refusal;
  }

  /** The first of the data set, as much as came at once; undefined until then. */
  get beginning(): Uint8Array | undefined {
    return this.#beginning;
  }

  /** Whether the instance is in the spool for good: the sender may be told. */
  get isDurable(): boolean {
    return this.#committed;
  }

  /** Resolves when the instance is durable, or when it is certain that it will not be. Never rejects. */
  finished(): Promise<void> {
    return new Promise((resolve) => {
      if (this.closed) resolve();
      else this.once('close', resolve);
    });
  }

  override _construct(callback: (error?: Error | null) => void): void {
    this.#attempt(async () => {
      this.#draft = await this.#spool.begin();
      await this.#draft.write([this.head]);
    }).then(() => callback());
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#store([chunk], callback);
  }

  override _writev(chunks: { chunk: Uint8Array }[], callback: (error?: Error | null) => void): void {
    this.#store(
      chunks.map(({ chunk }) => chunk),
      callback,
    );
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#committing = this.#attempt(async () => {
      await this.#draft?.commit();
      this.#committed = true;
    });
    this.#committing.then(() => callback());
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#letGo().then(() => callback(error));
  }

  /** A commit that was begun is seen through: the instance is whole. */
  async #letGo(): Promise<void> {
    await this.#committing;
    if (!this.#committed) await this.#draft?.discard().catch(() => {});
  }

  #store(chunks: readonly Uint8Array[], callback: (error?: Error | null) => void): void {
    this.#beginning ??= chunks[0];
    this.#attempt(async () => this.#draft?.write(chunks)).then(() => {
      callback();
      if (this.writableLength <= BACKLOG_LOW) this.#relieved();
    });
  }

  /** Does it unless the disk refused earlier; never rejects. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    if (this.#refusal !== undefined) return;
    try {
      await work();
    } catch (error) {
      this.#refusal = error;
    }
  }
}
