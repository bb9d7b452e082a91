import type { WaitingCall } from './call.ts';
import type { QueueDepth } from './queue.ts';
import type { DeadLetter } from './run-table.ts';

/** Where the connector stands: the answer of `/status`. */
export interface ConnectorStatus {
  /** The subscription to the store's events is open. */
  readonly listening: boolean;
  /** The OpenFaaS gateway answers. */
  readonly faas: boolean;
  readonly activeRuns: number;
  /** Runs that failed and wait for a person, the newest first, at most 100. */
  readonly deadLetters: readonly DeadLetter[];
  readonly queues: readonly QueueDepth[];
  /** Calls whose function is not there or has no place, with the reason. */
  readonly notYet: readonly WaitingCall[];
}
