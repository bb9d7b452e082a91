import { randomBytes } from 'node:crypto';
import { serve } from '@hono/node-server';
import { connect, databaseUrl } from '../lib/database/connection.ts';
import type { Configuration } from '../lib/platform/configuration.ts';
import type { Service } from '../lib/platform/lifecycle.ts';
import type { Logger } from '../lib/platform/log.ts';
import { keepSecret } from '../lib/platform/secrets.ts';
import { loadPipelines } from '../lib/runs/pipelines.ts';
import { requestRetry } from '../lib/runs/retry.ts';
import { openStore } from '../lib/store/open.ts';
import { createFirstAdministrator } from './accounts/accounts.ts';
import { ldapDirectory } from './accounts/directory.ts';
import { createApp } from './app.ts';
import { archiveReader, quarantineOf } from './archive.ts';
import { loadAssets } from './assets.ts';
import { loadEvaluations } from './evaluations.ts';
import { followOutbox } from './feedback/export.ts';
import { LiveUpdates } from './live.ts';
import { Metrics } from './metrics.ts';
import { followProjection } from './projection/follow.ts';
import { VIEWER_FOLDER } from './viewer/install.ts';
import { Viewing } from './viewer/viewing.ts';

/**
 * The web: pages, API, the projection of runs, the export of answers.
 *
 * @throws {PipelineError} or {EvaluationError}: a pipeline's file cannot be used
 */
export function webService(configuration: Configuration, log: Logger): Service {
  const store = openStore(configuration.store);
  const database = connect(databaseUrl(configuration));
  const live = new LiveUpdates();
  const { host, port } = configuration.web;
  const { quietSeconds } = configuration;
  const { directory, sessions } = configuration.site;
  const closers: (() => Promise<void>)[] = [];
  const pipelines = loadPipelines(configuration.pipelineFolders);
  const evaluations = loadEvaluations(configuration.pipelineFolders);

  return {
    start: async () => {
      await store.prepare();
      const { adminPassword, secrets } = configuration;
      const made = await createFirstAdministrator(database, { configured: adminPassword, secrets, now: new Date() });
      // Printed once, and not as a log line: logs are kept and collected, this is for the person at the terminal.
      if (made !== undefined) process.stdout.write(`First sign-in: admin / ${made}\n`);

      const outbox = followOutbox(store, database, log);
      const projection = await followProjection({
        store,
        database,
        log,
        onChange: ({ id, studyInstanceUid }) => live.announce({ run: id, studyInstanceUid }),
      });
      const app = createApp({
        store,
        database,
        archive: archiveReader(database),
        quarantine: quarantineOf({ store, database, pipelines, routes: configuration.site.routes, quietSeconds }),
        requestRetry: async (run, by) => {
          await requestRetry(store, run, by);
        },
        evaluations,
        pipelines,
        receivers: configuration.site.receivers,
        site: configuration.site.site,
        dicom: configuration.dicom,
        apiToken: configuration.apiToken,
        directory: directory === undefined ? undefined : ldapDirectory(directory),
        sessions,
        cookieName: `overread-${port}`,
        launchKey: launchKey(secrets),
        assets: loadAssets(),
        live,
        metrics: new Metrics(live),
        viewing: new Viewing({ store, database, log, folder: VIEWER_FOLDER, pipelines }),
        log,
        now: () => new Date(),
        answersSent: () => outbox.wake(),
      });
      const server = serve({ fetch: app.fetch, hostname: host, port });
      await new Promise<void>((resolve, reject) => {
        server.once('listening', resolve);
        server.once('error', reject);
      });
      closers.push(
        () =>
          new Promise((resolve) => {
            server.close(() => resolve());
            live.close();
          }),
        projection.close,
        () => outbox.stop(),
      );
      return undefined;
    },
    stop: async () => {
      for (const close of closers) await close();
      await Promise.all([database.close(), store.close()]);
    },
  };
}

/** The key of `/launch`: made at the first start, kept so that addresses outlive a restart. */
function launchKey(secrets: string): Buffer {
  return Buffer.from(keepSecret(secrets, 'launch-key', randomBytes(32).toString('hex')), 'hex');
}
