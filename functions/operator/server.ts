import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Service } from '../../lib/platform/lifecycle.ts';
import { listen } from '../../lib/platform/listen.ts';
import type { Logger } from '../../lib/platform/log.ts';
import { ProblemError, problemOf } from '../../lib/platform/problem.ts';
import { ObjectChangedError, ObjectNotFoundError, type ObjectStore } from '../../lib/store/store.ts';
import { RunId } from '../../schemas/run.ts';
import { Slug } from '../../schemas/scalars.ts';
import type { Operator } from './define.ts';
import { ModelCache } from './models.ts';
import { runStep, type StepWorld } from './step.ts';

/** Most bytes of a call's body: it names a run and a step, nothing more. */
const BODY_LIMIT = 16_384;
const NOT_READY = new ProblemError(503, 'Not ready', 'This function takes no call: it is starting or stopping.');
/** Between two tries to reach a store that is not there yet, ms. */
const STORE_RETRY_MS = 250;

const Call = z.strictObject({ run: RunId, step: Slug });
const Attempt = z.coerce.number().int().min(1).optional();
const Deadline = z.coerce.number().int().positive().optional();

export interface ServeOptions {
  readonly operator: Operator;
  readonly store: ObjectStore;
  readonly log: Logger;
  /** @default 127.0.0.1 */
  readonly host?: string;
  /** 0: any free one. */
  readonly port: number;
}

/**
 * An operator behind the OpenFaaS workload contract: `POST /` with `{run, step}`, `/_/health`, `/_/ready`.
 *
 * Answers 200 with the manifest, 422 where the input can never work, 503 where it is too early, 504 past the deadline,
 * 500 for the rest; all but 200 as problem+json. The header `Overread-Deadline` (ms since 1970) and a caller who hangs
 * up stop the work. `start` waits until the store can be reached; `stop` lets the call in hand end first.
 */
export function operatorService({ operator, store, log, host = '127.0.0.1', port }: ServeOptions): Service {
  const world: StepWorld = { store, models: new ModelCache(store), log };
  const inHand = new Set<Promise<void>>();
  let ready = false;
  const stopping = new AbortController();

  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '/';
    if (path === '/_/health') return answer(response, 200, { status: 'ok' });
    if (path === '/_/ready' && ready) return answer(response, 200, { status: 'ready' });
    if (!ready) return answerProblem(response, NOT_READY);
    if (path !== '/') return answerProblem(response, new ProblemError(404, 'Not found', `There is no ${path} here.`));
    if (request.method !== 'POST') {
      return answerProblem(response, new ProblemError(405, 'Method not allowed', 'A step is started by POST.'));
    }
    const call = handle(operator, request, response, world).finally(() => inHand.delete(call));
    inHand.add(call);
  });

  return {
    start: async () => {
      const address = `http://${host}:${await listen(server, host, port)}`;
      await reachStore(store, log, stopping.signal);
      ready = !stopping.signal.aborted;
      return { address };
    },
    stop: async () => {
      ready = false;
      stopping.abort();
      await Promise.all(inHand);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await operator.close?.();
      await store.close();
    },
  };
}

/** Waits for a store that is not there: a function that ended instead would be started again at growing intervals. */
async function reachStore(store: ObjectStore, log: Logger, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted) {
    try {
      return await store.prepare();
    } catch (error) {
      log.warn({ err: error }, 'the store cannot be reached; trying again');
      await sleep(STORE_RETRY_MS, undefined, { signal: stopping }).catch(() => {});
    }
  }
}

async function handle(operator: Operator, request: IncomingMessage, response: ServerResponse, world: StepWorld) {
  const begun = performance.now();
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('the caller hung up')));
  let log = world.log;
  try {
    const deadline = deadlineOf(request);
    const signal = deadline === undefined ? gone.signal : AbortSignal.any([gone.signal, deadline]);
    const call = parse(Call, await readBody(request), 'The body');
    const attempt = parse(Attempt, request.headers['overread-attempt'], 'Overread-Attempt');
    log = log.child({ run: call.run, step: call.step, ...(attempt === undefined ? {} : { attempt }) });
    const manifest = await untilAborted(runStep(operator, { ...call, attempt, signal }, { ...world, log }), signal);
    log.info({ ms: Math.round(performance.now() - begun), timings: manifest.timings }, 'step done');
    answer(response, 200, manifest);
  } catch (error) {
    const problem = meaningOf(error);
    const known = problem.problem.status < 500;
    log[known ? 'info' : 'error']({ ms: Math.round(performance.now() - begun), err: error }, 'step not done');
    answerProblem(response, problem);
  }
}

/** Aborted at the moment that the header names; at once where it has passed. */
function deadlineOf(request: IncomingMessage): AbortSignal | undefined {
  const at = parse(Deadline, request.headers['overread-deadline'], 'Overread-Deadline');
  if (at === undefined) return undefined;
  // A timer holds at most 2^31 - 1 ms; later than that is never.
  return AbortSignal.timeout(Math.min(Math.max(0, at - Date.now()), 2 ** 31 - 1));
}

/** Ends with the work, or at once when the signal aborts: the caller does not wait for work that checks the signal late. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** What an error means to the caller. Texts from the inside stay in the log. */
function meaningOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof Error && error.name === 'TimeoutError') {
    return new ProblemError(504, 'Deadline passed', 'The step did not end before its deadline.', { cause: error });
  }
  if (error instanceof ObjectNotFoundError) {
    return new ProblemError(500, 'Input missing', `Object ${error.key} is not in the store.`, { cause: error });
  }
  if (error instanceof ObjectChangedError)
    return new ProblemError(500, 'Input changed', error.message, { cause: error });
  const { status, title, detail } = problemOf(error);
  return new ProblemError(status, title, detail ?? title, { cause: error });
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > BODY_LIMIT) throw new ProblemError(413, 'Too large', `A call has at most ${BODY_LIMIT} bytes.`);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new ProblemError(400, 'Not understood', 'The body is not JSON; it names a run and a step.', { cause: error });
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.length ? ` (${issue.path.join('.')})` : '';
  throw new ProblemError(400, 'Not understood', `${what}${where}: ${issue?.message ?? 'not valid'}.`);
}

function answerProblem(response: ServerResponse, error: ProblemError): void {
  answer(response, error.problem.status, error.problem, 'application/problem+json');
}

function answer(response: ServerResponse, status: number, body: unknown, type = 'application/json'): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, { 'content-type': type });
  response.end(JSON.stringify(body));
}
