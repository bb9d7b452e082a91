import { rm } from 'node:fs/promises';
import { hearDeliveries } from '../../lib/archive/deliveries.ts';
import { Alarm } from '../../lib/platform/alarm.ts';
import type { Logger } from '../../lib/platform/log.ts';
import { type DeliveryContext, deliverDue } from './deliver.ts';
import { followRequests } from './requests.ts';

/** The work on results that receivers are to have, as it goes on. */
export interface Deliveries {
  start(): Promise<void>;
  /** Gives up what is being sent, which then goes out at the next start; resolves when nothing goes on. */
  stop(): Promise<void>;
}

/** Hears what runs and people want delivered, and delivers it. What fails is tried again. */
export function followDeliveries(
  context: Omit<DeliveryContext, 'signal' | 'whose'> & { readonly log: Logger },
): Deliveries {
  const { database, receivers, folder, log } = context;
  const stopping = new AbortController();
  const failed = (what: string) => (error: unknown) => log.warn({ err: error }, `${what} failed and is tried again`);
  const delivering = { ...context, signal: stopping.signal };
  // Each receiver on its own, so that one that is slow, or says nothing, holds up no other; then those that the site names no more.
  const deliveries = [
    ...receivers.map(({ name }) => ({ only: name })),
    { except: receivers.map(({ name }) => name) },
  ].map((whose) => new Alarm((now) => deliverDue({ ...delivering, whose }, now), failed('delivering results')));
  const deliver = () => {
    for (const delivery of deliveries) delivery.wake();
  };
  let requests: Awaited<ReturnType<typeof followRequests>> | undefined;
  const listening = new Alarm(async () => {
    requests ??= await followRequests({ ...context, queued: deliver });
    await hearDeliveries(database, deliver);
    return undefined;
  }, failed('hearing requests for delivery'));

  return {
    start: async () => {
      // A gateway that was killed while it sent left patients' images there.
      await rm(folder, { recursive: true, force: true });
      listening.wake();
      deliver();
    },
    stop: async () => {
      stopping.abort();
      await Promise.all([listening, ...deliveries].map((alarm) => alarm.stop()));
      await requests?.close();
    },
  };
}
