import { setTimeout } from 'node:timers/promises';
import type { ObjectEvent } from '../../schemas/store.ts';

/** What hears of events: it has taken one when it resolves. */
export type EventListener = (event: ObjectEvent) => Promise<void>;

/** Pauses between deliveries of an event that its listener refused, ms; the last one repeats. */
const BACKOFF_MS = [50, 200, 1000, 5000] as const;

/** The pause after so many failures in a row (from 0), ms. */
export function backoff(failures: number): number {
  return BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)] ?? 0;
}

/** Waits, or less when `signal` is aborted. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await setTimeout(milliseconds, undefined, { signal }).catch(() => {});
}

/**
 * Hands an event to its listener until that takes it, with growing pauses. A listener stores the event; when it refuses,
 * its database is away, and later events would fare no better: so they wait, in order.
 *
 * @returns false when `signal` was aborted before the listener took it
 */
export async function insist(listener: EventListener, event: ObjectEvent, signal: AbortSignal): Promise<boolean> {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      await listener(event);
      return true;
    } catch {
      await pause(backoff(failures), signal);
    }
  }
  return false;
}
