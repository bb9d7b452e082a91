import { randomBytes } from 'node:crypto';
import { connect, databaseUrl } from '../lib/database/connection.ts';
import { type Configuration, ConfigurationError } from '../lib/platform/configuration.ts';
import { readConfigured } from '../lib/platform/configured.ts';
import type { Service } from '../lib/platform/lifecycle.ts';
import type { Logger } from '../lib/platform/log.ts';
import { keepSecret } from '../lib/platform/secrets.ts';
import { readTls, watchTls } from '../lib/platform/tls.ts';
import { loadPipelines } from '../lib/runs/pipelines.ts';
import { requestRetry } from '../lib/runs/retry.ts';
import { openStore } from '../lib/store/open.ts';
import { createFirstAdministrator } from './accounts/accounts.ts';
import { ldapDirectory } from './accounts/directory.ts';
import { createApp } from './app.ts';
import { archiveReader, patientsOf, quarantineOf } from './archive.ts';
import { loadAssets } from './assets.ts';
import { Looks } from './audit/recent-looks.ts';
import { BlindedCopies, followCopies } from './blinded/follow.ts';
import { loadBlindedEvaluations, loadEvaluations } from './evaluations/load.ts';
import { followOutbox } from './feedback/export.ts';
import { listen } from './listen.ts';
import { Metrics } from './metrics.ts';
import type { Parts } from './parts.ts';
import { followProjection } from './projection/follow.ts';
import { followLists } from './reading/give-out.ts';
import { LiveUpdates } from './runs/live.ts';
import { proxyList } from './security.ts';
import { VIEWER_FOLDER } from './viewer/install.ts';
import { Viewing } from './viewer/viewing.ts';

/** Runs end in bursts: what is made of them for readers, lists and blinded copies, is made so long after the first, ms. */
const FOLLOW_WITHIN_MS = 2_000;

/**
 * The web: pages, API, the projection of runs, the export of answers.
 *
 * @throws {PipelineError} or {EvaluationError}: a pipeline's file cannot be used
 * @throws {ConfigurationError} a file that the site's configuration names cannot be used
 */
export function webService(configuration: Configuration, log: Logger): Service {
  const store = openStore(configuration.store);
  const database = connect(databaseUrl(configuration));
  const live = new LiveUpdates();
  const { host, port } = configuration.web;
  const { quietSeconds } = configuration;
  const { site, sessions } = configuration.site;
  const directory = configuration.site.directory && ldapDirectory(configuration.site.directory);
  const signedLaunch = launchSecret(configuration);
  const certificate = configuration.site.web.tls;
  const tls = certificate && readTls(certificate, 'web.tls');
  const proxies = proxyList(configuration.site.web.trustedProxies);
  const closers: (() => Promise<void>)[] = [];
  const pipelines = loadPipelines(configuration.pipelineFolders);
  const evaluations = loadEvaluations(configuration.pipelineFolders);
  const blinded = loadBlindedEvaluations(configuration.pipelineFolders);

  return {
    start: async () => {
      await store.prepare();
      const { adminPassword, secrets } = configuration;
      const made = await createFirstAdministrator(database, { configured: adminPassword, secrets, now: new Date() });
      // Printed once, and not as a log line: logs are kept and collected, this is for the person at the terminal.
      if (made !== undefined) process.stdout.write(`First sign-in: admin / ${made}\n`);

      const outbox = followOutbox(store, database, log);
      const blindingKey = keptKey(secrets, 'blinding-key');
      const copies = new BlindedCopies({ store, database, blindingKey, blinded, pipelines, log });
      const copying = followCopies(copies, () => outbox.wake(), log);
      let lists: ReturnType<typeof followLists> | undefined;
      const projection = await followProjection({
        store,
        database,
        log,
        onChange: ({ id, studyInstanceUid, status }) => {
          live.announce({ run: id, studyInstanceUid });
          if (status !== 'succeeded') return;
          copying.wake(FOLLOW_WITHIN_MS);
          lists?.wake(FOLLOW_WITHIN_MS);
        },
      });
      const parts: Parts = {
        store,
        database,
        archive: archiveReader(database),
        quarantine: quarantineOf({ store, database, pipelines, routes: configuration.site.routes, quietSeconds }),
        patients: patientsOf({ database, pipelines }),
        requestRetry: async (run, by) => {
          await requestRetry(store, run, by);
        },
        evaluations,
        blinded,
        blindingKey,
        copies,
        pipelines,
        receivers: configuration.site.receivers,
        site,
        dicom: configuration.dicom,
        apiToken: configuration.apiToken,
        directory,
        sessions,
        signedLaunch,
        proxies,
        cookieName: `overread-${port}`,
        launchKey: keptKey(secrets, 'launch-key'),
        assets: loadAssets(),
        live,
        metrics: new Metrics(live),
        looks: new Looks(),
        viewing: new Viewing({ store, database, log, folder: VIEWER_FOLDER, pipelines }),
        log,
        now: () => new Date(),
        answersSent: () => outbox.wake(),
      };
      const app = createApp(parts);
      lists = followLists(parts, log);
      const servers = [await listen(app.fetch, { host, port, tls })];
      // What is on this machine (supervisor, command line) asks here: its requests leave it not, and need no certificate.
      const inside = tls && (await listen(app.fetch, { host: '127.0.0.1', port: 0, tls: undefined }));
      if (inside !== undefined) servers.push(inside);
      const watched = certificate && watchTls(certificate, 'web.tls', log, (renewed) => servers[0]?.renew(renewed));
      closers.push(
        async () => {
          watched?.();
          const closed = servers.map((server) => server.close());
          live.close();
          await Promise.all(closed);
        },
        projection.close,
        async () => lists?.stop(),
        () => copying.stop(),
        () => outbox.stop(),
      );
      return inside && { address: `http://127.0.0.1:${inside.port}` };
    },
    stop: async () => {
      for (const close of closers) await close();
      await Promise.all([database.close(), store.close()]);
    },
  };
}

/** Shortest secret that links are signed with, in characters. */
const SHORTEST_LAUNCH_SECRET = 32;

/** What a PACS signs links with, where the site allows that. @throws {ConfigurationError} its file cannot be read, or is too short */
function launchSecret({ site: { signedLaunch }, secrets }: Configuration): Parts['signedLaunch'] {
  const { allowed, secretFile, longestSeconds } = signedLaunch;
  if (!allowed) return undefined;
  const made = () => keepSecret(secrets, 'launch-secret', randomBytes(32).toString('hex'));
  const secret = secretFile === undefined ? made() : readConfigured(secretFile, 'signedLaunch.secretFile').trim();
  if (secret.length >= SHORTEST_LAUNCH_SECRET) return { secret, longestSeconds };
  throw new ConfigurationError(`signedLaunch.secretFile: a secret has ${SHORTEST_LAUNCH_SECRET} characters or more.`);
}

/** A key of this site: made at the first start, and kept: what was made with it outlives a restart. */
function keptKey(secrets: string, name: 'launch-key' | 'blinding-key'): Buffer {
  return Buffer.from(keepSecret(secrets, name, randomBytes(32).toString('hex')), 'hex');
}
