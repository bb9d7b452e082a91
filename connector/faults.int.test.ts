import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../lib/database/embedded.ts';
import { migrateDatabase } from '../lib/database/migrate.ts';
import { HOME } from '../lib/platform/configuration.ts';
import { endKey, runKey } from '../lib/runs/keys.ts';
import { freePort } from '../tests/ports.ts';
import { connectorWorld, type World } from './world.fixture.ts';

/** A run must go on after a restart within this time, ms: what the product promises. */
const PROMISED_MS = 30_000;

describe('the connector as a process', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-connector-faults-'));
  let port: number;
  let postgres: EmbeddedPostgres;
  let world: World;
  const processes: ConnectorProcess[] = [];

  beforeEach(async () => {
    port = await freePort();
    postgres = await startEmbeddedPostgres(folder, port);
    await migrateDatabase(postgres.url);
    world = await connectorWorld({ databaseUrl: postgres.url });
  });

  afterEach(async () => {
    for (const each of processes.splice(0)) await each.kill('SIGKILL');
    await world.close();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (): Promise<ConnectorProcess> => {
    const started = connectorProcess({
      OVERREAD_DATA: world.folder,
      DATABASE_URL: postgres.url,
      OVERREAD_FAAS_PORT: new URL(world.functions.address).port,
      OVERREAD_CONNECTOR_PORT: String(await freePort()),
    });
    processes.push(started);
    await started.ready;
    return started;
  };

  /** A step whose first call hangs until the test ends. */
  const hangFirst = (step: string) => {
    world.functions.script(step, (_, number) => (number === 1 ? new Promise(() => {}) : undefined));
  };

  const FAN = [
    { name: 'parse' },
    { name: 'left', needs: ['parse'], attempts: 1 },
    { name: 'right', needs: ['parse'], attempts: 1 },
    { name: 'publish', needs: ['left', 'right'] },
  ];

  it('takes up a call that was out when it was killed, at no cost of an attempt, and ends the run once', async () => {
    const first = await start();
    hangFirst('left');
    const run = await world.submit(FAN);
    await world.functions.untilCalled((calls) => calls.some(({ step }) => step === 'left'));
    await first.kill('SIGKILL');

    const restarted = Date.now();
    await start();
    const state = await world.ended(run);
    expect(state.end?.status).toBe('succeeded');
    expect(Date.now() - restarted).toBeLessThan(PROMISED_MS);
    expect(world.functions.callsOf(run, 'left').map(({ attempt }) => attempt)).toEqual([1, 1]);
    expect(world.functions.callsOf(run, 'publish')).toHaveLength(1);
    expect(world.heard.events.filter(({ key }) => key === endKey(run))).toHaveLength(1);
  });

  it('ends a run once whose function finished while no connector was there', async () => {
    const first = await start();
    let finish = () => {};
    world.functions.script('left', async (_, number) => {
      if (number === 1)
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
      return undefined;
    });
    const run = await world.submit(FAN);
    await world.functions.untilCalled((calls) => calls.some(({ step }) => step === 'left'));
    await first.kill('SIGKILL');
    const finished = new Promise<void>((resolve) =>
      world.functions.done.add(({ step }) => step === 'left' && resolve()),
    );
    finish();
    await finished;

    await start();
    const state = await world.ended(run);
    expect(state.end?.status).toBe('succeeded');
    expect(world.functions.callsOf(run, 'left')).toHaveLength(1);
    expect(world.heard.events.filter(({ key }) => key === endKey(run))).toHaveLength(1);
  });

  it('ends, and goes on after a restart, when PostgreSQL was killed under it in the middle of a run', async () => {
    const first = await start();
    hangFirst('left');
    const run = await world.submit(FAN);
    await world.functions.untilCalled((calls) => calls.some(({ step }) => step === 'left'));
    const gone = new Promise((resolve) => postgres.process.once('exit', resolve));
    postgres.process.kill('SIGKILL');
    await gone;
    expect(await first.exited, 'its supervisor starts it again').toBe(1);

    const during = await world.submit([{ name: 'parse' }]);
    const starting = start();
    postgres = await startEmbeddedPostgres(folder, port);
    await starting;
    expect((await world.ended(run)).end?.status).toBe('succeeded');
    expect((await world.ended(during)).end?.status).toBe('succeeded');
    expect(world.heard.events.filter(({ key }) => key === endKey(run))).toHaveLength(1);
    const ids = world.heard.events.map(({ id }) => id);
    expect(ids, 'the feed went on over the restart, in order and without doubles').toEqual(
      [...new Set(ids)].sort((a, b) => a - b),
    );
  });

  it('lets a call in hand end when it is told to stop', async () => {
    const only = await start();
    let finish = () => {};
    world.functions.script(
      'parse',
      () =>
        new Promise<undefined>((resolve) => {
          finish = () => resolve(undefined);
        }),
    );
    const run = await world.submit([{ name: 'parse', attempts: 1 }]);
    await world.functions.untilCalled((calls) => calls.length === 1);
    const stopped = only.kill('SIGTERM');
    finish();
    expect(await stopped).toBe(0);
    expect(world.heard.events.some(({ key }) => key === runKey(run))).toBe(true);

    await start();
    await world.ended(run);
    expect(world.functions.callsOf(run)).toHaveLength(1);
  });
});

interface ConnectorProcess {
  readonly ready: Promise<void>;
  /** Exit status; undefined where a signal ended it. */
  readonly exited: Promise<number | undefined>;
  kill(signal: NodeJS.Signals): Promise<number | undefined>;
}

function connectorProcess(environment: Record<string, string>): ConnectorProcess {
  const child: ChildProcess = spawn(process.execPath, [path.join(HOME, 'connector/main.ts')], {
    env: { PATH: process.env.PATH, OVERREAD_LOG_LEVEL: 'silent', ...environment },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = new Promise<number | undefined>((resolve) => child.once('exit', (code) => resolve(code ?? undefined)));
  return {
    ready: new Promise((resolve, reject) => {
      child.once('message', () => resolve());
      exited.then((code) => reject(new Error(`The connector ended at its start with status ${code}.`)));
    }),
    exited,
    kill: (signal) => {
      child.kill(signal);
      return exited;
    },
  };
}
