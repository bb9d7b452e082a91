import { errorCode } from '../lib/platform/error-code.ts';
import { FaasError, type Invocation } from '../provider/client.ts';
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

/** What is needed of `FaasClient`. */
export interface Invoker {
  invoke(
    name: string,
    body: string,
    options: { headers: Record<string, string>; signal: AbortSignal },
  ): Promise<Invocation>;
}

/** A function is given this long after its deadline to say that it stopped, ms. */
const GRACE_MS = 5_000;

/** Longest text of a gateway that is taken over into a reason, characters. */
const TEXT_LIMIT = 300;

/** Longest sentence of a function's problem, characters. */
const DETAIL_LIMIT = 1000;

/** Statuses by which a gateway says that it has no free, or no, function at this moment; 401 and 403: not for us, so far. */
const NOT_YET = new Map([
  [401, 'the gateway does not accept our credentials'],
  [403, 'the gateway does not let us call it'],
  [404, 'the function is not deployed'],
  [429, 'the function has all the calls it can take'],
  [503, 'the function does not take calls at the moment'],
]);

/** System errors of a connection that was never made. */
const UNREACHABLE = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);

/**
 * Calls a function and waits for the end of its work, at most until a few seconds after its deadline.
 *
 * @param signal aborted when the connector stops
 * @throws the signal's reason when it is aborted
 */
export async function callFunction(faas: Invoker, call: CallRequest, signal: AbortSignal): Promise<CallOutcome> {
  const { operator, run, step, attempt, deadline } = call;
  const timeout = AbortSignal.timeout(Math.max(0, deadline + GRACE_MS - Date.now()));
  try {
    const answer = await faas.invoke(operator, JSON.stringify({ run, step }), {
      headers: {
        'Content-Type': 'application/json',
        'Overread-Attempt': String(attempt),
        'Overread-Deadline': String(deadline),
      },
      signal: AbortSignal.any([signal, timeout]),
    });
    return outcomeOf(operator, answer);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof FaasError)) throw error;
    if (timeout.aborted) {
      return failed(504, 'Time-out', `Function ${operator} did not answer before its deadline.`);
    }
    const code = errorCode(error.cause);
    if (UNREACHABLE.has(code)) return { kind: 'not-yet', reason: `the gateway cannot be reached (${code})` };
    return failed(502, 'Connection lost', `The connection to function ${operator} was lost.`);
  }
}

/** Whether a gateway answers. */
export async function isReachable(address: string): Promise<boolean> {
  try {
    const answer = await fetch(new URL('/healthz', address), { signal: AbortSignal.timeout(2_000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

function outcomeOf(operator: string, { status, body, fromGateway }: Invocation): CallOutcome {
  if (status === 200) return { kind: 'answered' };
  const text = body
    .subarray(0, 64 * 1024)
    .toString('utf8')
    .trim();
  // Only a gateway's own words are passed on: what a function writes outside of a problem may be anything.
  const said = fromGateway && text !== '' && text.length <= TEXT_LIMIT ? text : undefined;
  const notYet = NOT_YET.get(status);
  if (notYet !== undefined) return { kind: 'not-yet', reason: said ?? `${notYet} (${status})` };
  const retryable = status >= 500 || status === 408;
  const problem = problemIn(text) ?? {
    type: 'about:blank',
    title: retryable ? 'The function failed' : 'The function refused the call',
    status,
    detail: said ?? `Function ${operator} answered ${status}.`,
  };
  return { kind: 'failed', problem, retryable };
}

function problemIn(text: string): Problem | undefined {
  try {
    const problem = Problem.safeParse(JSON.parse(text)).data;
    if (problem?.detail === undefined) return problem;
    return { ...problem, title: printable(problem.title), detail: printable(problem.detail) };
  } catch {
    return undefined;
  }
}

/** A sentence may hold what a file says: without the characters that PostgreSQL refuses (NUL) or that turn a page round. */
function printable(text: string): string {
  const shown = text.length > DETAIL_LIMIT ? `${text.slice(0, DETAIL_LIMIT)}…` : text;
  return shown.replaceAll(/\p{C}/gu, ' ');
}

function failed(status: number, title: string, detail: string): CallOutcome {
  return { kind: 'failed', problem: { type: 'about:blank', title, status, detail }, retryable: true };
}
