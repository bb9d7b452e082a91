import { rm } from 'node:fs/promises';
import path from 'node:path';
import { holdsRun } from '../connector/feed.ts';
import { checkRoutes } from '../lib/archive/check-routes.ts';
import { completeDue } from '../lib/archive/completion.ts';
import { hearDeliveries } from '../lib/archive/deliveries.ts';
import { Intake } from '../lib/archive/intake.ts';
import { deliverRuns } from '../lib/archive/outbox.ts';
import { hearReleases } from '../lib/archive/quarantine.ts';
import { Spool } from '../lib/archive/spool.ts';
import type { Database } from '../lib/database/connection.ts';
import { Alarm } from '../lib/platform/alarm.ts';
import type { Configuration } from '../lib/platform/configuration.ts';
import { readConfigured } from '../lib/platform/configured.ts';
import type { Service } from '../lib/platform/lifecycle.ts';
import type { Logger } from '../lib/platform/log.ts';
import { readReceiverTls, readTls, watchTls } from '../lib/platform/tls.ts';
import { heldModel } from '../lib/runs/held-models.ts';
import { publishModels } from '../lib/runs/models.ts';
import { loadPipelines } from '../lib/runs/pipelines.ts';
import type { ObjectStore } from '../lib/store/store.ts';
import type { RunModel } from '../schemas/run.ts';
import { deliverDue } from './delivery/deliver.ts';
import { followRequests } from './delivery/requests.ts';
import { healthPages, serveHealth } from './health.ts';
import { createMetrics } from './metrics.ts';
import { DicomServer, type DicomTls } from './server.ts';

/** Time that senders have to end their associations when the gateway stops, ms. */
const STOP_GRACE_MS = 3_000;

/** While instances are ingested, how soon to look whether a study is complete, ms. */
const LOOK_WITHIN_MS = 50;

/** How often the folders of models are looked at again while a model could not be published, ms. */
const MODELS_AGAIN_MS = 10_000;

/**
 * The DICOM edge as a service. Receiving needs only the disk: it begins at once and goes on whatever else is down. What
 * was received goes on to the store, the index and the runs as these answer.
 */
export function gatewayService(
  configuration: Configuration,
  store: ObjectStore,
  database: Database,
  log: Logger,
): Service {
  const pipelines = loadPipelines(configuration.pipelineFolders);
  checkRoutes(configuration.site.routes, configuration.siteFile);
  for (const { name, pipeline } of configuration.site.routes) {
    if (!pipelines.has(pipeline)) log.warn(`route ${name} leads nowhere: there is no pipeline ${pipeline} here`);
  }
  const spool = new Spool(configuration.spool);
  const metrics = createMetrics(() => spool.depth);
  let models: ReadonlyMap<string, RunModel> = new Map();
  let prepared = false;
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
    prepared = true;
    completion.wake();
    return refused ? new Date(now.getTime() + MODELS_AGAIN_MS) : undefined;
  }, failed('preparing the store'));

  const stopping = new AbortController();
  const { receivers } = configuration.site;
  // They are read again for each delivery; what cannot be read already now stops the start.
  for (const receiver of receivers)
    if (receiver.protocol === 'c-store' && receiver.tls !== undefined) readReceiverTls(receiver.name, receiver.tls);
  const folder = path.join(configuration.data, 'outgoing');
  const callingAETitle = configuration.dicom.aeTitle;
  const delivering = { store, database, receivers, callingAETitle, folder, signal: stopping.signal };
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
    requests ??= await followRequests({ store, database, receivers, log, queued: deliver });
    await hearDeliveries(database, deliver);
    return undefined;
  }, failed('hearing requests for delivery'));

  const certificate = configuration.site.dicom.tls;
  const tls = certificate && dicomTls(certificate);
  const server = new DicomServer({ spool, log, metrics, isAccepted: acceptedTitles(configuration, pipelines) });
  const notReady = async () => {
    if (!prepared) return 'The store is not ready.';
    return database.sql`select 1`.then(
      () => undefined,
      () => 'PostgreSQL does not answer.',
    );
  };
  let watched: (() => void) | undefined;
  let health: Awaited<ReturnType<typeof serveHealth>> | undefined;

  return {
    start: async () => {
      await spool.open();
      // A gateway that was killed while it sent left patients' images there.
      await rm(folder, { recursive: true, force: true });
      health = await serveHealth(healthPages({ registry: metrics.registry, notReady }));
      const { host, port, tlsPort } = configuration.dicom;
      await server.listen(host, port);
      if (tls !== undefined && tlsPort !== undefined) await server.listenSecurely(host, tlsPort, tls);
      watched = certificate && watchTls(certificate, 'dicom.tls', log, () => server.renew(dicomTls(certificate)));
      preparation.wake();
      intake.start();
      completion.wake();
      outbox.wake();
      releases.wake();
      listening.wake();
      deliver();
      return { address: health.address };
    },
    stop: async () => {
      watched?.();
      await server.close(STOP_GRACE_MS);
      stopping.abort();
      await intake.stop();
      await Promise.all(
        [preparation, completion, outbox, releases, listening, ...deliveries].map((alarm) => alarm.stop()),
      );
      await requests?.close();
      await health?.close();
      await Promise.all([database.close(), store.close()]);
    },
  };
}

/** @throws {ConfigurationError} a file cannot be read, or they do not fit together */
function dicomTls(files: NonNullable<Configuration['site']['dicom']['tls']>): DicomTls {
  const { sendersFile } = files;
  const senders = sendersFile === undefined ? undefined : readConfigured(sendersFile, 'dicom.tls.sendersFile');
  return { ...readTls(files, 'dicom.tls'), senders };
}

/** The called AE titles served here: where the site lists some, those, our own and the pipelines'; else any. */
function acceptedTitles(
  configuration: Pick<Configuration, 'site' | 'dicom'>,
  pipelines: ReturnType<typeof loadPipelines>,
): (calledAETitle: string) => boolean {
  const listed = configuration.site.acceptedAETitles;
  if (listed.length === 0) return () => true;
  const titles = new Set([
    configuration.dicom.aeTitle,
    ...listed,
    ...[...pipelines.values()].map(({ calledAETitle }) => calledAETitle),
  ]);
  return (calledAETitle) => titles.has(calledAETitle);
}
