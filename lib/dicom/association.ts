import type { Socket } from 'node:net';
import { DialError, dial, type Peer } from './dial.ts';
import { decodeResponse, type Response } from './dimse.ts';
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from './part10.ts';
import {
  type ContextResult,
  decodePdu,
  encodeAbort,
  encodeAssociateRequest,
  encodeDataHead,
  encodeReleaseRequest,
  encodeReleaseResponse,
  type IncomingPdu,
  PDU,
  PDU_HEAD,
  PDV_HEAD,
  type PresentationContext,
  ProtocolError,
} from './pdu.ts';

/** Whom to talk to, and who we are. */
export interface Target extends Peer {
  readonly calledAETitle: string;
  readonly callingAETitle: string;
}

/** There is no association, or it ended: rejected, aborted, lost, silent for too long. A sentence for a person. */
export class AssociationError extends Error {
  override readonly name = 'AssociationError';
}

const PDU_TYPES: ReadonlySet<number> = new Set(Object.values(PDU));

/** Answers are small; a receiver that claims more wants our memory. */
const LONGEST_INCOMING = 1 << 20;
/** Of what we send, when the receiver sets no limit. */
const LONGEST_OUTGOING = 1 << 18;
const MAXIMUM_LENGTH = 1 << 17;

/** The requestor's side of one association. One message at a time. */
export class Association {
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  #pending: Buffer = Buffer.alloc(0);
  #arrived: IncomingPdu[] = [];
  #wake: () => void = () => undefined;
  #failure: AssociationError | undefined;
  #contexts: ReadonlyMap<number, ContextResult> = new Map();
  #longest = LONGEST_OUTGOING;
  #messageId = 0;

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.on('data', (bytes: Buffer) => this.#hear(bytes));
    socket.on('drain', () => this.#wake());
    socket.on('error', (cause) => this.#fail(lost(cause), cause));
    socket.on('close', () => this.#fail('The receiver closed the connection.'));
  }

  /**
   * Connects and negotiates.
   *
   * @param timeoutMs how long to wait for any one answer
   * @throws {AssociationError} nobody listens, or the association is refused
   */
  static async request(
    target: Target,
    contexts: readonly PresentationContext[],
    timeoutMs: number,
  ): Promise<Association> {
    const association = new Association(await dialled(target, timeoutMs), timeoutMs);
    association.#socket.write(
      encodeAssociateRequest({
        calledAETitle: target.calledAETitle,
        callingAETitle: target.callingAETitle,
        contexts,
        maximumLength: MAXIMUM_LENGTH,
        implementationClassUid: IMPLEMENTATION_CLASS_UID,
        implementationVersionName: IMPLEMENTATION_VERSION_NAME,
      }),
    );
    const answer = await association.#next();
    if (answer.kind === 'accept') {
      association.#contexts = answer.contexts;
      if (answer.maximumLength > 0)
        association.#longest = Math.max(PDV_HEAD + 2, Math.min(answer.maximumLength, LONGEST_OUTGOING));
      return association;
    }
    association.destroy();
    const why =
      answer.kind === 'reject'
        ? `rejected the association: ${answer.reason}`
        : 'did not answer the association request';
    throw new AssociationError(`The receiver ${why}.`);
  }

  /** Whether messages may go over a context; undefined if it did not answer to it. */
  result(contextId: number): ContextResult | undefined {
    return this.#contexts.get(contextId);
  }

  /** True once nothing can be sent over it any more. */
  get ended(): boolean {
    return this.#failure !== undefined;
  }

  /** An id for the next message, 1 to 65535. */
  nextMessageId(): number {
    this.#messageId = (this.#messageId % 0xffff) + 1;
    return this.#messageId;
  }

  /**
   * Sends a message and waits for its answer.
   *
   * @param dataSet pieces of the data set that follows the command, with the length of all of them
   * @throws {AssociationError} the association ended before the answer
   */
  async exchange(
    contextId: number,
    command: Buffer,
    dataSet?: { pieces: AsyncIterable<Buffer>; length: number },
  ): Promise<Response> {
    await this.#write({ contextId, command: true }, once(command), command.length);
    if (dataSet !== undefined) await this.#write({ contextId, command: false }, dataSet.pieces, dataSet.length);
    const parts: Buffer[] = [];
    for (;;) {
      const answer = await this.#next();
      if (answer.kind !== 'data') throw this.#unexpected(answer);
      for (const value of answer.values) {
        if (!value.command) continue;
        parts.push(value.bytes);
        if (value.last) return decodeResponse(Buffer.concat(parts));
      }
    }
  }

  /** Ends it in order; whoever does not answer is hung up on. */
  async release(): Promise<void> {
    if (this.#failure !== undefined) return;
    this.#socket.write(encodeReleaseRequest());
    try {
      await this.#next();
    } catch (error) {
      if (!(error instanceof AssociationError)) throw error;
    } finally {
      this.destroy();
    }
  }

  /** Ends it at once. */
  abort(): void {
    if (this.#failure === undefined) this.#socket.end(encodeAbort());
    this.destroy();
  }

  destroy(): void {
    this.#fail('The association was ended here.');
    this.#socket.destroySoon();
  }

  async #write(
    head: { contextId: number; command: boolean },
    pieces: AsyncIterable<Buffer>,
    length: number,
  ): Promise<void> {
    // Fragments must have an even length (PS3.8 annex E).
    const most = (this.#longest - PDV_HEAD) & ~1;
    let written = 0;
    for await (const piece of pieces) {
      for (let start = 0; start < piece.length; start += most) {
        if (this.#failure !== undefined) throw this.#failure;
        const part = piece.subarray(start, start + most);
        written += part.length;
        this.#socket.cork();
        this.#socket.write(encodeDataHead({ ...head, last: written === length }, part.length));
        this.#socket.write(part);
        this.#socket.uncork();
        if (this.#socket.writableNeedDrain) await this.#until(() => !this.#socket.writableNeedDrain);
      }
    }
    if (length === 0) this.#socket.write(encodeDataHead({ ...head, last: true }, 0));
    if (written !== length) throw new AssociationError('The file changed while it was sent.');
  }

  async #next(): Promise<IncomingPdu> {
    await this.#until(() => this.#arrived.length > 0);
    const pdu = this.#arrived.shift();
    if (pdu === undefined) throw new ProtocolError('Nothing arrived.');
    return pdu;
  }

  /** Waits for a condition, the end of the association, or the time-out, whichever is first. */
  async #until(condition: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#fail(`The receiver was silent for ${this.#timeoutMs / 1000} seconds.`);
      this.#socket.destroy();
    }, this.#timeoutMs);
    this.#wake = () => {
      if (condition() || this.#failure !== undefined) resolve();
    };
    this.#wake();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#wake = () => undefined;
    }
    if (!condition() && this.#failure !== undefined) throw this.#failure;
  }

  #hear(bytes: Buffer): void {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    try {
      for (let pdu = this.#takePending(); pdu !== undefined; pdu = this.#takePending()) this.#handle(pdu);
    } catch (error) {
      this.#fail(error instanceof ProtocolError ? error.message : 'The receiver breaks the protocol.');
      this.#socket.destroy();
    }
  }

  #takePending(): IncomingPdu | undefined {
    if (this.#pending.length < PDU_HEAD) return undefined;
    if (!PDU_TYPES.has(this.#pending[0] ?? 0)) {
      throw new ProtocolError('What answers there speaks another language, or DICOM over TLS: check the port.');
    }
    const end = PDU_HEAD + this.#pending.readUInt32BE(2);
    if (end > LONGEST_INCOMING) throw new ProtocolError(`The receiver claims a PDU of ${end} bytes.`);
    if (this.#pending.length < end) return undefined;
    const pdu = decodePdu(this.#pending[0] ?? 0, this.#pending.subarray(PDU_HEAD, end));
    this.#pending = this.#pending.subarray(end);
    return pdu;
  }

  #handle(pdu: IncomingPdu): void {
    // What follows an abort or a release answers nothing any more.
    if (this.#failure !== undefined) return;
    if (pdu.kind === 'abort') {
      this.#fail(`The receiver aborted the association: ${pdu.reason}.`);
    } else if (pdu.kind === 'release-request') {
      this.#socket.write(encodeReleaseResponse());
      this.#fail('The receiver released the association.');
    } else {
      this.#arrived.push(pdu);
      this.#wake();
    }
  }

  #fail(message: string, cause?: unknown): void {
    this.#failure ??= new AssociationError(message, { cause });
    this.#wake();
  }

  #unexpected(pdu: IncomingPdu): ProtocolError {
    this.abort();
    return new ProtocolError(`The receiver sent ${pdu.kind} where an answer was due.`);
  }
}

async function dialled(target: Target, timeoutMs: number): Promise<Socket> {
  try {
    return await dial(target, timeoutMs);
  } catch (error) {
    if (error instanceof DialError) throw new AssociationError(error.message, { cause: error });
    throw error;
  }
}

/** A receiver judges our certificate after the connection is open: only its alert tells (RFC 8446 4.4.2.4). */
function lost(cause: Error): string {
  const code = 'code' in cause ? String(cause.code) : '';
  return /^ERR_SSL.*ALERT/.test(code)
    ? `The receiver does not accept our certificate (${code}).`
    : 'The connection was lost.';
}

async function* once(bytes: Buffer): AsyncIterable<Buffer> {
  yield bytes;
}
