import http from 'node:http';
import https from 'node:https';
import { Socket } from 'node:net';
import { Client } from 'minio';
import type { StoreConfiguration } from '../platform/configuration.ts';
import { errorCode } from '../platform/error-code.ts';
import { StoreUnavailableError } from './store.ts';

export type S3Configuration = Extract<StoreConfiguration, { driver: 's3' }>;

const SILENCE_MS = 60_000;

/** Answers that mean "not now", besides the network's own. */
const NOT_NOW =
  /^(SlowDown|ServiceUnavailable|InternalError|RequestTimeout|XMinio(ServerNotInitialized|.*Quorum.*|StorageFull))$/;
/** The client's words for an answer that it would have asked for again: it gives it up unread, code and all. */
const UNREAD = /Retryable HTTP status: (\d+)/;
const UNREAD_STATUS: ReadonlySet<number | undefined> = new Set([408, 429, 499, 500, 502, 503, 504, 520]);
const REFUSED = /^(AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|AuthorizationHeaderMalformed)$/;
const UNREACHABLE = /^(ECONN.*|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOST.*|ENET.*|EPIPE)$/;
const UNTRUSTED = /CERT|^(ERR_TLS|ERR_SSL|EPROTO)/;

/** The connection to one S3 server, and what its errors mean to us. */
export class S3Connection {
  readonly client: Client;
  /** Over TLS the client signs no body; over plain HTTP it signs the body's SHA-256. */
  readonly secure: boolean;
  readonly #endpoint: string;
  readonly #agent: http.Agent;

  /** @param options.silenceMs a connection on which nothing moved for so long is given up [60 s] */
  constructor(configuration: S3Configuration, options: { silenceMs?: number } = {}) {
    const { silenceMs = SILENCE_MS } = options;
    const url = new URL(configuration.endpoint);
    this.secure = url.protocol === 'https:';
    this.#endpoint = url.origin;
    this.#agent = patientAgent(this.secure, silenceMs);
    this.client = new Client({
      endPoint: url.hostname,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      useSSL: this.secure,
      accessKey: configuration.accessKey,
      secretKey: configuration.secretKey,
      transport: readingTransport(this.secure),
      transportAgent: this.#agent,
      // The client's own retries print to the console and send a consumed stream again.
      retryOptions: { disableRetry: true },
    });
  }

  /**
   * Makes a request; once more where the server had closed an idle connection at the moment it was used (all we ask may
   * be asked twice).
   *
   * @throws {StoreUnavailableError} no answer, or refused
   */
  async ask<Answer>(request: () => Promise<Answer>): Promise<Answer> {
    try {
      return await request();
    } catch (error) {
      if (!/^(ECONNRESET|EPIPE)$/.test(errorCode(error))) throw this.explain(error);
    }
    try {
      return await request();
    } catch (error) {
      throw this.explain(error);
    }
  }

  /** The error as `StoreUnavailableError` where it is one, else itself. */
  explain(error: unknown): unknown {
    const code = errorCode(error);
    if (UNREACHABLE.test(code)) return this.#unavailable(`does not answer (${code}): is it running?`, error);
    if (UNTRUSTED.test(code)) {
      return this.#unavailable(`is not trusted (${code}): name its certificate in NODE_EXTRA_CA_CERTS`, error);
    }
    const status = error instanceof Error ? UNREAD.exec(error.message)?.[1] : undefined;
    if (status !== undefined) return this.#unavailable(`cannot serve now (${status}): see its log`, error);
    if (NOT_NOW.test(code)) return this.#unavailable(`cannot serve now (${code}): see its log`, error);
    if (REFUSED.test(code)) {
      return this.#unavailable(`refuses us (${code}): check S3_ACCESS_KEY and S3_SECRET_KEY and their rights`, error);
    }
    if (code === 'NoSuchBucket') return this.#unavailable('has not all our buckets: `overread up` makes them', error);
    return error;
  }

  unavailable(what: string): StoreUnavailableError {
    return this.#unavailable(what, undefined);
  }

  close(): void {
    this.#agent.destroy();
  }

  #unavailable(what: string, cause: unknown): StoreUnavailableError {
    return new StoreUnavailableError(`The object store at ${this.#endpoint} ${what}.`, { cause });
  }
}

/** Reads the answers that the client gives up unread: each would keep its connection, and a few dozen all there are. */
function readingTransport(secure: boolean): Pick<typeof http, 'request'> {
  const transport = secure ? https : http;
  return {
    request: (...parameters: unknown[]) => {
      const request: http.ClientRequest = Reflect.apply(transport.request, transport, parameters);
      return request.on('response', (answer) => {
        if (UNREAD_STATUS.has(answer.statusCode)) answer.resume();
      });
    },
  };
}

/** Keeps connections, and gives up those on which nothing moves. */
function patientAgent(secure: boolean, silenceMs: number): http.Agent {
  const options = { keepAlive: true, maxSockets: 32, timeout: silenceMs };
  const agent = secure ? new https.Agent(options) : new http.Agent(options);
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (connection, callback) => {
    const socket = connect(connection, callback);
    // The agent sets the time limit on its sockets and does nothing when it is over.
    if (socket instanceof Socket) socket.on('timeout', () => socket.destroy(new SilenceError()));
    return socket;
  };
  return agent;
}

class SilenceError extends Error {
  readonly code = 'ETIMEDOUT';
}
