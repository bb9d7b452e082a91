/**
 * Calls of functions: `/function/{name}[.openfaas-fn]/{path}`, bodies streamed both ways.
 *
 * A call goes to the ready replica with the fewest calls in hand. Answers that are the provider's own and not the
 * function's carry `X-OpenFaaS-Internal: proxy`. 503: no replica takes calls yet, and none was given this one; try
 * again. 429: every replica has `max_inflight` calls. 504: longer than `exec_timeout`. 500: the replica broke off.
 */
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { errorCode } from '../lib/platform/error-code.ts';
import type { Functions } from './functions.ts';
import type { Metrics } from './metrics.ts';
import type { Endpoint } from './runtime.ts';

/** Headers that belong to one connection, not to the message (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** No keep-alive: a replica that ends must never be met on an old connection, and a new one on loopback costs 0.1 ms. */
const AGENT = new http.Agent({ keepAlive: false });

const TIMED_OUT = 504;
/** Never seen by anybody but the metrics, where nginx has made it a custom. */
const CALLER_LEFT = 499;

const NO_BODY = new Set([204, 205, 304]);

export type Invoke = (name: string, path: string, request: Request) => Promise<Response>;

export interface InvocationOptions {
  readonly functions: Pick<Functions, 'has' | 'endpoints' | 'limits' | 'trouble' | 'countInvocation' | 'suspect'>;
  readonly metrics: Pick<Metrics, 'invoked'>;
}

/** @returns a function that calls the function `name` with `request` under `path` (query included) and gives its answer */
export function createInvoke({ functions, metrics }: InvocationOptions): Invoke {
  const inFlight = new Map<string, number>();
  const load = (endpoint: Endpoint) => inFlight.get(endpoint.id) ?? 0;

  return async function invoke(name, path, request) {
    if (!functions.has(name)) return ownAnswer(404, `There is no function ${name}.`);
    const endpoint = functions.endpoints(name).toSorted((a, b) => load(a) - load(b))[0];
    if (endpoint === undefined) {
      return ownAnswer(503, functions.trouble(name) ?? `${name} is scaled to 0 replicas.`, { 'Retry-After': '1' });
    }
    const { maxInflight, execMs, readMs } = functions.limits(name);
    if (maxInflight !== undefined && load(endpoint) >= maxInflight) {
      return ownAnswer(429, `${name} has as many calls in hand as it takes (${maxInflight} in each replica).`, {
        'Retry-After': '1',
      });
    }
    inFlight.set(endpoint.id, load(endpoint) + 1);
    const started = performance.now();
    const onEnd = (code: number) => {
      const others = load(endpoint) - 1;
      if (others > 0) inFlight.set(endpoint.id, others);
      else inFlight.delete(endpoint.id);
      if (code === TIMED_OUT || code === CALLER_LEFT) functions.suspect(endpoint);
      functions.countInvocation(name);
      metrics.invoked(name, code, (performance.now() - started) / 1_000);
    };
    return forward({ name, endpoint, path, request, execMs, readMs, onEnd });
  };
}

interface Call {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly path: string;
  readonly request: Request;
  readonly execMs: number | undefined;
  readonly readMs: number | undefined;
  /** Called once, when nothing more of the call is under way. */
  readonly onEnd: (code: number) => void;
}

/** Why a call was given up, and what its caller is told. */
class GivenUpError extends Error {
  override readonly name = 'GivenUpError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function forward({ name, endpoint, path, request, execMs, readMs, onEnd }: Call): Promise<Response> {
  return new Promise((resolve) => {
    const callId = request.headers.get('X-Call-Id') ?? randomUUID();
    const upstream = http.request({
      host: endpoint.host,
      port: endpoint.port,
      method: request.method,
      path,
      headers: { ...endToEnd(request.headers), 'X-Call-Id': callId, 'X-Start-Time': `${Date.now()}000000` },
      agent: AGENT,
    });
    let code = 0;
    const answer = (response: Response) => {
      code ||= response.status;
      resolve(response);
    };
    const timers = [
      after(execMs, () => upstream.destroy(new GivenUpError(TIMED_OUT, `${name} took longer than ${execMs} ms.`))),
      after(readMs, () => {
        if (!upstream.writableFinished) {
          upstream.destroy(new GivenUpError(408, `The request to ${name} did not come in within ${readMs} ms.`));
        }
      }),
    ];
    const onLeft = () => upstream.destroy(new GivenUpError(CALLER_LEFT, 'The caller left.'));
    request.signal.addEventListener('abort', onLeft, { once: true });
    let ended = false;
    const end = () => {
      if (ended) return;
      ended = true;
      for (const timer of timers) clearTimeout(timer);
      request.signal.removeEventListener('abort', onLeft);
      onEnd(code);
    };
    upstream.on('error', (error) => answer(failure(name, error)));
    upstream.once('response', (incoming) => {
      // Before the caller sees the end of the answer: its next call must find the replica free.
      incoming.once('end', end);
      answer(responseOf(incoming, callId));
    });
    upstream.once('close', () => {
      answer(failure(name, new Error('the connection closed')));
      end();
    });
    send(request, upstream);
  });
}

/** `act` after `ms`, or never. */
function after(ms: number | undefined, act: () => void): NodeJS.Timeout | undefined {
  return ms === undefined ? undefined : setTimeout(act, ms);
}

function send(request: Request, upstream: http.ClientRequest): void {
  if (request.body === null) {
    upstream.end();
    return;
  }
  // The function may answer before the first byte of a body that comes slowly.
  upstream.flushHeaders();
  // What goes wrong on the way is told by the events of `upstream`.
  pipeline(Readable.from(chunksOf(request.body)), upstream, () => {});
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function responseOf(incoming: http.IncomingMessage, callId: string): Response {
  const status = incoming.statusCode ?? 500;
  const headers = new Headers();
  for (let at = 0; at + 1 < incoming.rawHeaders.length; at += 2) {
    const [header = '', value = ''] = incoming.rawHeaders.slice(at, at + 2);
    if (!HOP_BY_HOP.has(header.toLowerCase())) headers.append(header, value);
  }
  headers.set('X-Call-Id', callId);
  if (!NO_BODY.has(status)) return new Response(bodyOf(incoming), { status, headers });
  incoming.resume();
  return new Response(null, { status, headers });
}

/** The chunks of an answer, read no faster than the caller takes them. */
function bodyOf(incoming: http.IncomingMessage): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = incoming[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel() {
      incoming.destroy();
    },
  });
}

function failure(name: string, error: Error): Response {
  if (error instanceof GivenUpError) return ownAnswer(error.status, error.message);
  if (errorCode(error) === 'ECONNREFUSED')
    return ownAnswer(503, `${name} does not take calls at the moment.`, { 'Retry-After': '1' });
  return ownAnswer(500, `${name} broke off the call (${error.message}).`);
}

/** An answer of the provider itself, in plain text as OpenFaaS gives it. */
function ownAnswer(status: number, text: string, headers: Record<string, string> = {}): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { 'Content-Type': 'text/plain; charset=utf-8', 'X-OpenFaaS-Internal': 'proxy', ...headers },
  });
}

function endToEnd(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([header]) => !HOP_BY_HOP.has(header)));
}
