import { afterEach, describe, expect, it } from 'vitest';
import { advance } from './advance.ts';
import { canonicalJson } from './canonical.ts';
import { endKey, failedKey, retryKey, runKey } from './keys.ts';
import { requestRetry } from './retry.ts';
import { aFailure, anEnd, aState } from './state.fixture.ts';
import { readRunState } from './state.ts';
import { aStore } from './store.fixture.ts';

const RUN = 'd'.repeat(64);

describe('requestRetry', () => {
  const { store, puts, close } = aStore();
  afterEach(close);
  const put = (key: string, value: unknown) => store.put('runs', key, Buffer.from(canonicalJson(value)));
  const aRun = () => put(runKey(RUN), aState({ steps: [{ name: 'parse' }] }).run);

  it('sets the ending aside, with who asked', async () => {
    await aRun();
    await put(endKey(RUN), anEnd());
    const retry = await requestRetry(store, RUN, 'admin');
    expect(retry).toMatchObject({ number: 1, by: 'admin', setAside: anEnd() });
    const state = await readRunState(store, RUN);
    expect(state?.end).toBeUndefined();
    expect(state?.retries).toEqual([retry]);
  });

  it('numbers the next one on, when the run has ended again', async () => {
    await aRun();
    await put(endKey(RUN), anEnd());
    await requestRetry(store, RUN, 'admin');
    await expect(requestRetry(store, RUN, 'admin')).rejects.toThrow(/this one goes on/);
    await put(endKey(RUN), anEnd({ retries: 1 }));
    expect(await requestRetry(store, RUN, 'admin')).toMatchObject({ number: 2 });
    expect(puts.filter((key) => key.includes('/retries/'))).toEqual([retryKey(RUN, 1), retryKey(RUN, 2)]);
  });

  it('counts what fails from then on, whatever the clocks of who asked and of who calls say', async () => {
    const steps = [{ name: 'parse', attempts: 3 }];
    await put(runKey(RUN), aState({ steps }).run);
    await put(failedKey(RUN, 'parse', 1), aFailure({ attempt: 1, retryable: false }));
    await put(endKey(RUN), anEnd());
    const { at } = await requestRetry(store, RUN, 'admin');
    const advanced = async () => {
      const state = await readRunState(store, RUN);
      return state && advance(state);
    };
    expect(await advanced()).toMatchObject({ due: [{ attempt: 2, notBefore: 0 }] });
    const anHourBefore = new Date(Date.parse(at) - 3_600_000).toISOString();
    await put(failedKey(RUN, 'parse', 2), aFailure({ attempt: 2, retryable: false, failedAt: anHourBefore }));
    expect(await advanced()).toMatchObject({ due: [], end: { status: 'failed', retries: 1 } });
  });

  it.each<[string, () => Promise<unknown>, number, RegExp]>([
    ['that is not there', async () => {}, 404, /There is no run/],
    ['that goes on', aRun, 409, /this one goes on/],
    [
      'that has succeeded',
      async () => {
        await aRun();
        await put(endKey(RUN), anEnd({ status: 'succeeded', reason: null, step: null }));
      },
      409,
      /this one succeeded/,
    ],
    ['without a valid plan', () => put(runKey(RUN), {}), 409, /has no valid plan/],
  ])('refuses a run %s', async (_, arrange, status, message) => {
    await arrange();
    const asking = requestRetry(store, RUN, 'admin');
    await expect(asking).rejects.toThrow(message);
    await expect(asking).rejects.toMatchObject({ problem: { status } });
  });
});
