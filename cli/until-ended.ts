import type { Api, ShownRun } from './api.ts';
import { CommandError, EXIT } from './exit.ts';

/** How long a run may take that a command waits for, ms. */
const LIMIT_MS = 30 * 60_000;
const POLL_MS = 500;

/** Waits for the end of a run that was just submitted. @throws {CommandError} it has not ended in half an hour */
export async function untilRunEnded(api: Api, run: string): Promise<ShownRun> {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    // The projection may not have it yet.
    const shown = await api.run(run).catch((error: unknown) => {
      if (error instanceof CommandError && error.status === EXIT.failed) return undefined;
      throw error;
    });
    if (shown !== undefined && shown.finishedAt !== null) return shown;
    if (Date.now() > deadline) {
      throw new CommandError(
        EXIT.failed,
        `Run ${run} has not ended in ${LIMIT_MS / 60_000} minutes: \`overread run show ${run}\` says where it is.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
