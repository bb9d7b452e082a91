import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { endKey, manifestKey, runKey } from '../lib/runs/keys.ts';
import { requestRetry } from '../lib/runs/retry.ts';
import { stepState } from '../lib/runs/state.ts';
import { startTestPostgres, type TestPostgres } from '../tests/postgres.ts';
import { holdsRun } from './feed.ts';
import { connectorWorld, type World, type WorldOptions } from './world.fixture.ts';

const FAN = [
  { name: 'parse' },
  { name: 'left', needs: ['parse'] },
  { name: 'right', needs: ['parse'] },
  { name: 'publish', needs: ['left', 'right'] },
];

describe('the connector', () => {
  let server: TestPostgres;
  const worlds: World[] = [];
  beforeAll(async () => {
    server = await startTestPostgres();
  });
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.close();
  });
  afterAll(() => server.stop());

  const aWorld = async (options: Omit<WorldOptions, 'databaseUrl'> = {}): Promise<World> => {
    const world = await connectorWorld({ ...options, databaseUrl: await server.fresh() });
    worlds.push(world);
    return world;
  };
  const aStartedWorld = async (options: Omit<WorldOptions, 'databaseUrl'> = {}): Promise<World> => {
    const world = await aWorld(options);
    await world.newConnector().start();
    return world;
  };

  it('brings a pipeline that fans out and in to its end, each step called once', async () => {
    const world = await aStartedWorld();
    const run = await world.submit(FAN);
    const state = await world.ended(run);
    expect(state.end).toMatchObject({ status: 'succeeded', reason: null, step: null, retries: 0 });
    const called = world.functions.callsOf(run).map(({ step }) => step);
    expect(called).toHaveLength(4);
    expect([called[0], called[3]]).toEqual(['parse', 'publish']);
    expect(await holdsRun(world.database, run)).toBe(true);
    expect(await holdsRun(world.database, '0'.repeat(64))).toBe(false);
  });

  it('skips a step whose condition does not hold, and ends all the same', async () => {
    const world = await aStartedWorld();
    world.functions.data('select', { images: 0 });
    const run = await world.submit([
      { name: 'select' },
      { name: 'infer', needs: ['select'], when: [{ step: 'select', data: 'images', equals: 1 }] },
    ]);
    expect((await world.ended(run)).end?.status).toBe('succeeded');
    expect(world.functions.callsOf(run, 'infer')).toEqual([]);
  });

  it('takes over a run that was made before it started', async () => {
    const world = await aWorld();
    const run = await world.submit(FAN);
    await world.newConnector().start();
    expect((await world.ended(run)).end?.status).toBe('succeeded');
  });

  describe('when events go astray', () => {
    it('does everything once when each comes three times', async () => {
      const world = await aStartedWorld({
        events: (listener) => async (event) => {
          await listener(event);
          await listener(event);
          await listener({ ...event, deduplicationKey: `${event.deduplicationKey} again` });
        },
      });
      const run = await world.submit(FAN);
      await world.ended(run);
      expect(world.functions.callsOf(run)).toHaveLength(4);
      const twice = world.heard.events.filter(({ key }) => key === manifestKey(run, 'parse'));
      expect(twice, 'one creation under two keys is two events, the same delivered twice is one').toHaveLength(2);
    });

    it('ends a run whose events come in the wrong order', async () => {
      const world = await aStartedWorld({
        events: (listener) => {
          const held: Parameters<typeof listener>[0][] = [];
          return async (event) => {
            held.unshift(event);
            setTimeout(() => {
              for (const each of held.splice(0)) void listener(each);
            }, 20);
          };
        },
      });
      const run = await world.submit(FAN);
      expect((await world.ended(run)).end?.status).toBe('succeeded');
      expect(world.functions.callsOf(run)).toHaveLength(4);
    });

    it('ends a run of whose steps nothing was told, and makes up for the events that are missing', async () => {
      const world = await aStartedWorld({
        events: (listener) => (event) => (event.key.endsWith('/run.json') ? listener(event) : Promise.resolve()),
      });
      const run = await world.submit(FAN);
      await world.ended(run);
      await world.heard.until((events) =>
        FAN.every(({ name }) => events.some(({ key }) => key === manifestKey(run, name))),
      );
      expect(world.functions.callsOf(run)).toHaveLength(4);
    });

    it('finds after a gap a run, a result and feedback that nothing was told of', async () => {
      const world = await aStartedWorld({ events: () => async () => {} });
      const run = await world.submit([{ name: 'parse' }]);
      await world.store.put('results', `test-pipeline/${run}/result.json`, Buffer.from('{}'));
      await world.store.put('feedback', 'reading/answer.json', Buffer.from('{}'));
      world.gap();
      await world.ended(run);
      await world.heard.until((events) =>
        ['results', 'feedback'].every((bucket) => events.some((event) => event.bucket === bucket)),
      );
      expect(world.heard.events.filter(({ key }) => key === runKey(run))).toHaveLength(1);
    });
  });

  describe('when a function fails', () => {
    it('ends a run as out of scope at the first 422 that says so', async () => {
      const world = await aStartedWorld();
      world.functions.script('parse', () => ({ status: 422, detail: 'This is no pelvis.', outOfScope: true }));
      const run = await world.submit(FAN);
      const { end } = await world.ended(run);
      expect(end).toMatchObject({ status: 'out-of-scope', reason: 'This is no pelvis.', step: 'parse' });
      expect(world.functions.callsOf(run)).toHaveLength(1);
    });

    it('tries again after 5xx and after a lost connection', async () => {
      const world = await aStartedWorld();
      world.functions.script('parse', (_, number) => {
        if (number === 1) return { status: 500, detail: 'Out of memory.' };
        return number === 2 ? 'hang-up' : undefined;
      });
      const run = await world.submit([{ name: 'parse' }]);
      const state = await world.ended(run);
      expect(state.end?.status).toBe('succeeded');
      expect(world.functions.callsOf(run).map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      expect(stepState(state, 'parse').failed.map(({ problem }) => problem.detail)).toEqual([
        'Out of memory.',
        'The connection to function parse was lost.',
      ]);
    });

    it('gives up when all attempts are used, and succeeds when a person asks again', async () => {
      const world = await aStartedWorld();
      let broken = true;
      world.functions.script('infer', () => (broken ? { status: 500, detail: 'The model is broken.' } : undefined));
      const run = await world.submit([{ name: 'parse' }, { name: 'infer', needs: ['parse'], attempts: 2 }]);
      const { end } = await world.ended(run);
      expect(end).toMatchObject({ status: 'failed', reason: 'The model is broken.', step: 'infer', retries: 0 });
      expect((await world.connector().status()).deadLetters).toMatchObject([{ run, step: 'infer' }]);

      broken = false;
      await requestRetry(world.store, run, 'admin');
      const again = await world.ended(run, 2);
      expect(again.end).toMatchObject({ status: 'succeeded', retries: 1 });
      expect(again.retries).toMatchObject([{ number: 1, by: 'admin', setAside: { step: 'infer' } }]);
      expect(world.functions.callsOf(run, 'infer').map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      expect(world.functions.callsOf(run, 'parse'), 'what had succeeded is not done again').toHaveLength(1);
      expect((await world.connector().status()).deadLetters).toEqual([]);
    });

    it('counts 200 without a manifest as a failure', async () => {
      const world = await aStartedWorld();
      world.functions.script('parse', () => ({ status: 200 }));
      const run = await world.submit([{ name: 'parse', attempts: 1 }]);
      const { end } = await world.ended(run);
      expect(end?.reason).toBe('The function answered 200, but left no valid manifest.');
    });

    it('counts an answer that was lost as none, where the manifest is there', async () => {
      const world = await aStartedWorld();
      world.functions.script('parse', async (call) => {
        await world.functions.work(call);
        return 'hang-up' as const;
      });
      const run = await world.submit([{ name: 'parse', attempts: 1 }]);
      const state = await world.ended(run);
      expect(state.end?.status).toBe('succeeded');
      expect(stepState(state, 'parse').failed).toEqual([]);
    });

    it('gives a call its deadline, and fails it when the function is still silent after it', async () => {
      const world = await aStartedWorld();
      let release = () => {};
      world.functions.script(
        'parse',
        () =>
          new Promise((resolve) => {
            release = () => resolve(undefined);
          }),
      );
      const before = Date.now();
      const run = await world.submit([{ name: 'parse', attempts: 1, timeoutSeconds: 1 }]);
      const { end } = await world.ended(run);
      release();
      expect(end?.reason).toBe('Function parse did not answer before its deadline.');
      const [call] = world.functions.callsOf(run);
      expect(call?.deadline).toBeGreaterThanOrEqual(before + 1_000);
      expect(call?.deadline).toBeLessThanOrEqual((call?.at ?? 0) + 1_000);
    });
  });

  it.each([404, 429, 503])('waits without losing an attempt while the answer is %i, and says so', async (status) => {
    const world = await aStartedWorld();
    let waits: unknown;
    world.functions.script('parse', async (_, number) => {
      if (number === 3) waits = (await world.connector().status()).notYet;
      return number <= 3 ? { status } : undefined;
    });
    const run = await world.submit([{ name: 'parse', attempts: 1 }]);
    const state = await world.ended(run);
    expect(state.end?.status).toBe('succeeded');
    expect(world.functions.callsOf(run).map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1]);
    expect(stepState(state, 'parse').failed).toEqual([]);
    expect(waits).toMatchObject([{ run, step: 'parse', reason: expect.stringContaining(`(${status})`) }]);
  });

  it('waits for a gateway that is not there', async () => {
    const world = await aStartedWorld();
    await world.functions.leave();
    const run = await world.submit([{ name: 'parse', attempts: 1 }]);
    await world.heard.until((events) => events.some(({ key }) => key === runKey(run)));
    expect((await world.connector().status()).faas).toBe(false);
    await world.functions.comeBack();
    expect((await world.ended(run)).end?.status).toBe('succeeded');
  });

  it('has no more calls of a function in flight than the site allows, and leaves none lying', async () => {
    const world = await aStartedWorld({ concurrency: { default: 2, total: 16 } });
    world.functions.script('parse', async () => {
      await world.functions.untilCalled(() => world.functions.running() === 2 || world.functions.calls.length === 9);
      return undefined;
    });
    const runs = await Promise.all(Array.from({ length: 9 }, () => world.submit([{ name: 'parse' }])));
    for (const run of runs) await world.ended(run);
    expect(world.functions.most()).toBe(2);
    expect(world.functions.calls).toHaveLength(9);
  });

  it('has no more calls in flight than the site allows in all', async () => {
    const world = await aStartedWorld({ concurrency: { default: 4, total: 1 } });
    const run = await world.submit(FAN);
    await world.ended(run);
    expect(world.functions.most()).toBe(1);
  });

  it('ends a run whose plan is none, with a sentence that says so', async () => {
    const world = await aStartedWorld();
    const run = 'a'.repeat(64);
    await world.store.put('runs', runKey(run), Buffer.from('{"steps":[]}'));
    await world.heard.until((events) => events.some(({ key }) => key === endKey(run)));
    const end = JSON.parse((await world.store.get('runs', endKey(run))).toString('utf8'));
    expect(end).toMatchObject({ status: 'failed', reason: expect.stringContaining('no valid plan') });
  });

  it('lets a second connector stand by until the first is gone, then take over', async () => {
    const world = await aStartedWorld();
    const first = world.connector();
    const second = world.newConnector();
    const standing = second.start();
    await world.ended(await world.submit([{ name: 'parse' }]));
    expect((await second.status()).listening).toBe(false);
    await first.stop();
    await standing;
    const state = await world.ended(await world.submit(FAN));
    expect(state.end?.status).toBe('succeeded');
    expect(world.functions.callsOf(state.id)).toHaveLength(4);
  });
});
