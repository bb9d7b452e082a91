import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { z } from 'zod';
import { type Configuration, HOME } from '../lib/platform/configuration.ts';
import type { Service } from '../lib/platform/lifecycle.ts';
import { listen } from '../lib/platform/listen.ts';
import type { Logger } from '../lib/platform/log.ts';
import { openFaasCredentials } from './credentials.ts';
import { Deployments } from './deployments.ts';
import { Functions } from './functions.ts';
import { FunctionLogs } from './logs.ts';
import { ProcessRuntime } from './process/runtime.ts';
import { createRoutes } from './routes.ts';
import { Secrets } from './secrets.ts';

const HOST = '127.0.0.1';

/**
 * What a function finds in its environment if the provider has it: how to run programs, and where the store is. The
 * store's keys come as secrets, for those functions only that list them.
 */
const HANDED_ON = [
  'HOME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'LD_LIBRARY_PATH',
  'CUDA_VISIBLE_DEVICES',
  // What was compiled once need not be again: half of a function's start.
  'NODE_COMPILE_CACHE',
  'OVERREAD_LOG_LEVEL',
  'S3_ENDPOINT',
  'S3_BUCKET_PREFIX',
];

/** The provider as a service: the gateway's REST API on loopback, over functions that run as processes. */
export function providerService(
  configuration: Configuration,
  environment: Readonly<Record<string, string | undefined>>,
  log: Logger,
): Service {
  const folder = path.join(configuration.data, 'provider');
  const logs = new FunctionLogs();
  const secrets = new Secrets(folder);
  const runtime = new ProcessRuntime({
    ledgers: path.join(folder, 'processes'),
    home: HOME,
    environment: handedOn(environment, configuration.data),
    log: logs.add,
  });
  const functions = new Functions({
    deployments: new Deployments(folder),
    secrets,
    runtime,
    logs,
    log,
    // Processes run on this machine, the first of the site.
    nodes: configuration.site.nodes.slice(0, 1),
    placement: configuration.site.placement,
  });
  const app = createRoutes({
    functions,
    secrets,
    logs,
    log,
    credentials: openFaasCredentials(configuration),
    version: ownVersion(),
    runtime: runtime.kind,
  });
  // Calls last as long as a function's own time-outs let them.
  const server = createServer({ requestTimeout: 0 }, getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  return {
    async start() {
      // The port first: a second provider on the same data must not touch the functions of the first.
      await listen(server, HOST, configuration.faas.embeddedPort);
      await functions.open();
      return { address: `http://${HOST}:${configuration.faas.embeddedPort}` };
    },
    async stop() {
      server.close();
      await functions.stop();
      server.closeAllConnections();
    },
  };
}

function ownVersion(): string {
  const content: unknown = JSON.parse(readFileSync(path.join(HOME, 'package.json'), 'utf8'));
  return z.object({ version: z.string() }).parse(content).version;
}

function handedOn(environment: Readonly<Record<string, string | undefined>>, data: string): Record<string, string> {
  const names = HANDED_ON.filter((name) => environment[name] !== undefined);
  return {
    ...Object.fromEntries(names.map((name) => [name, environment[name] ?? ''])),
    OVERREAD_DATA: data,
    // `node` is the one that runs us.
    PATH: [path.dirname(process.execPath), environment.PATH ?? '/usr/bin:/bin'].join(path.delimiter),
  };
}
