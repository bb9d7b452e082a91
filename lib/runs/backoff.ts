/** Pause before a step is tried again: doubled with each failure, up to a limit. */
const FIRST_MS = 500;
const LONGEST_MS = 60_000;

/** Milliseconds to wait after that many failures in a row: 0.5 s, 1 s, 2 s … 60 s. */
export function backoffMs(failures: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, failures - 1));
}
