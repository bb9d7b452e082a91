/**
 * The OpenFaaS gateway's REST API, every path of it. `/system/*` asks for credentials, `/function/*` does not: so it is
 * in OpenFaaS, and faas-cli sends none; see `loopback.ts` for what is refused all the same.
 *
 * Errors are one sentence of plain text, which faas-cli prints as it is.
 *
 * @see https://github.com/openfaas/faas-provider
 */
import { Hono } from 'hono';
import { basicAuth } from 'hono/basic-auth';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';
import { firstIssue } from '../lib/platform/issue.ts';
import type { Logger } from '../lib/platform/log.ts';
import { ProblemError, problemOf } from '../lib/platform/problem.ts';
import { FunctionDeployment, FunctionRemoval, FunctionScaling, NAMESPACE, Secret } from '../schemas/openfaas.ts';
import { createInvokeLater } from './async.ts';
import type { Credentials } from './credentials.ts';
import type { Functions } from './functions.ts';
import { createInvoke } from './invocation.ts';
import type { FunctionLogs } from './logs.ts';
import { loopbackOnly } from './loopback.ts';
import { createMetrics } from './metrics.ts';
import type { Secrets } from './secrets.ts';

/** A secret may be a certificate chain or a key file. */
const LARGEST_REQUEST = 1024 * 1024;

const PLAIN_TEXT = { 'Content-Type': 'text/plain; charset=utf-8' };

const LogQuery = z.object({
  name: z.string({ error: 'Logs are asked for with ?name=, the name of a function.' }),
  instance: z.string().optional(),
  tail: z.coerce.number().int().optional(),
  follow: z.enum(['0', '1', 'true', 'false']).optional(),
  since: z.iso.datetime({ offset: true, error: '?since= is a time such as 2026-01-31T12:00:00Z.' }).optional(),
});

export interface RoutesOptions {
  readonly functions: Functions;
  readonly secrets: Secrets;
  readonly logs: FunctionLogs;
  readonly credentials: Credentials;
  readonly log: Logger;
  /** As in `GET /system/info`. */
  readonly version: string;
  readonly runtime: string;
}

/** @returns the provider's Hono application */
export function createRoutes(options: RoutesOptions): Hono {
  const { functions, log } = options;
  const metrics = createMetrics(functions);
  const invoke = createInvoke({ functions, metrics });
  const invokeLater = createInvokeLater({ functions, invoke, log });

  const app = new Hono();
  app.onError((error) => {
    if (error instanceof HTTPException) return error.getResponse();
    const problem = problemOf(error);
    if (problem.status >= 500) log.error({ err: error }, 'request failed');
    return new Response(`${problem.detail ?? problem.title}\n`, { status: problem.status, headers: PLAIN_TEXT });
  });
  app.notFound((context) => context.text('There is no such page.\n', 404));
  app.use(loopbackOnly());

  app.get('/healthz', (context) => context.text('OK\n'));
  app.get('/readyz', (context) => {
    const { ready, ...body } = readiness(functions);
    return context.json(body, ready ? 200 : 503);
  });
  app.get('/metrics', async (context) =>
    context.body(await metrics.text(), 200, { 'Content-Type': metrics.contentType }),
  );

  app.route('/system', systemRoutes(options));

  for (const [prefix, call] of [
    ['/function', invoke],
    ['/async-function', invokeLater],
  ] as const) {
    const handle = (request: Request) => {
      const { pathname, search } = new URL(request.url);
      const [, name = '', path = ''] = /^\/([^/]*)(.*)$/s.exec(pathname.slice(prefix.length)) ?? [];
      return call(nameIn(functions, name), `${path || '/'}${search}`, request);
    };
    app.all(`${prefix}/:name`, (context) => handle(context.req.raw));
    app.all(`${prefix}/:name/*`, (context) => handle(context.req.raw));
  }
  return app;
}

function systemRoutes(options: RoutesOptions): Hono {
  const { version, runtime } = options;
  const { user: username, password } = options.credentials;
  const system = new Hono();
  system.use(
    basicAuth({
      username,
      password,
      realm: 'OpenFaaS',
      invalidUserMessage: 'User and password are wrong or missing.\n',
    }),
    bodyLimit({ maxSize: LARGEST_REQUEST, onError: (context) => context.text('The request is too large.\n', 413) }),
  );

  system.get('/info', (context) => {
    const release = { release: version, sha: '' };
    const provider = { provider: 'overread', orchestration: runtime, version: release };
    return context.json({ provider, version: release, arch: process.arch === 'x64' ? 'x86_64' : process.arch });
  });
  system.get('/namespaces', (context) => context.json([NAMESPACE]));
  addFunctionRoutes(system, options);
  addSecretRoutes(system, options);
  addLogRoutes(system, options);
  return system;
}

function addFunctionRoutes(system: Hono, { functions }: RoutesOptions): void {
  system.get('/functions', (context) => context.json(isOurs(context.req.query('namespace')) ? functions.list() : []));
  system.post('/functions', async (context) => {
    functions.deploy(await parse(context.req, FunctionDeployment));
    return context.body(null, 202);
  });
  system.put('/functions', async (context) => {
    const deployment = await parse(context.req, FunctionDeployment);
    if (!functions.has(deployment.service)) throw noFunction(deployment.service);
    functions.deploy(deployment);
    return context.body(null, 202);
  });
  system.delete('/functions', async (context) => {
    const { functionName } = await parse(context.req, FunctionRemoval);
    functions.remove(functionName);
    return context.body(null, 202);
  });
  system.get('/function/:name', (context) => {
    const name = context.req.param('name');
    if (!isOurs(context.req.query('namespace'))) throw noFunction(name);
    return context.json(functions.describe(nameIn(functions, name)));
  });
  system.post('/scale-function/:name', async (context) => {
    const { replicas } = await parse(context.req, FunctionScaling);
    functions.scale(nameIn(functions, context.req.param('name')), replicas);
    return context.body(null, 202);
  });
}

function addSecretRoutes(system: Hono, { functions, secrets }: RoutesOptions): void {
  system.get('/secrets', (context) => {
    const names = isOurs(context.req.query('namespace')) ? secrets.list() : [];
    return context.json(names.map((name) => ({ name, namespace: NAMESPACE })));
  });
  system.post('/secrets', async (context) => {
    const secret = await parse(context.req, Secret);
    if (secrets.has(secret.name)) {
      throw new ProblemError(409, 'Secret exists', `There is a secret ${secret.name} already; update it instead.`);
    }
    secrets.set(secret.name, secretBytes(secret));
    functions.secretChanged(secret.name);
    return context.body(null, 201);
  });
  system.put('/secrets', async (context) => {
    const secret = await parse(context.req, Secret);
    if (!secrets.has(secret.name)) throw noSecret(secret.name);
    if (secrets.set(secret.name, secretBytes(secret))) functions.secretChanged(secret.name);
    return context.body(null, 200);
  });
  system.delete('/secrets', async (context) => {
    const { name } = await parse(context.req, Secret);
    if (!secrets.has(name)) throw noSecret(name);
    const users = functions.usersOf(name);
    if (users.length > 0) {
      throw new ProblemError(
        409,
        'Secret in use',
        `The secret ${name} is used by ${users.join(', ')}: remove those first.`,
      );
    }
    secrets.delete(name);
    return context.body(null, 200);
  });
}

function addLogRoutes(system: Hono, { functions, logs }: RoutesOptions): void {
  system.get('/logs', (context) => {
    const { name, tail, since, instance, follow } = accept(LogQuery, context.req.query());
    const known = nameIn(functions, name);
    if (!functions.has(known)) throw noFunction(name);
    const lines = logs.read(known, {
      tail: tail !== undefined && tail >= 0 ? tail : undefined,
      since: since === undefined ? undefined : new Date(since),
      instance: instance || undefined,
      follow: follow === '1' || follow === 'true',
    });
    return context.body(lines, 200, { 'Content-Type': 'application/x-ndjson' });
  });
}

/** Ready when every function that has a place and should have replicas has one that takes calls; the rest is told. */
function readiness(functions: Functions): { ready: boolean; status: string; functions: number; notes: string[] } {
  const all = functions.list();
  const troubled = all.filter(({ name }) => functions.trouble(name) !== undefined);
  const ready = troubled.every(({ name }) => !functions.isPlaced(name));
  const notes = troubled.map(({ name }) => functions.trouble(name) ?? '');
  return { ready, status: ready ? 'ready' : 'not ready', functions: all.length, notes };
}

/** A function's name without the namespace that may follow it. */
function nameIn(functions: Functions, name: string): string {
  const suffix = `.${NAMESPACE}`;
  return !functions.has(name) && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}

function isOurs(namespace: string | undefined): boolean {
  return namespace === undefined || namespace === '' || namespace === NAMESPACE;
}

async function parse<Schema extends z.ZodType<{ namespace?: string | undefined }>>(
  request: { json(): Promise<unknown> },
  schema: Schema,
): Promise<z.output<Schema>> {
  const body = await request.json().catch(() => {
    throw new ProblemError(400, 'Not JSON', 'The request is not JSON.');
  });
  const value = accept(schema, body);
  if (!isOurs(value.namespace)) {
    throw new ProblemError(400, 'Other namespace', `There is one namespace, ${NAMESPACE}; found: ${value.namespace}`);
  }
  return value;
}

/** @throws {ProblemError} 400 that names the first wrong field */
function accept<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ProblemError(400, 'Request refused', firstIssue(parsed.error));
}

function secretBytes({ value, rawValue }: Secret): Uint8Array {
  return rawValue !== undefined && rawValue !== '' ? Buffer.from(rawValue, 'base64') : Buffer.from(value ?? '');
}

function noFunction(name: string): ProblemError {
  return new ProblemError(404, 'No such function', `There is no function ${name}.`);
}

function noSecret(name: string): ProblemError {
  return new ProblemError(404, 'No such secret', `There is no secret ${name}.`);
}
