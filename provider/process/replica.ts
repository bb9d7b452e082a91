import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../lib/platform/listen.ts';
import type { Endpoint, Workload } from '../runtime.ts';
import { splitCommand } from './command.ts';
import { type ProcessLedger, signalGroup } from './ledger.ts';
import { forEachLine } from './lines.ts';

const HOST = '127.0.0.1';
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 30_000;
/** A replica that took calls for this long was sound: the next failure counts as the first. */
const STABLE_MS = 30_000;
/** Longest time from start to ready; models are loaded in it. */
const START_LIMIT_MS = 120_000;
const PROBE_EVERY_MS = 25;
const PROBE_LIMIT_MS = 2_000;
const HEALTH_PATH = '/_/health';
/** A function that does not answer for so long, and lets calls time out, hangs. */
const HEALTH_LIMIT_MS = 10_000;
const LAST_WORDS_MS = 500;

export interface ReplicaOptions {
  readonly workload: Workload;
  /** Position among the function's replicas. */
  readonly index: number;
  /** Folder the command runs in. */
  readonly folder: string;
  /** What every function of the runtime has in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly ledger: ProcessLedger;
  readonly say: (instance: string, text: string) => void;
}

/**
 * One process of a function, kept alive: started, probed until it takes calls, started again when it ends, at growing
 * intervals (0.2 s to 30 s) while it does not get sound. Each start has a port and an id of its own.
 */
export class Replica {
  readonly #options: ReplicaOptions;
  readonly #ending = new AbortController();
  readonly #life: Promise<void>;
  #instance = '';
  #child: ChildProcess | undefined;
  #endpoint: Endpoint | undefined;
  #trouble = 'is starting';

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#life = this.#live();
  }

  /** Undefined while it takes no calls. */
  get endpoint(): Endpoint | undefined {
    return this.#endpoint;
  }

  /** Why it takes no calls; undefined when it does. */
  get trouble(): string | undefined {
    return this.#endpoint === undefined ? this.#trouble : undefined;
  }

  /** Longest time that calls in hand have when it is asked to end, ms. */
  get drainMs(): number {
    return this.#options.workload.drainMs;
  }

  /** Kills the process if it does not answer: it let a call run into its time-out. Then it is started again. */
  async suspect(): Promise<void> {
    const [pid, endpoint] = [this.#child?.pid, this.#endpoint];
    if (pid === undefined || endpoint === undefined) return;
    const status = await statusAt(endpoint.port, HEALTH_PATH, AbortSignal.timeout(HEALTH_LIMIT_MS));
    if (status !== undefined || this.#endpoint !== endpoint) return;
    this.#say(`has not answered ${HEALTH_PATH} for ${HEALTH_LIMIT_MS / 1000} s and is killed`);
    signalGroup(pid, 'SIGKILL');
  }

  /**
   * No more calls; SIGTERM, so that those in hand are finished; SIGKILL after `drainMs`. Asked again, the earlier time
   * counts.
   */
  async end(drainMs = this.drainMs): Promise<void> {
    this.#endpoint = undefined;
    this.#ending.abort();
    const pid = this.#child?.pid;
    if (pid === undefined) return this.#life;
    signalGroup(pid, 'SIGTERM');
    const kill = setTimeout(() => signalGroup(pid, 'SIGKILL'), drainMs);
    await this.#life;
    clearTimeout(kill);
  }

  async #live(): Promise<void> {
    const { signal } = this.#ending;
    let failures = 0;
    while (!signal.aborted) {
      const { why, soundMs } = await this.#runOnce().catch((error: unknown) => ({
        why: `cannot be started (${error instanceof Error ? error.message : error})`,
        soundMs: 0,
      }));
      if (signal.aborted) return;
      failures = soundMs >= STABLE_MS ? 0 : failures + 1;
      const delay = Math.min(FIRST_DELAY_MS * 2 ** Math.max(0, failures - 1), LONGEST_DELAY_MS);
      this.#trouble = `${why}, and is started again in ${delay / 1000} s`;
      this.#say(this.#trouble);
      await sleep(delay, undefined, { signal }).catch(() => {});
    }
  }

  /** From start to end of one process. */
  async #runOnce(): Promise<{ why: string; soundMs: number }> {
    const { workload, index, ledger } = this.#options;
    this.#instance = `${workload.name}-${index}-${randomBytes(3).toString('hex')}`;
    // A function that finds it taken by then ends, and gets another at its next start.
    const port = await freePort(HOST);
    if (this.#ending.signal.aborted) return { why: 'ended', soundMs: 0 };
    const child = this.#spawn(port);
    this.#child = child;
    const { pid } = child;
    try {
      if (pid !== undefined) ledger.add(pid);
    } catch (error) {
      // The disk is full: a process that is not written down would be nobody's, and outlive us.
      if (pid !== undefined) signalGroup(pid, 'SIGKILL');
      this.#child = undefined;
      throw error;
    }
    const gone = new AbortController();
    const readyAt = this.#probe(child, port, gone.signal);
    const closed = new Promise((resolve) => child.once('close', resolve));
    const why = await untilEnded(child);
    this.#endpoint = undefined;
    this.#child = undefined;
    gone.abort();
    if (pid !== undefined) {
      signalGroup(pid, 'SIGKILL');
      ledger.delete(pid);
      // Its last words come before ours; what it has started and let go of may hold the pipe open.
      await Promise.race([closed, sleep(LAST_WORDS_MS)]);
    }
    const since = await readyAt;
    return { why, soundMs: since === undefined ? 0 : Date.now() - since };
  }

  #spawn(port: number): ChildProcess {
    const { workload, folder, environment } = this.#options;
    const [program, ...parameters] = splitCommand(workload.command);
    // Node programs also get a channel that closes with the provider (functions/operator.ts ends on it); others would
    // only inherit a descriptor they do not know.
    const isNode = path.basename(program) === 'node';
    // stack.yml writes `${S3_ENDPOINT}`: empty means not set, and must not hide what the provider has.
    const own = Object.entries(workload.environment).filter(([name, value]) => value !== '' || !(name in environment));
    const child = spawn(program, parameters, {
      cwd: folder,
      env: {
        ...environment,
        ...Object.fromEntries(own),
        PORT: String(port),
        secret_mount_path: workload.secretsFolder,
      },
      stdio: ['ignore', 'pipe', 'pipe', ...(isNode ? (['ipc'] as const) : [])],
      // A process group of its own, so that what the function starts ends with it.
      detached: true,
    });
    const say = (line: string) => this.#say(line);
    if (child.stdout !== null) forEachLine(child.stdout, say);
    if (child.stderr !== null) forEachLine(child.stderr, say);
    return child;
  }

  /** Asks until the replica takes calls; the time of that, or undefined if it ended before. */
  async #probe(child: ChildProcess, port: number, gone: AbortSignal): Promise<number | undefined> {
    const deadline = Date.now() + START_LIMIT_MS;
    while (!gone.aborted) {
      if (await isReady(port, this.#options.workload.readyPath, gone)) {
        if (gone.aborted || this.#ending.signal.aborted) return undefined;
        this.#endpoint = { id: this.#instance, host: HOST, port };
        return Date.now();
      }
      if (Date.now() > deadline && child.pid !== undefined) {
        this.#say(`is not ready after ${START_LIMIT_MS / 1000} s`);
        signalGroup(child.pid, 'SIGKILL');
        return undefined;
      }
      await sleep(PROBE_EVERY_MS, undefined, { signal: gone }).catch(() => {});
    }
    return undefined;
  }

  #say(text: string): void {
    this.#options.say(this.#instance, text);
  }
}

/** Why the process is no more, as the end of a sentence. */
function untilEnded(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(`cannot be started (${error.message})`));
    child.once('exit', (status, signal) => resolve(`ended with ${signal ?? `status ${status}`}`));
  });
}

/** A function without such a page (404) is taken as ready when it answers at all. */
async function isReady(port: number, readyPath: string, gone: AbortSignal): Promise<boolean> {
  const status = await statusAt(port, readyPath, AbortSignal.any([gone, AbortSignal.timeout(PROBE_LIMIT_MS)]));
  return status === 200 || status === 404;
}

/** Status of the answer; undefined if there is none. */
function statusAt(port: number, page: string, signal: AbortSignal): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = http.get({ host: HOST, port, path: page, signal, agent: false });
    request.on('error', () => resolve(undefined));
    request.once('response', (response) => {
      response.resume();
      response.once('error', () => {});
      resolve(response.statusCode);
    });
  });
}
