import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../lib/platform/log.ts';
import { ProblemError } from '../lib/platform/problem.ts';
import { Deployments } from './deployments.ts';
import { Functions } from './functions.ts';
import { FunctionLogs } from './logs.ts';
import { createRoutes } from './routes.ts';
import type { Endpoint, Runtime, Workload } from './runtime.ts';
import { Secrets } from './secrets.ts';

/** Says what it was told, and that all replicas take calls. */
class FakeRuntime implements Runtime {
  readonly kind = 'fake';
  readonly running = new Map<string, { workload: Workload; replicas: number }>();
  ready = true;

  async open() {}
  check(command: string) {
    if (command === 'impossible') throw new ProblemError(400, 'Refused', 'The command is impossible.');
  }
  run(workload: Workload, replicas: number) {
    this.running.set(workload.name, { workload, replicas });
  }
  scale(name: string, replicas: number) {
    const running = this.running.get(name);
    if (running !== undefined) running.replicas = replicas;
  }
  async remove(name: string) {
    this.running.delete(name);
  }
  endpoints(name: string): Endpoint[] {
    const replicas = this.ready ? (this.running.get(name)?.replicas ?? 0) : 0;
    return Array.from({ length: replicas }, (_, index) => ({ id: `${name}-${index}`, host: '127.0.0.1', port: 9 }));
  }
  suspect() {}
  trouble() {
    return this.ready ? undefined : 'is starting';
  }
  async stop() {}
}

interface World {
  readonly app: Hono;
  readonly functions: Functions;
  readonly runtime: FakeRuntime;
  readonly logs: FunctionLogs;
  system(method: string, path: string, body?: unknown): Promise<Response>;
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'overread-provider-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function world(site: { placement?: 'strict' | 'allow-cpu' } = {}): World {
  const log = createLog('test', 'silent');
  const logs = new FunctionLogs();
  const secrets = new Secrets(folder);
  const runtime = new FakeRuntime();
  const functions = new Functions({
    deployments: new Deployments(folder),
    secrets,
    runtime,
    logs,
    log,
    nodes: [{ name: 'ward', labels: {} }],
    placement: site.placement ?? 'strict',
  });
  const credentials = { user: 'admin', password: 'right' };
  const app = createRoutes({ functions, secrets, logs, log, credentials, version: '1.2.3', runtime: runtime.kind });
  const Authorization = `Basic ${Buffer.from('admin:right').toString('base64')}`;
  return {
    app,
    functions,
    runtime,
    logs,
    system: async (method, path, body) =>
      app.request(`/system${path}`, {
        method,
        headers: { Authorization },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  };
}

const MEASURE = { service: 'measure', image: 'overread/measure:1', envProcess: 'node measure.ts' };

describe('credentials', () => {
  it('should be 401 on every page of /system without them, or with wrong ones', async () => {
    const { app } = world();
    const wrong = { Authorization: `Basic ${Buffer.from('admin:wrong').toString('base64')}` };
    for (const page of ['info', 'functions', 'secrets', 'logs?name=x', 'namespaces', 'function/x']) {
      expect((await app.request(`/system/${page}`)).status, page).toBe(401);
      const refused = await app.request(`/system/${page}`, { headers: wrong });
      expect(refused.status, page).toBe(401);
      expect(await refused.text()).toBe('User and password are wrong or missing.\n');
    }
  });

  it('should not be asked for to call a function or to see whether the provider is well', async () => {
    const { app } = world();
    expect((await app.request('/healthz')).status).toBe(200);
    expect((await app.request('/function/nosuch')).status).toBe(404);
  });
});

describe('browsers', () => {
  it.each([
    [{ Host: 'overread.evil.example:8080' }, 'the request names another host'],
    [{ Host: '127.0.0.1.evil.example' }, 'the request names another host'],
    [{ Origin: 'https://evil.example' }, 'no calls from web pages'],
    [{ Origin: 'null' }, 'no calls from web pages'],
    [{ 'Sec-Fetch-Site': 'cross-site' }, 'no calls from web pages'],
  ])('should be 403 for a request with %j', async (headers, message) => {
    const response = await world().app.request('/function/measure', { method: 'POST', headers });
    expect(response.status).toBe(403);
    expect(await response.text()).toContain(message);
  });

  it.each(['127.0.0.1:8080', 'localhost:8080', '[::1]:8080', '127.0.0.1'])('should pass as %s', async (Host) => {
    expect((await world().app.request('/healthz', { headers: { Host } })).status).toBe(200);
  });
});

describe('functions', () => {
  it('should be 404 to PUT one that is absent, 202 to POST it, and be listed then', async () => {
    const { system, runtime } = world();
    const absent = await system('PUT', '/functions', MEASURE);
    expect(absent.status).toBe(404);
    expect(await absent.text()).toBe('There is no function measure.\n');
    expect(await (await system('GET', '/functions')).json()).toEqual([]);

    expect((await system('POST', '/functions', MEASURE)).status).toBe(202);
    expect(await (await system('GET', '/functions')).json()).toEqual([
      expect.objectContaining({
        name: 'measure',
        image: 'overread/measure:1',
        namespace: 'openfaas-fn',
        replicas: 1,
        availableReplicas: 1,
        invocationCount: 0,
        annotations: { 'overread.io/placement': 'Runs on node ward.' },
      }),
    ]);
    expect(runtime.running.get('measure')?.workload.command).toBe('node measure.ts');
    expect((await system('PUT', '/functions', { ...MEASURE, envProcess: 'node {name}/main.ts' })).status).toBe(202);
    expect(runtime.running.get('measure')?.workload.command).toBe('node measure/main.ts');
  });

  it('should be described by name, and by name with namespace', async () => {
    const { system } = world();
    await system('POST', '/functions', MEASURE);
    expect(await (await system('GET', '/function/measure')).json()).toMatchObject({ name: 'measure' });
    expect((await system('GET', '/function/measure.openfaas-fn')).status).toBe(200);
    expect((await system('GET', '/function/measure?namespace=elsewhere')).status).toBe(404);
    expect((await system('GET', '/function/other')).status).toBe(404);
  });

  it('should be scaled, to 0 too, and keep their number over a restart', async () => {
    const { system, runtime } = world();
    await system('POST', '/functions', MEASURE);
    expect((await system('POST', '/scale-function/measure', { serviceName: 'measure', replicas: 3 })).status).toBe(202);
    expect(runtime.running.get('measure')?.replicas).toBe(3);
    expect((await system('POST', '/scale-function/other', { replicas: 3 })).status).toBe(404);
    const tooMany = await system('POST', '/scale-function/measure', { replicas: 21 });
    expect(await tooMany.text()).toBe('measure can have at most 20 replicas; 21 were asked for.\n');

    const restarted = world();
    await restarted.functions.open();
    expect(restarted.runtime.running.get('measure')?.replicas).toBe(3);
  });

  it('should have as many replicas as their label says', async () => {
    const { system, runtime } = world();
    await system('POST', '/functions', { ...MEASURE, labels: { 'com.openfaas.scale.min': '2' } });
    expect(runtime.running.get('measure')?.replicas).toBe(2);
  });

  it('should be gone after DELETE, over a restart too', async () => {
    const { system, runtime } = world();
    await system('POST', '/functions', MEASURE);
    expect((await system('DELETE', '/functions', { functionName: 'measure' })).status).toBe(202);
    expect(runtime.running.size).toBe(0);
    expect((await system('DELETE', '/functions', { functionName: 'measure' })).status).toBe(404);
    const restarted = world();
    await restarted.functions.open();
    expect(restarted.functions.list()).toEqual([]);
  });

  it.each([
    [{ ...MEASURE, service: '../etc' }, 'service: a function name has letters, digits, hyphens'],
    [{ ...MEASURE, service: '..' }, 'service: a function name is more than dots'],
    [{ ...MEASURE, service: 'a'.repeat(64) }, 'service: a function name has at most 63 characters'],
    [{ ...MEASURE, envProcess: '' }, 'measure has no command: set fprocess in stack.yml'],
    [{ service: 'measure', image: 'x' }, 'measure has no command: set fprocess in stack.yml'],
    [{ ...MEASURE, envProcess: 'impossible' }, 'The command is impossible.'],
    [{ ...MEASURE, secrets: ['absent'] }, 'The secret absent does not exist: make it first'],
    [{ ...MEASURE, secrets: ['a', 'b'] }, 'The secrets a, b do not exist'],
    [{ ...MEASURE, envVars: { exec_timeout: 'soon' } }, 'exec_timeout is a duration'],
    [{ ...MEASURE, constraints: ['gpu'] }, 'A constraint is key=value'],
    [{ ...MEASURE, labels: { 'com.openfaas.scale.min': 'x' } }, 'The label com.openfaas.scale.min is a number'],
    [{ ...MEASURE, namespace: 'other' }, 'There is one namespace, openfaas-fn; found: other'],
    ['no object', 'must be a group of settings'],
  ])('should be 400 for %j', async (deployment, message) => {
    const { system, runtime } = world();
    const response = await system('POST', '/functions', deployment);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(message);
    expect(runtime.running.size).toBe(0);
  });

  it('should be 400 for what is not JSON', async () => {
    const { app } = world();
    const headers = { Authorization: `Basic ${Buffer.from('admin:right').toString('base64')}` };
    const response = await app.request('/system/functions', { method: 'POST', headers, body: '{' });
    expect(response.status).toBe(400);
    expect(await response.text()).toBe('The request is not JSON.\n');
  });
});

describe('placement', () => {
  const GPU = { ...MEASURE, constraints: ['nvidia.com/gpu.present=true'] };

  it('should accept a function that no node can take, and say why it does not run', async () => {
    const { system, app, runtime } = world({ placement: 'strict' });
    expect((await system('POST', '/functions', GPU)).status).toBe(202);
    const reason = 'Not placed: node ward does not meet nvidia.com/gpu.present=true (it has no such label).';
    expect(await (await system('GET', '/function/measure')).json()).toMatchObject({
      replicas: 1,
      availableReplicas: 0,
      annotations: { 'overread.io/placement': reason },
    });
    expect(runtime.running.size).toBe(0);
    const called = await app.request('/function/measure', { method: 'POST' });
    expect([called.status, await called.text()]).toEqual([503, `measure: ${reason}\n`]);
    expect(await (await system('GET', '/logs?name=measure')).text()).toContain(reason);
    const ready = await app.request('/readyz');
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'ready', functions: 1, notes: [`measure: ${reason}`] },
    ]);
  });

  it('should run it on the CPU where the site allows it, and tell the function', async () => {
    const { system, runtime } = world({ placement: 'allow-cpu' });
    await system('POST', '/functions', GPU);
    expect(runtime.running.get('measure')?.workload.environment).toEqual({ OVERREAD_DEVICE: 'cpu' });
    expect(await (await system('GET', '/function/measure')).json()).toMatchObject({
      availableReplicas: 1,
      annotations: { 'overread.io/placement': expect.stringMatching(/^Runs on the CPU of node ward/) },
    });
  });
});

describe('readiness', () => {
  it('should be 503 while a function takes no calls, with the reason', async () => {
    const { app, system, runtime } = world();
    await system('POST', '/functions', MEASURE);
    runtime.ready = false;
    const response = await app.request('/readyz');
    expect([response.status, await response.json()]).toEqual([
      503,
      { status: 'not ready', functions: 1, notes: ['measure is starting.'] },
    ]);
  });
});

describe('secrets', () => {
  it('should be made, changed and removed, never shown', async () => {
    const { system } = world();
    expect((await system('PUT', '/secrets', { name: 'key', value: 'a' })).status).toBe(404);
    expect((await system('POST', '/secrets', { name: 'key', value: 'a' })).status).toBe(201);
    expect((await system('POST', '/secrets', { name: 'key', value: 'a' })).status).toBe(409);
    const listed = await (await system('GET', '/secrets')).text();
    expect(JSON.parse(listed)).toEqual([{ name: 'key', namespace: 'openfaas-fn' }]);
    const file = path.join(folder, 'secrets/key');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const rawValue = Buffer.from([0, 255]).toString('base64');
    expect((await system('PUT', '/secrets', { name: 'key', rawValue })).status).toBe(200);
    expect([...readFileSync(file)]).toEqual([0, 255]);
    expect((await system('DELETE', '/secrets', { name: 'key' })).status).toBe(200);
    expect((await system('DELETE', '/secrets', { name: 'key' })).status).toBe(404);
  });

  it('should be in the folder of the functions that list them, and of no other', async () => {
    const { system, runtime } = world();
    for (const name of ['one', 'two']) await system('POST', '/secrets', { name, value: name });
    await system('POST', '/functions', { ...MEASURE, secrets: ['one'] });
    const mounted = runtime.running.get('measure')?.workload.secretsFolder ?? '';
    expect(readFileSync(path.join(mounted, 'one'), 'utf8')).toBe('one');
    expect(statSync(path.join(mounted, 'one')).mode & 0o777).toBe(0o600);
    expect(() => statSync(path.join(mounted, 'two'))).toThrow('ENOENT');

    await system('PUT', '/secrets', { name: 'one', value: 'changed' });
    expect(readFileSync(path.join(mounted, 'one'), 'utf8')).toBe('changed');
    const inUse = await system('DELETE', '/secrets', { name: 'one' });
    expect([inUse.status, await inUse.text()]).toEqual([
      409,
      'The secret one is used by measure: remove those first.\n',
    ]);
  });

  it.each(['../x', 'UPPER', '', 'a/b', '.x'])('should be 400 for the name %j', async (name) => {
    const response = await world().system('POST', '/secrets', { name, value: 'x' });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('name: a secret name has lower-case letters');
  });
});

describe('the rest of the API', () => {
  it('should say what it is', async () => {
    const { system } = world();
    expect(await (await system('GET', '/info')).json()).toMatchObject({
      provider: { provider: 'overread', orchestration: 'fake', version: { release: '1.2.3' } },
      version: { release: '1.2.3' },
    });
    expect(await (await system('GET', '/namespaces')).json()).toEqual(['openfaas-fn']);
  });

  it('should give logs as NDJSON, and refuse what it cannot read', async () => {
    const { system, logs } = world();
    await system('POST', '/functions', MEASURE);
    for (const text of ['one', 'two', 'three']) logs.add('measure', 'measure-0-1', text);
    const lines = (await (await system('GET', '/logs?name=measure&tail=2&follow=false')).text()).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ name: 'measure', instance: 'measure-0-1', text: 'two' }),
      expect.objectContaining({ text: 'three' }),
    ]);
    expect((await system('GET', '/logs?name=other')).status).toBe(404);
    expect(await (await system('GET', '/logs')).text()).toBe(
      'name: Logs are asked for with ?name=, the name of a function.\n',
    );
    expect((await system('GET', '/logs?name=measure&since=yesterday')).status).toBe(400);
  });

  it('should count replicas under the names of an OpenFaaS gateway', async () => {
    const { app, system } = world();
    await system('POST', '/functions', { ...MEASURE, labels: { 'com.openfaas.scale.min': '2' } });
    const metrics = await (await app.request('/metrics')).text();
    expect(metrics).toContain('gateway_service_count{function_name="measure.openfaas-fn"} 2');
    expect(metrics).toContain('gateway_service_available_count{function_name="measure.openfaas-fn"} 2');
  });
});
