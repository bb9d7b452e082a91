import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../lib/platform/log.ts';
import { canonicalJson } from '../lib/runs/canonical.ts';
import { endKey, failedKey, manifestKey, runKey } from '../lib/runs/keys.ts';
import { aFailure, aManifest, aState } from '../lib/runs/state.fixture.ts';
import { aStore } from '../lib/runs/store.fixture.ts';
import type { ObjectStore } from '../lib/store/store.ts';
import type { End } from '../schemas/run.ts';
import type { QueuedCall } from './queue.ts';
import { Runs } from './runs.ts';

const RUN = 'e'.repeat(64);

describe('Runs', () => {
  const { store, puts, close } = aStore();
  let calls: Promise<QueuedCall>[];
  let arrive: ((call: QueuedCall) => void)[];
  let ended: Promise<End>;
  let runs: Runs;
  /** Called when a run was listed, before anything is done with it. */
  let listed = async () => {};

  const put = (key: string, value: unknown) => store.put('runs', key, Buffer.from(canonicalJson(value)));
  const aRun = (attempts = 4) => put(runKey(RUN), aState({ steps: [{ name: 'parse', attempts }] }).run);

  beforeEach(() => {
    listed = async () => {};
    arrive = [];
    calls = Array.from(
      { length: 3 },
      (_, index) =>
        new Promise((resolve) => {
          arrive[index] = resolve;
        }),
    );
    let noteEnd: (end: End) => void = () => {};
    ended = new Promise((resolve) => {
      noteEnd = resolve;
    });
    runs = new Runs({
      store: listedThrough(store, () => listed()),
      table: {
        goesOn: async () => {},
        ended: async (_, end) => {
          noteEnd(end);
          return true;
        },
      },
      log: createLog('test', 'silent'),
      enqueue: async (_, call) => {
        arrive.shift()?.(call);
        return true;
      },
      ended: () => {},
    });
  });

  afterEach(async () => {
    runs.close();
    await close();
  });

  it('asks for what is due, and believes the decision when the call comes at once', async () => {
    await aRun();
    runs.advance(RUN);
    const call = await calls[0];
    expect(call).toEqual({ run: RUN, step: 'parse', attempt: 1 });
    await put(manifestKey(RUN, 'parse'), aManifest('parse'));
    expect(call && (await runs.stillDue(call))?.name).toBe('parse');
  });

  it('does not believe a decision on a reading that was overtaken by the call itself', async () => {
    await aRun();
    runs.advance(RUN);
    const first = await calls[0];
    expect(first && (await runs.stillDue(first))?.name).toBe('parse');
    let release = () => {};
    const reading = new Promise<void>((isReading) => {
      listed = () => {
        isReading();
        return new Promise((resolve) => {
          release = resolve;
        });
      };
    });
    runs.advance(RUN);
    await reading;
    listed = async () => {};
    await put(manifestKey(RUN, 'parse'), aManifest('parse'));
    release();
    const second = await calls[1];
    expect(second, 'the old reading asks for it again').toEqual(first);
    expect(second && (await runs.stillDue(second)), 'and a new one shows that it is done').toBeUndefined();
  });

  it('reads again for a call that nobody decided on in this process', async () => {
    await aRun();
    const call = { run: RUN, step: 'parse', attempt: 1 };
    expect((await runs.stillDue(call))?.name).toBe('parse');
    await put(failedKey(RUN, 'parse', 1), aFailure({ attempt: 1 }));
    expect(await runs.stillDue(call)).toBeUndefined();
    expect((await runs.stillDue({ ...call, attempt: 2 }))?.name).toBe('parse');
  });

  it('knows which manifests it has decided on', async () => {
    const plan = aState({ steps: [{ name: 'parse' }, { name: 'select', needs: ['parse'] }] }).run;
    await put(runKey(RUN), plan);
    runs.advance(RUN);
    const parse = await calls[0];
    if (parse === undefined) throw new Error('nothing is called');
    expect(runs.hasRead(parse)).toBe(false);
    await put(manifestKey(RUN, 'parse'), aManifest('parse'));
    expect(await runs.stillDue({ ...parse, step: 'select' }), 'a look of the queue decides nothing').toBeDefined();
    expect(runs.hasRead(parse)).toBe(false);
    runs.advance(RUN);
    expect(await calls[1]).toMatchObject({ step: 'select' });
    expect(runs.hasRead(parse)).toBe(true);
    expect(runs.hasRead({ ...parse, attempt: 2 })).toBe(false);
  });

  it('reads the object that is new, and all that is listed where nobody says which it is', async () => {
    const plan = aState({ steps: [{ name: 'parse' }, { name: 'select', needs: ['parse'] }, { name: 'infer' }] }).run;
    await put(runKey(RUN), plan);
    let listings = 0;
    listed = async () => {
      listings += 1;
    };
    runs.advance(RUN);
    const begun = [await calls[0], await calls[1]].map((call) => call?.step);
    expect(begun.sort()).toEqual(['infer', 'parse']);
    await put(failedKey(RUN, 'infer', 1), aFailure({ attempt: 1, retryable: false, detail: 'No event told of it.' }));
    await put(manifestKey(RUN, 'parse'), aManifest('parse'));
    runs.advance(RUN, manifestKey(RUN, 'parse'));
    expect(await calls[2]).toMatchObject({ step: 'select' });
    expect(listings).toBe(1);
    runs.advance(RUN);
    expect(await ended).toMatchObject({ status: 'failed', reason: 'No event told of it.' });
    expect(listings).toBe(2);
  });

  it('writes the ending once, however often the run is read', async () => {
    await aRun(1);
    await put(failedKey(RUN, 'parse', 1), aFailure({ attempt: 1, detail: 'Out of memory.' }));
    for (let times = 0; times < 5; times++) runs.advance(RUN);
    expect(await ended).toMatchObject({ status: 'failed', reason: 'Out of memory.', step: 'parse' });
    runs.advance(RUN);
    expect(puts.filter((key) => key === endKey(RUN))).toHaveLength(1);
  });

  it('comes back by itself when the pause after a failure is over', async () => {
    await aRun();
    const failedAt = new Date();
    await put(failedKey(RUN, 'parse', 1), aFailure({ attempt: 1, failedAt: failedAt.toISOString() }));
    runs.advance(RUN);
    expect(await calls[0]).toEqual({ run: RUN, step: 'parse', attempt: 2 });
    expect(Date.now() - failedAt.getTime()).toBeGreaterThanOrEqual(500);
  });

  it('reads a run again that could not be read', async () => {
    await aRun();
    let failures = 0;
    listed = async () => {
      if (++failures === 1) throw new Error('The store is gone.');
    };
    runs.advance(RUN);
    expect(await calls[0]).toMatchObject({ step: 'parse' });
  });
});

/** The store, with something to wait for after each listing. */
function listedThrough(store: ObjectStore, after: () => Promise<void>): ObjectStore {
  return new Proxy(store, {
    get: (target, property) => {
      if (property !== 'list') {
        const value = Reflect.get(target, property, target);
        return typeof value === 'function' ? value.bind(target) : value;
      }
      return async function* list(...parameters: Parameters<ObjectStore['list']>) {
        const found = [];
        for await (const object of target.list(...parameters)) found.push(object);
        await after();
        yield* found;
      };
    },
  });
}
