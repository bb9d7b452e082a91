/**
 * `/async-function/{name}`: 202 at once, the call afterwards, its answer to `X-Callback-Url`.
 *
 * As in OpenFaaS CE a 202 is no promise: calls wait in memory, at most 100 a function with bodies of at most 256 KiB,
 * one after the other; each is made once, and those that wait are lost when the provider ends. Overread's own connector
 * has a durable queue and does not use it.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from '../lib/platform/log.ts';
import type { Functions } from './functions.ts';
import type { Invoke } from './invocation.ts';

const LARGEST_BODY = 256 * 1024;
const MOST_WAITING = 100;
const CALLBACK_LIMIT_MS = 30_000;

export interface AsyncOptions {
  readonly functions: Pick<Functions, 'has'>;
  readonly invoke: Invoke;
  readonly log: Logger;
}

/** @returns a function with the shape of `Invoke` that answers 202 and calls later */
export function createInvokeLater({ functions, invoke, log }: AsyncOptions): Invoke {
  const waiting = new Map<string, number>();
  const last = new Map<string, Promise<void>>();

  return async function invokeLater(name, path, request) {
    if (!functions.has(name)) return text(404, `There is no function ${name}.`);
    const callback = callbackUrl(request);
    if (callback === null) return text(400, 'X-Callback-Url is no http or https address.');
    const body = await request.arrayBuffer();
    if (body.byteLength > LARGEST_BODY) {
      return text(413, `A call for later takes at most ${LARGEST_BODY} bytes; found ${body.byteLength}.`);
    }
    // From here on nothing is waited for: others that come at once find this one counted.
    const before = waiting.get(name) ?? 0;
    if (before >= MOST_WAITING) return text(429, `${name} has ${MOST_WAITING} calls waiting.`);
    const callId = request.headers.get('X-Call-Id') ?? randomUUID();
    const headers = new Headers(request.headers);
    headers.set('X-Call-Id', callId);
    const later = new Request(request.url, {
      method: request.method,
      headers,
      ...(body.byteLength > 0 ? { body } : {}),
    });
    waiting.set(name, before + 1);
    const call = (last.get(name) ?? Promise.resolve())
      .then(() => callThenTell(invoke, { name, path, request: later, callId, callback }))
      .catch((error: unknown) => log.warn({ function: name, callId, err: error }, 'call for later failed'))
      .finally(() => waiting.set(name, (waiting.get(name) ?? 1) - 1));
    last.set(name, call);
    return new Response(null, { status: 202, headers: { 'X-Call-Id': callId } });
  };
}

interface LaterCall {
  readonly name: string;
  readonly path: string;
  readonly request: Request;
  readonly callId: string;
  readonly callback: URL | undefined;
}

async function callThenTell(invoke: Invoke, { name, path, request, callId, callback }: LaterCall): Promise<void> {
  const started = performance.now();
  const response = await invoke(name, path, request);
  const body = await response.arrayBuffer();
  if (callback === undefined) return;
  await fetch(callback, {
    method: 'POST',
    body,
    headers: {
      'Content-Type': response.headers.get('Content-Type') ?? 'application/octet-stream',
      'X-Call-Id': callId,
      'X-Function-Name': name,
      'X-Function-Status': String(response.status),
      'X-Duration-Seconds': ((performance.now() - started) / 1_000).toFixed(6),
    },
    signal: AbortSignal.timeout(CALLBACK_LIMIT_MS),
    redirect: 'error',
  });
}

/** Undefined: none was given; null: what was given is none. */
function callbackUrl(request: Request): URL | null | undefined {
  const given = request.headers.get('X-Callback-Url');
  if (given === null) return undefined;
  const url = URL.parse(given);
  return url !== null && ['http:', 'https:'].includes(url.protocol) ? url : null;
}

function text(status: number, sentence: string): Response {
  return new Response(`${sentence}\n`, { status, headers: { 'Content-Type': 'text/plain; charset=utf-8' } });
}
