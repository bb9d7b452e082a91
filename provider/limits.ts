import { ProblemError } from '../lib/platform/problem.ts';

/** What a function's environment says of its calls, read as of-watchdog reads it. */
export interface CallLimits {
  /** From the first byte of the request to the last of the answer, ms; then 504. Undefined: none. */
  readonly execMs: number | undefined;
  /** For the request's body to come in, ms; then 408. Undefined: none. */
  readonly readMs: number | undefined;
  /** Calls at once in one replica; then 429. Undefined: any number. */
  readonly maxInflight: number | undefined;
}

/** As in of-watchdog. */
const DEFAULT_MS = 30_000;

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * Limits from `exec_timeout`, `read_timeout`, `write_timeout` (Go durations like `1m30s`, or seconds; 0: none; absent:
 * 30 s) and `max_inflight` (0 or absent: any number). The earlier of exec and write ends a call.
 *
 * @throws {ProblemError} 400, naming the setting that cannot be read
 */
export function readLimits(environment: Readonly<Record<string, string>>): CallLimits {
  const exec = duration(environment, 'exec_timeout');
  const write = duration(environment, 'write_timeout');
  return {
    execMs: exec === undefined || write === undefined ? (exec ?? write) : Math.min(exec, write),
    readMs: duration(environment, 'read_timeout'),
    maxInflight: count(environment, 'max_inflight'),
  };
}

function duration(environment: Readonly<Record<string, string>>, name: string): number | undefined {
  const text = environment[name]?.trim() ?? '';
  if (text === '') return DEFAULT_MS;
  if (/^\d+$/.test(text)) return Number(text) * 1_000 || undefined;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) {
    throw refusal(`${name} is a duration such as 30s, 1m30s or 500ms; found: ${text}`);
  }
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNITS_MS[unit ?? ''] ?? 0), 0) || undefined;
}

function count(environment: Readonly<Record<string, string>>, name: string): number | undefined {
  const text = environment[name]?.trim() ?? '';
  if (text === '') return undefined;
  if (!/^\d+$/.test(text)) throw refusal(`${name} is a whole number; found: ${text}`);
  return Number(text) || undefined;
}

function refusal(detail: string): ProblemError {
  return new ProblemError(400, 'Environment refused', detail);
}
