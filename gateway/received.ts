import { holdsRun } from '../connector/feed.ts';
import { completeDue } from '../lib/archive/completion.ts';
import { Intake } from '../lib/archive/intake.ts';
import { deliverRuns } from '../lib/archive/outbox.ts';
import { hearReleases } from '../lib/archive/quarantine.ts';
import type { Spool } from '../lib/archive/spool.ts';
import type { Database } from '../lib/database/connection.ts';
import { Alarm } from '../lib/platform/alarm.ts';
import type { Configuration } from '../lib/platform/configuration.ts';
import type { Logger } from '../lib/platform/log.ts';
import { heldModel } from '../lib/runs/held-models.ts';
import { publishModels } from '../lib/runs/models.ts';
import type { ObjectStore } from '../lib/store/store.ts';
import type { Pipeline } from '../schemas/pipeline.ts';
import type { RunModel } from '../schemas/run.ts';
import type { createMetrics } from './metrics.ts';

/** While instances are ingested, how soon to look whether a study is complete, ms. */
const LOOK_WITHIN_MS = 50;

/** How often the folders of models are looked at again while a model could not be published, ms. */
const MODELS_AGAIN_MS = 10_000;

/** What becomes of what was received, and what that needs. */
export interface ReceivedContext {
  readonly configuration: Pick<Configuration, 'site' | 'quietSeconds' | 'modelFolders'>;
  readonly pipelines: ReadonlyMap<string, Pipeline>;
  readonly spool: Spool;
  readonly store: ObjectStore;
  readonly database: Database;
  readonly metrics: Pick<ReturnType<typeof createMetrics>, 'ingested' | 'runs'>;
  readonly log: Logger;
}

/** The work on what was received, as it goes on. */
export interface Received {
  start(): void;
  /** Resolves when what is in hand is done or has failed. */
  stop(): Promise<void>;
  /** The store's buckets are there, and the models in it as far as they can be used. */
  readonly isPrepared: boolean;
}

/**
 * Follows what lies in the spool to the store and the index, studies until they are complete, and their runs until the
 * connector holds them. What fails is tried again: a store or a database that is down delays, and nothing is lost.
 */
export function followReceived(context: ReceivedContext): Received {
  const { configuration, pipelines, spool, store, database, metrics, log } = context;
  let models: ReadonlyMap<string, RunModel> = new Map();
  let isPrepared = false;
  // One that was imported since the start is in the store alone.
  const model = async (name: string, version: string) =>
    models.get(`${name}@${version}`) ?? (await heldModel(store, name, version));

  const failed = (what: string) => (error: unknown) => log.warn({ err: error }, `${what} failed and is tried again`);
  const outbox = new Alarm(
    (now) => deliverRuns({ database, store, holdsRun: (run) => holdsRun(database, run) }, now),
    failed('handing over a run'),
  );
  const completion = new Alarm(
    (now) =>
      completeDue({ database, pipelines, model }, now, spool.oldest()?.receivedAt, () => {
        metrics.runs.inc();
        outbox.wake();
      }),
    failed('completing a study'),
  );
  const intake = new Intake(
    spool,
    { store, database, pipelines, routes: configuration.site.routes, quietSeconds: configuration.quietSeconds },
    log,
    (outcome) => {
      metrics.ingested.inc({ outcome });
      completion.wake(spool.depth === 0 ? 0 : LOOK_WITHIN_MS);
    },
  );
  const releases = new Alarm(
    () => hearReleases(database, () => completion.wake()).then(() => undefined),
    failed('hearing of releases from quarantine'),
  );
  const preparation = new Alarm(async (now) => {
    await store.prepare();
    let refused = false;
    models = await publishModels(store, configuration.modelFolders, (error) => {
      refused = true;
      log.warn({ err: error }, 'a model cannot be used');
    });
    isPrepared = true;
    completion.wake();
    return refused ? new Date(now.getTime() + MODELS_AGAIN_MS) : undefined;
  }, failed('preparing the store'));

  return {
    start: () => {
      preparation.wake();
      intake.start();
      completion.wake();
      outbox.wake();
      releases.wake();
    },
    stop: async () => {
      await intake.stop();
      await Promise.all([preparation, completion, outbox, releases].map((alarm) => alarm.stop()));
    },
    get isPrepared() {
      return isPrepared;
    },
  };
}
