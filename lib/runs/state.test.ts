import { afterEach, describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical.ts';
import { endKey, failedKey, manifestKey, retryKey, runKey, startedKey, triggerKey } from './keys.ts';
import { aFailure, aManifest, anEnd, aState } from './state.fixture.ts';
import {
  InvalidRunError,
  readRun,
  readRunObjects,
  readRunState,
  rereadRunObjects,
  runStateOf,
  stepState,
} from './state.ts';
import { aStore } from './store.fixture.ts';

const RUN = 'c'.repeat(64);
const { run: PLAN } = aState({ steps: [{ name: 'parse' }, { name: 'infer', needs: ['parse'] }] });

describe('readRunState', () => {
  const { store, gets, close } = aStore();
  afterEach(close);
  const put = (key: string, value: unknown) => store.put('runs', key, Buffer.from(canonicalJson(value)));

  it('is undefined where there is no run', async () => {
    await put(manifestKey(RUN, 'parse'), aManifest('parse'));
    expect(await readRunState(store, RUN)).toBeUndefined();
  });

  it('reads everything that the store holds of a run, attempts in their order', async () => {
    await put(runKey(RUN), PLAN);
    await put(triggerKey(RUN, 'b'), { kind: 'person', by: 'b', at: '2026-01-02T00:00:00.000Z' });
    await put(triggerKey(RUN, 'a'), { kind: 'route', by: 'a', at: '2026-01-01T00:00:00.000Z' });
    await put(manifestKey(RUN, 'parse'), aManifest('parse'));
    for (const attempt of [10, 9]) await put(failedKey(RUN, 'infer', attempt), aFailure({ attempt }));
    await put(startedKey(RUN, 'infer', 10), { attempt: 10, startedAt: '2026-01-01T00:00:00.000Z' });
    const state = await readRunState(store, RUN);
    expect(state?.run).toEqual(await readRun(store, RUN));
    expect(state?.triggers.map(({ by }) => by)).toEqual(['a', 'b']);
    expect(state && stepState(state, 'parse').manifest).toEqual(aManifest('parse'));
    expect(state && stepState(state, 'infer').failed.map(({ attempt }) => attempt)).toEqual([9, 10]);
    expect(state && stepState(state, 'infer').started).toHaveLength(1);
    expect(state?.end).toBeUndefined();
  });

  it('sets an ending aside that a retry by hand does not count', async () => {
    await put(runKey(RUN), PLAN);
    await put(endKey(RUN), anEnd());
    expect((await readRunState(store, RUN))?.end).toEqual(anEnd());
    await put(retryKey(RUN, 1), { number: 1, by: 'a', at: '2026-01-01T00:00:00.000Z', setAside: anEnd() });
    expect((await readRunState(store, RUN))?.end).toBeUndefined();
    await put(endKey(RUN), anEnd({ retries: 1 }));
    expect((await readRunState(store, RUN))?.end).toMatchObject({ retries: 1 });
  });

  it('counts as absent what is not what its key says', async () => {
    await put(runKey(RUN), PLAN);
    await store.put('runs', manifestKey(RUN, 'parse'), Buffer.from('half a mani'));
    await put(endKey(RUN), { status: 'unknown' });
    const state = await readRunState(store, RUN);
    expect(state && stepState(state, 'parse').manifest).toBeUndefined();
    expect(state?.end).toBeUndefined();
  });

  it('refuses a run without a valid plan', async () => {
    await put(runKey(RUN), { steps: [] });
    const reading = readRunState(store, RUN);
    await expect(reading).rejects.toThrow(InvalidRunError);
    await expect(reading).rejects.toThrow(/is not the plan of a run/);
  });

  it('reads nothing twice that has not changed', async () => {
    await put(runKey(RUN), PLAN);
    const first = await readRunObjects(store, RUN);
    expect(gets).toEqual([runKey(RUN)]);
    await put(manifestKey(RUN, 'parse'), aManifest('parse'));
    const second = await readRunObjects(store, RUN, first);
    expect(gets).toEqual([runKey(RUN), manifestKey(RUN, 'parse')]);
    expect(runStateOf(RUN, second)).toEqual(await readRunState(store, RUN));
  });

  it('adds one object to what was read, and reads it again when all is listed', async () => {
    await put(runKey(RUN), PLAN);
    await put(manifestKey(RUN, 'parse'), aManifest('parse'));
    const first = await readRunObjects(store, RUN);
    await put(failedKey(RUN, 'infer', 1), aFailure({ attempt: 1 }));
    await put(manifestKey(RUN, 'parse'), aManifest('parse', { another: true }));
    gets.length = 0;
    const second = await rereadRunObjects(store, first, [failedKey(RUN, 'infer', 1), manifestKey(RUN, 'parse')]);
    expect(runStateOf(RUN, second)).toEqual(await readRunState(store, RUN));
    gets.length = 0;
    const third = await readRunObjects(store, RUN, second);
    expect([...gets].sort()).toEqual([failedKey(RUN, 'infer', 1), manifestKey(RUN, 'parse')].sort());
    expect(runStateOf(RUN, third)).toEqual(runStateOf(RUN, second));
  });
});
