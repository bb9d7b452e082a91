import path from 'node:path';
import { checkRoutes } from '../lib/archive/check-routes.ts';
import { Spool } from '../lib/archive/spool.ts';
import { connect, databaseUrl } from '../lib/database/connection.ts';
import type { Configuration } from '../lib/platform/configuration.ts';
import { readConfigured } from '../lib/platform/configured.ts';
import type { Service } from '../lib/platform/lifecycle.ts';
import type { Logger } from '../lib/platform/log.ts';
import { readReceiverTls, readTls, watchTls } from '../lib/platform/tls.ts';
import { loadPipelines } from '../lib/runs/pipelines.ts';
import { openStore } from '../lib/store/open.ts';
import { followDeliveries } from './delivery/follow.ts';
import { healthPages, serveHealth } from './health.ts';
import { createMetrics } from './metrics.ts';
import { followReceived } from './received.ts';
import { DicomServer, type DicomTls } from './server.ts';

/** Time that senders have to end their associations when the gateway stops, ms. */
const STOP_GRACE_MS = 3_000;

/**
 * The DICOM edge as a service. Receiving needs only the disk: it begins at once and goes on whatever else is down. What
 * was received goes on to the store, the index and the runs as these answer.
 *
 * @throws {ConfigurationError} a file that the site's configuration names cannot be used
 */
export function gatewayService(configuration: Configuration, log: Logger): Service {
  const store = openStore(configuration.store);
  const database = connect(databaseUrl(configuration));
  const pipelines = loadPipelines(configuration.pipelineFolders);
  checkRoutes(configuration.site.routes, configuration.siteFile);
  for (const { name, pipeline } of configuration.site.routes) {
    if (!pipelines.has(pipeline)) log.warn(`route ${name} leads nowhere: there is no pipeline ${pipeline} here`);
  }
  const { receivers } = configuration.site;
  // They are read again for each delivery; what cannot be read already now stops the start.
  for (const receiver of receivers)
    if (receiver.protocol === 'c-store' && receiver.tls !== undefined) readReceiverTls(receiver.name, receiver.tls);
  const spool = new Spool(configuration.spool);
  const metrics = createMetrics(() => spool.depth);
  const received = followReceived({ configuration, pipelines, spool, store, database, metrics, log });
  const folder = path.join(configuration.data, 'outgoing');
  const callingAETitle = configuration.dicom.aeTitle;
  const deliveries = followDeliveries({ store, database, receivers, callingAETitle, folder, log });

  const certificate = configuration.site.dicom.tls;
  const tls = certificate && dicomTls(certificate);
  const server = new DicomServer({ spool, log, metrics, isAccepted: acceptedTitles(configuration, pipelines) });
  const notReady = async () => {
    if (!received.isPrepared) return 'The store is not ready.';
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
      health = await serveHealth(healthPages({ registry: metrics.registry, notReady }));
      const { host, port, tlsPort } = configuration.dicom;
      await server.listen(host, port);
      if (tls !== undefined && tlsPort !== undefined) await server.listenSecurely(host, tlsPort, tls);
      watched = certificate && watchTls(certificate, 'dicom.tls', log, () => server.renew(dicomTls(certificate)));
      received.start();
      await deliveries.start();
      return { address: health.address };
    },
    stop: async () => {
      watched?.();
      await server.close(STOP_GRACE_MS);
      await Promise.all([received.stop(), deliveries.stop()]);
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
