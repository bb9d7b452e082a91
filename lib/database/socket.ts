import { Socket } from 'node:net';

/** Begin of the fields of an ErrorResponse after which the server closes the connection. */
const FATAL = Buffer.from('SFATAL\0VFATAL\0');

/** Type and length of a message, before its fields. */
const HEADER_LENGTH = 5;

/** PostgreSQL ended the connection and said why, or did not let us in. */
export class FatalDatabaseError extends Error {
  override readonly name = 'FatalDatabaseError';
  readonly severity = 'FATAL';
  /** SQLSTATE, or CONNECTION_CLOSED where it said nothing. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** A lost connection is closed when nothing was written to it for so long, and after so many looks all the same, ms. */
const QUIET_MS = 20;
const LOOKS = 20;

/**
 * The TCP connection that postgres.js is given, so that it bears the loss of PostgreSQL. By itself
 *
 * - it keeps the last words of a server (`FATAL`), and gives them as the answer to the first query of the next connection;
 * - it forgets its socket before it rejects what was under way: what is written as an answer to that, the ROLLBACK of
 *   every open transaction, meets no socket a moment later, which ends the process;
 * - what was about to be written stays in its buffer with a timer that never comes: the connection, opened again, says
 *   nothing until it times out.
 *
 * Here a loss, last words included, is an 'error' at once, by which everything under way is rejected; what is written after
 * it is rejected by another one; and 'close' comes when nothing is written any more.
 */
export class PostgresSocket extends Socket {
  #loss: Error | undefined;
  #writtenAt = 0;

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    const [value] = values;
    if (event === 'data' && Buffer.isBuffer(value)) return this.#receive(value);
    if (event === 'error' && value instanceof Error) return this.#lose(value);
    if (event === 'end') this.#lose(new FatalDatabaseError('CONNECTION_CLOSED', 'PostgreSQL closed the connection.'));
    if (event !== 'close') return super.emit(event, ...values);
    this.#closeWhenQuiet(LOOKS);
    return true;
  }

  override write(...values: unknown[]): boolean {
    const loss = this.#loss;
    if (loss === undefined) return Reflect.apply(super.write, this, values);
    this.#writtenAt = performance.now();
    // Not before who writes has noted what it wrote.
    process.nextTick(() => this.#tell(loss));
    return true;
  }

  #receive(bytes: Buffer): boolean {
    const last = lastWords(bytes);
    if (last === undefined) return super.emit('data', bytes);
    if (last.start > 0) super.emit('data', bytes.subarray(0, last.start));
    return this.#lose(last.error);
  }

  #lose(loss: Error): boolean {
    if (this.#loss === undefined) this.#writtenAt = performance.now();
    this.#loss ??= loss;
    return this.#tell(this.#loss);
  }

  #tell(loss: Error): boolean {
    return this.listenerCount('error') > 0 && super.emit('error', loss);
  }

  #closeWhenQuiet(looks: number): void {
    const quiet = performance.now() - this.#writtenAt >= QUIET_MS;
    if (quiet || looks === 0) super.emit('close', false);
    else setTimeout(() => this.#closeWhenQuiet(looks - 1), QUIET_MS);
  }
}

/** What postgres.js says of where to go: a path, or a host and a port. */
interface SocketOptions {
  readonly path: string | false;
  readonly host: readonly string[];
  readonly port: readonly number[];
}

/** Opens a connection; whether it could be opened is told by its events. For postgres.js's option `socket`. */
export function openSocket({ path, host: [host = 'localhost'], port: [port = 5432] }: SocketOptions): PostgresSocket {
  // postgres.js reads the host from it, to check certificates.
  const socket = Object.assign(new PostgresSocket(), { host, port });
  if (path) socket.connect(path);
  else socket.connect(port, host);
  return socket;
}

/** A fatal ErrorResponse at the end of what was received; nothing can follow it. */
export function lastWords(bytes: Buffer): { start: number; error: FatalDatabaseError } | undefined {
  const fields = bytes.lastIndexOf(FATAL);
  const start = fields - HEADER_LENGTH;
  if (start < 0 || bytes[start] !== 'E'.charCodeAt(0)) return undefined;
  if (start + 1 + bytes.readUInt32BE(start + 1) !== bytes.length) return undefined;
  const told = new Map(
    bytes
      .toString('utf8', fields)
      .split('\0')
      .map((field) => [field[0], field.slice(1)]),
  );
  return { start, error: new FatalDatabaseError(told.get('C') ?? '', told.get('M') ?? '') };
}
