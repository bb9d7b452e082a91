import { ZodError } from 'zod';
import { followEvents, notePassed } from '../../connector/feed.ts';
import { moveCursor, readCursor } from '../../lib/archive/cursor.ts';
import { queueDeliveries } from '../../lib/archive/deliveries.ts';
import type { Database } from '../../lib/database/connection.ts';
import type { Logger } from '../../lib/platform/log.ts';
import { readRun } from '../../lib/runs/state.ts';
import { ObjectNotFoundError, type ObjectStore } from '../../lib/store/store.ts';
import { DeliveryRequest } from '../../schemas/delivery.ts';
import type { Run } from '../../schemas/run.ts';
import type { Receiver } from '../../schemas/site.ts';

const CURSOR = 'deliveries';

/** `<pipeline>/<run>/deliver.json` of the bucket `results`. */
const REQUEST = /^[^/]+\/([0-9a-f]{64})\/deliver\.json$/;

/** How far it has come is written down this often besides, ms, so that old events can be forgotten. */
const NOTE_EVERY_MS = 60_000;

/** What hearing requests needs. */
export interface RequestContext {
  readonly store: ObjectStore;
  readonly database: Database;
  readonly receivers: readonly Receiver[];
  readonly log: Logger;
  /** Something was queued. */
  readonly queued: () => void;
}

/**
 * Hears the requests of runs for delivery, each at least once, from where it stopped the last time. A replay is made to be
 * compared: what it asks for is left alone.
 */
export async function followRequests(context: RequestContext): Promise<{ close(): Promise<void> }> {
  const { database, log } = context;
  const after = await readCursor(database, CURSOR);
  await notePassed(database, 'deliveries', after);
  let notedAt = Date.now();
  return followEvents(
    database,
    {
      after,
      buckets: ['results'],
      onError: (error) => log.warn({ err: error }, 'a request for delivery waits'),
    },
    async ({ id, key }) => {
      if (REQUEST.test(key)) {
        await take(context, key);
        await moveCursor(database, CURSOR, id);
      }
      if (Date.now() - notedAt < NOTE_EVERY_MS) return;
      await moveCursor(database, CURSOR, id);
      await notePassed(database, 'deliveries', id);
      notedAt = Date.now();
    },
  );
}

async function take({ store, database, receivers, log, queued }: RequestContext, key: string): Promise<void> {
  const request = await readRequest(store, key);
  if (typeof request === 'string') {
    log.error({ key }, `a request for delivery is left out: ${request}`);
    return;
  }
  const run = await readPlan(store, request.run);
  if (run === undefined) {
    log.error({ key }, 'a request for delivery is left out: its run is gone, or damaged');
    return;
  }
  const { replayOf, pipeline } = run;
  if (replayOf !== null) return;
  const unknown = request.receivers?.filter((name) => !receivers.some((receiver) => receiver.name === name)) ?? [];
  for (const name of unknown) {
    log.error({ run: request.run }, `a run asks for delivery to ${name}, which the site's file does not name`);
  }
  const site = { receivers, pipelineVersion: pipeline.version, now: new Date() };
  if ((await queueDeliveries(database, request, site)) > 0) queued();
}

/** Undefined where there is no plan, or none that is one: asking again would hold up all that is asked for later. */
async function readPlan(store: ObjectStore, id: string): Promise<Run | undefined> {
  try {
    return await readRun(store, id);
  } catch (error) {
    const isNone = error instanceof ObjectNotFoundError || error instanceof SyntaxError || error instanceof ZodError;
    if (isNone) return undefined;
    throw error;
  }
}

async function readRequest(store: ObjectStore, key: string): Promise<DeliveryRequest | string> {
  let json: unknown;
  try {
    json = JSON.parse((await store.get('results', key)).toString('utf8'));
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return 'it is gone';
    if (error instanceof SyntaxError) return 'it is no JSON';
    throw error;
  }
  const parsed = DeliveryRequest.safeParse(json);
  if (!parsed.success) return 'it has another shape';
  return parsed.data.run === REQUEST.exec(key)?.[1] ? parsed.data : 'it names another run than its key';
}
