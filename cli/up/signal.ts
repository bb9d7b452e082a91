/** Ctrl-C under npm comes twice, from the terminal and from npm: what follows this soon is the same wish, ms. */
const SAME_WISH_MS = 2_000;

/**
 * Aborts at the first SIGTERM or SIGINT (Ctrl-C); one that comes clearly later ends the process at once, and the parts
 * end with it.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  let first: number | undefined;
  const hear = () => {
    if (first !== undefined && performance.now() - first > SAME_WISH_MS) process.exit(1);
    first ??= performance.now();
    controller.abort();
  };
  process.on('SIGTERM', hear);
  process.on('SIGINT', hear);
  return controller.signal;
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
