import type { Configuration } from '../../lib/platform/configuration.ts';
import { aborted, stopSignal } from '../up/signal.ts';
import { startOverread } from '../up/up.ts';

/** Starts everything and serves until SIGTERM or Ctrl-C, which also ends a start that is under way. */
export async function up(configuration: Configuration): Promise<void> {
  const signal = stopSignal();
  const running = await startOverread(configuration, console.log, signal);
  if (running === undefined) return;
  console.log(`Overread is ready: ${running.web}`);
  await aborted(signal);
  console.log('Stopping …');
  await running.stop();
}
