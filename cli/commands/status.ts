import type { Configuration } from '../../lib/platform/configuration.ts';
import { CommandError, EXIT } from '../exit.ts';
import { notRunning, readStatusFile } from '../up/data-folder.ts';
import { readiness } from '../up/up.ts';

/**
 * Says what runs and whether it is ready.
 *
 * @throws {CommandError} (3) nothing runs, or a part is not ready
 */
export async function status(configuration: Configuration, options: { readonly json: boolean }): Promise<void> {
  const running = readStatusFile(configuration);
  const parts = await Promise.all(
    (running?.parts ?? []).map(async (part) => {
      const why = part.address === null ? undefined : await readiness(part.address);
      const ready = part.state === 'ready' && why === undefined;
      return { ...part, ready, reason: ready ? null : (why ?? part.state) };
    }),
  );
  const ready = running !== undefined && parts.every((part) => part.ready);
  if (options.json) {
    console.log(JSON.stringify({ ready, pid: running?.pid ?? null, web: running?.web ?? null, parts }, null, 2));
  } else {
    for (const { name, pid, ports, ready: isReady, reason, restarts } of parts) {
      const listening = Object.entries(ports).map(([protocol, port]) => `${protocol} ${port}`);
      const again = restarts === 0 ? '' : `, restarted ${restarts === 1 ? 'once' : `${restarts} times`}`;
      console.log(
        `${name.padEnd(10)} ${isReady ? 'ready' : `not ready: ${reason}`} (process ${pid}, ${listening}${again})`,
      );
    }
    if (running !== undefined) console.log(`${running.web}`);
  }
  if (running === undefined) throw notRunning(configuration);
  if (!ready) throw new CommandError(EXIT.notReady, 'Not every part is ready.');
}
