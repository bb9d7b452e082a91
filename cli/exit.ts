/** Exit statuses of every command. */
export const EXIT = { good: 0, failed: 1, usage: 2, notReady: 3 } as const;

/** A command cannot do its work; the message is shown as it is and `status` ends the process. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly status: number;

  constructor(status: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
  }
}
