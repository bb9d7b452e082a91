import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Configuration } from '../lib/platform/configuration.ts';
import { Problem } from '../schemas/problem.ts';

/** How a call ended. */
export type CallOutcome =
  /** 200. */
  | { readonly kind: 'answered' }
  /** The function cannot take the call now; it was not begun, so it costs no attempt. */
  | { readonly kind: 'not-yet'; readonly reason: string }
  | { readonly kind: 'failed'; readonly problem: Problem; readonly retryable: boolean };

export interface CallRequest {
  /** Name of the function. */
  readonly operator: string;
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
  /** When the function must have stopped its work, epoch ms. */
  readonly deadline: number;
}

/** A function is given this long after its deadline to say that it stopped, ms. */
const GRACE_MS = 5_000;

/** An answer is read this far, bytes: a problem is short, and a manifest is read from the store. */
const BODY_LIMIT = 64 * 1024;

/** Statuses by which a gateway says that it has no free, or no, function at this moment. 401 and 403: not for us yet. */
const NOT_YET = new Map([
  [401, 'the gateway does not accept our credentials (401)'],
  [403, 'the gateway does not let us call it (403)'],
  [404, 'the function is not deployed (404)'],
  [429, 'the function has all the calls it can take (429)'],
  [503, 'the function is not ready (503)'],
]);

const UNREACHABLE = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);

/** Base address of the OpenFaaS gateway that the configuration means: an existing one, else the embedded provider. */
export function faasAddress(faas: Configuration['faas']): string {
  return (faas.url ?? `http://127.0.0.1:${faas.embeddedPort}`).replace(/\/+$/, '');
}

/**
 * Calls a function and waits for the end of its work. Every call has a connection of its own: one kept open could be
 * closed by the gateway at the moment we use it, and a call lost so looks like a function that died. No credentials go
 * along: gateways ask for none here, and they would hand them on to the function.
 *
 * @param signal aborted when the connector stops
 * @throws the signal's reason when it is aborted
 */
export async function callFunction(address: string, call: CallRequest, signal: AbortSignal): Promise<CallOutcome> {
  const timeout = AbortSignal.timeout(Math.max(0, call.deadline + GRACE_MS - Date.now()));
  try {
    const { status, body } = await post(address, call, AbortSignal.any([signal, timeout]));
    return outcomeOf(call.operator, status, body);
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) {
      return failed(504, 'Time-out', `Function ${call.operator} did not answer before its deadline.`);
    }
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (UNREACHABLE.has(code)) return { kind: 'not-yet', reason: `the gateway cannot be reached (${code})` };
    return failed(502, 'Connection lost', `The connection to function ${call.operator} was lost (${code}).`);
  }
}

/** Whether the gateway answers. */
export async function isReachable(address: string): Promise<boolean> {
  try {
    const answer = await fetch(`${address}/healthz`, { signal: AbortSignal.timeout(2_000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

/** `node:http`, since `fetch` gives up after 300 s without an answer, and a function may compute for longer. */
function post(address: string, call: CallRequest, signal: AbortSignal): Promise<{ status: number; body: string }> {
  const url = new URL(`${address}/function/${call.operator}`);
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const payload = JSON.stringify({ run: call.run, step: call.step });
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method: 'POST',
      agent: false,
      signal,
      headers: {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(payload),
        'Overread-Attempt': call.attempt,
        'Overread-Deadline': call.deadline,
      },
    });
    request.setNoDelay(true);
    request.once('error', reject);
    request.once('response', (response) => {
      readBody(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    request.end(payload);
  });
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (size < BODY_LIMIT) chunks.push(chunk);
    size += chunk.length;
  }
  return Buffer.concat(chunks).subarray(0, BODY_LIMIT).toString('utf8');
}

function outcomeOf(operator: string, status: number, body: string): CallOutcome {
  if (status === 200) return { kind: 'answered' };
  const notYet = NOT_YET.get(status);
  if (notYet !== undefined) return { kind: 'not-yet', reason: notYet };
  const retryable = status >= 500 || status === 408;
  const problem = problemIn(body) ?? {
    type: 'about:blank',
    title: retryable ? 'The function failed' : 'The function refused the call',
    status,
    detail: `Function ${operator} answered ${status}.`,
  };
  return { kind: 'failed', problem, retryable };
}

function problemIn(body: string): Problem | undefined {
  try {
    return Problem.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}

function failed(status: number, title: string, detail: string): CallOutcome {
  return { kind: 'failed', problem: { type: 'about:blank', title, status, detail }, retryable: true };
}
