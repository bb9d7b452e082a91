/** Aborts at the first SIGTERM or SIGINT (Ctrl-C); a second one ends the process at once, and the parts end with it. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const hear = () => {
    if (controller.signal.aborted) process.exit(1);
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
