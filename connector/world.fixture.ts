import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, type Database } from '../lib/database/connection.ts';
import { createLog } from '../lib/platform/log.ts';
import { endKey, manifestKey } from '../lib/runs/keys.ts';
import { planRun } from '../lib/runs/plan.ts';
import { type RunState, readRunState } from '../lib/runs/state.ts';
import { submitRun } from '../lib/runs/submit.ts';
import { openStore } from '../lib/store/open.ts';
import type { ObjectStore } from '../lib/store/store.ts';
import { FaasClient } from '../provider/client.ts';
import type { Manifest } from '../schemas/manifest.ts';
import { Pipeline } from '../schemas/pipeline.ts';
import type { ObjectEvent } from '../schemas/store.ts';
import { Connector } from './connector.ts';
import { followEvents, type StoredEvent } from './feed.ts';

/** A call as the scripted gateway received it. */
export interface ReceivedCall {
  readonly operator: string;
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
  readonly deadline: number;
  /** When it was received, epoch ms. */
  readonly at: number;
}

/** What a function does with a call: `undefined` lets it do its work; a status is answered as problem+json. */
export type Script = (call: ReceivedCall, number: number) => Promise<Answer> | Answer;
export type Answer = undefined | { status: number; detail?: string; outOfScope?: boolean } | 'hang-up';

export interface WorldOptions {
  /** An empty, migrated database. */
  readonly databaseUrl: string;
  /** Default: an `fs` store in the world's folder. */
  readonly store?: ObjectStore;
  readonly concurrency?: Record<string, number>;
  /** Stands between the store's events and the connector. */
  readonly events?: (listener: Listener) => Listener;
}

type Listener = (event: ObjectEvent) => Promise<void>;

export type World = Awaited<ReturnType<typeof connectorWorld>>;

/** A connector with a real PostgreSQL and a real store, and functions that do what a test says. */
export async function connectorWorld(options: WorldOptions) {
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-connector-'));
  const store =
    options.store ??
    openStore({ driver: 'fs', folder: path.join(folder, 'store'), journal: path.join(folder, 'journal') });
  await store.prepare();
  const database = connect(options.databaseUrl, { max: 4 });
  const functions = await scriptedFunctions(store);
  const connectors: Connector[] = [];
  const heard = eventsHeard(database);

  let gap = () => {};
  const watched = withEvents(store, (listener, onGap) => {
    gap = onGap;
    return options.events?.(listener) ?? listener;
  });

  const newConnector = () => {
    const connector = new Connector({
      databaseUrl: options.databaseUrl,
      store: watched,
      faas: new FaasClient({ url: functions.address, credentials: { user: 'admin', password: 'unused' } }),
      faasAddress: functions.address,
      concurrency: options.concurrency ?? { default: 2 },
      keepEventsDays: 30,
      log: createLog('connector', process.env.OVERREAD_LOG_LEVEL ?? 'silent'),
      onLost: () => {},
    });
    connectors.push(connector);
    return connector;
  };

  /** Makes a run of steps; each needs those that `needs` names. */
  const submit = async (steps: readonly StepSketch[], options: { trigger?: string } = {}): Promise<string> => {
    const planned = planRun({
      pipeline: Pipeline.parse({
        name: 'test-pipeline',
        version: '1.0.0',
        title: 'Test',
        calledAETitle: 'TEST',
        quietSeconds: 1,
        admits: { SOPClassUID: ['1.2.3'] },
        steps: steps.map(({ needs = [], ...step }) => ({ operator: step.name, needs, ...step })),
      }),
      StudyInstanceUID: `1.2.${++studies}`,
      instances: [],
      notAdmitted: [],
      models: {},
    });
    await submitRun(store, planned, {
      kind: 'route',
      by: options.trigger ?? 'test',
      at: new Date().toISOString(),
    });
    return planned.id;
  };

  return {
    folder,
    store,
    database,
    functions,
    heard,
    newConnector,
    /** The newest of them. */
    connector: (): Connector => {
      const newest = connectors.at(-1);
      if (newest === undefined) throw new Error('No connector was made.');
      return newest;
    },
    /** The store tells that events may be missing. */
    gap: () => gap(),
    submit,
    /** Resolves with the run when its ending was heard for the `times`-th time. */
    ended: async (run: string, times = 1): Promise<RunState> => {
      await heard.until((events) => events.filter(({ key }) => key === endKey(run)).length >= times);
      const state = await readRunState(store, run);
      if (state === undefined) throw new Error('The run is gone.');
      return state;
    },
    close: async () => {
      await heard.close();
      for (const connector of connectors) await connector.stop();
      await functions.close();
      await database.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

let studies = 0;

/** The same store, with something between its events and who listens. */
function withEvents(store: ObjectStore, between: (listener: Listener, onGap: () => void) => Listener): ObjectStore {
  return new Proxy(store, {
    get: (target, property) => {
      if (property === 'subscribe') {
        return (listener: Listener, onGap: () => void) => target.subscribe(between(listener, onGap), onGap);
      }
      const value = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

export interface StepSketch {
  readonly name: string;
  readonly operator?: string;
  readonly needs?: readonly string[];
  readonly when?: readonly { step: string; data: string; equals: string | number | boolean }[];
  readonly attempts?: number;
  readonly timeoutSeconds?: number;
}

/** Everything the feed has given so far, and a way to wait for it. */
function eventsHeard(database: Database) {
  const events: StoredEvent[] = [];
  const waiting = new Set<() => void>();
  const following = followEvents(database, { after: 0, buckets: ['runs', 'results', 'feedback'] }, async (event) => {
    events.push(event);
    for (const check of waiting) check();
  });
  return {
    events,
    until: (holds: (events: readonly StoredEvent[]) => boolean) =>
      new Promise<void>((resolve) => {
        const check = () => {
          if (!holds(events)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    close: () => following.close(),
  };
}

/** A gateway whose functions follow a script, by step; without one they write a manifest and answer 200. */
async function scriptedFunctions(store: ObjectStore) {
  const calls: ReceivedCall[] = [];
  const scripts = new Map<string, Script>();
  const data = new Map<string, Record<string, unknown>>();
  const waiting = new Set<() => void>();
  const done = new Set<(call: ReceivedCall) => void>();
  let running = 0;
  let most = 0;

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === '/healthz') return void response.end('ok');
    const call = await received(request);
    calls.push(call);
    most = Math.max(most, ++running);
    for (const check of waiting) check();
    const number = calls.filter(({ run, step }) => run === call.run && step === call.step).length;
    const said = await scripts.get(call.step)?.(call, number);
    running--;
    if (said === 'hang-up') return void request.socket.destroy();
    if (said !== undefined) {
      const { status, detail, outOfScope } = said;
      response.writeHead(status, { 'Content-Type': 'application/problem+json' });
      return void response.end(JSON.stringify({ title: 'Scripted', status, detail, outOfScope }));
    }
    await work(call);
    response.end('{}');
  };

  const work = async (call: ReceivedCall) => {
    const manifest = manifestOf(call, data.get(call.step) ?? {});
    await store.put('runs', manifestKey(call.run, call.step), Buffer.from(JSON.stringify(manifest)));
    for (const tell of done) tell(call);
  };

  let server: Server;
  const listen = (port: number) =>
    new Promise<number>((resolve) => {
      server = createServer((request, response) => {
        answer(request, response).catch(() => response.destroy());
      });
      server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const port = await listen(0);
  return {
    address: `http://127.0.0.1:${port}`,
    calls,
    /** Told of each manifest, when it is durable. */
    done,
    /** Does the work of a call: writes its manifest. */
    work,
    /** Calls in hand. */
    running: () => running,
    /** Most calls that were in hand at once. */
    most: () => most,
    /** What the function of a step does. */
    script: (step: string, script: Script) => scripts.set(step, script),
    /** `data` of a step's manifest. */
    data: (step: string, value: Record<string, unknown>) => data.set(step, value),
    callsOf: (run: string, step?: string) =>
      calls.filter((call) => call.run === run && (step === undefined || call.step === step)),
    untilCalled: (holds: (calls: readonly ReceivedCall[]) => boolean) =>
      new Promise<void>((resolve) => {
        const check = () => {
          if (!holds(calls)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    /** The gateway goes away, and comes back on its port. */
    leave: close,
    comeBack: () => listen(port),
    close,
  };
}

async function received(request: IncomingMessage): Promise<ReceivedCall> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { run, step } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  return {
    operator: (request.url ?? '').split('/')[2] ?? '',
    run,
    step,
    attempt: Number(request.headers['overread-attempt']),
    deadline: Number(request.headers['overread-deadline']),
    at: Date.now(),
  };
}

function manifestOf(call: ReceivedCall, data: Record<string, unknown>): Manifest {
  const now = new Date().toISOString();
  return {
    run: call.run,
    step: call.step,
    operator: call.operator,
    operatorVersion: '1.0.0',
    inputDigest: '0'.repeat(64),
    attempt: call.attempt,
    startedAt: now,
    finishedAt: now,
    outputs: {},
    data,
    timings: { fetchMs: 0, computeMs: 0, storeMs: 0 },
    device: { kind: 'cpu', name: 'test', threads: 1 },
  };
}
