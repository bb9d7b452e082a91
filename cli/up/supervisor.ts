import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { HOME } from '../../lib/platform/configuration.ts';
import { errorCode } from '../../lib/platform/error-code.ts';
import type { Part } from './parts.ts';

export type PartState = 'starting' | 'ready' | 'restarting' | 'stopped';

/** A part under supervision. */
export interface Supervised {
  readonly part: Part;
  state(): PartState;
  pid(): number | undefined;
  /** Base of its `/readyz`, as far as it is known. */
  address(): string | undefined;
  /** How often it was started anew. */
  restarts(): number;
  /** Resolves at the first readiness. @throws {Error} it ended before, with what it said last */
  readonly firstReady: Promise<void>;
  /** SIGTERM, and SIGKILL after the limit; resolves when the process is gone. It is not started again. */
  stop(): Promise<void>;
}

/** What the supervisor tells its owner. */
export interface SupervisorEvents {
  /** A line that the part wrote, of its log or for the person at the terminal. */
  line(part: Part, line: string): void;
  /** State, pid or address changed. */
  changed(): void;
}

/** Where Node keeps what it compiled, so that the next start is quicker; harmless where it cannot be written. */
const COMPILE_CACHE = path.join(HOME, 'node_modules/.cache/node-compile');

/** First pause before a part that ended is started again, doubled at each further end, ms. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
/** A part that ran this long has recovered: its next pause is the first one again, ms. */
const STABLE_MS = 30_000;
/** Longer than the limit that a service sets itself, so that it can say what was left, ms. */
const KILL_AFTER_MS = 15_000;

/**
 * Starts a part and keeps it alive. It gets a process group of its own, so that Ctrl-C at the terminal reaches only us and
 * the parts are stopped in order; it ends by itself when we are gone, since its IPC channel closes.
 */
export function supervise(
  part: Part,
  environment: Readonly<Record<string, string | undefined>>,
  events: SupervisorEvents,
): Supervised {
  let child: ChildProcess | undefined;
  let state: PartState = 'starting';
  let address = part.address;
  let restarts = 0;
  let pause = FIRST_PAUSE_MS;
  let timer: NodeJS.Timeout | undefined;
  let lastError = '';
  const first = Promise.withResolvers<void>();
  first.promise.catch(() => {});

  const change = (next: PartState) => {
    state = next;
    events.changed();
  };

  const spawned = () =>
    spawn(process.execPath, ['--disable-warning=ExperimentalWarning', part.entry], {
      cwd: HOME,
      env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...environment, ...part.environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });

  const start = () => {
    const startedAt = performance.now();
    const ended = (why: string) => {
      if (state === 'stopped') return;
      first.reject(new Error(`${part.name} ended at its start (${why}): ${lastError}`));
      if (performance.now() - startedAt > STABLE_MS) pause = FIRST_PAUSE_MS;
      change('restarting');
      timer = setTimeout(() => {
        restarts += 1;
        change('starting');
        start();
      }, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    };
    let started: ReturnType<typeof spawned>;
    try {
      started = spawned();
    } catch (error) {
      // The system has no memory or no place for a process now; some refusals are thrown, others are events.
      ended(errorCode(error));
      return;
    }
    child = started;
    started.once('error', (error) => {
      lastError = error.message;
    });
    for (const stream of [started.stdout, started.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        lastError = errorOf(line) ?? lastError;
        events.line(part, line);
      });
    }
    started.on('message', (message: unknown) => {
      const told = readReady(message);
      if (told === undefined || state === 'stopped') return;
      address = told.address ?? address;
      change('ready');
      first.resolve();
    });
    started.once('close', (status, signal) => ended(signal ?? `status ${status}`));
    events.changed();
  };
  start();

  return {
    part,
    state: () => state,
    pid: () => child?.pid,
    address: () => address,
    restarts: () => restarts,
    firstReady: first.promise,
    stop: async () => {
      clearTimeout(timer);
      change('stopped');
      await end(child);
    },
  };
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  await gone;
  clearTimeout(killer);
}

function readReady(message: unknown): { address: string | undefined } | undefined {
  if (typeof message !== 'object' || message === null || !('ready' in message)) return undefined;
  return { address: 'address' in message && typeof message.address === 'string' ? message.address : undefined };
}

/** The text of an error in a log line, to be told when a part cannot start. */
function errorOf(line: string): string | undefined {
  const entry = parseLogLine(line);
  if (entry === undefined) return line.trim() === '' ? undefined : line;
  return entry.level >= 50 ? (entry.error ?? entry.message) : undefined;
}

/** An entry of a part's log, as far as it concerns the terminal. */
export interface LogEntry {
  readonly level: number;
  readonly message: string;
  readonly error: string | undefined;
  /** The run and the step that it is about, where it names them. */
  readonly run: string | undefined;
  readonly step: string | undefined;
}

/** A line of a part's log (pino's JSON); undefined where the line is meant for people. */
export function parseLogLine(line: string): LogEntry | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const entry = JSON.parse(line);
    if (typeof entry !== 'object' || entry === null || typeof entry.level !== 'number') return undefined;
    const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
    return {
      level: entry.level,
      message: String(entry.msg ?? ''),
      error: text(entry.err?.message),
      run: text(entry.run),
      step: text(entry.step),
    };
  } catch {
    return undefined;
  }
}

/** Digits of a run's id that people are shown, as `overread runs` does. */
const SHOWN_DIGITS = 12;

/** An entry as the person at the terminal reads it. */
export function terminalLine(part: string, { message, error, run, step }: LogEntry): string {
  const about = [
    ...(run === undefined ? [] : [`run ${run.slice(0, SHOWN_DIGITS)}`]),
    ...(step === undefined ? [] : [`step ${step}`]),
  ];
  return `[${part}] ${message}${about.length === 0 ? '' : ` (${about.join(', ')})`}${error === undefined ? '' : `: ${error}`}`;
}
