import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../lib/platform/log.ts';
import { openStore } from '../lib/store/open.ts';
import type { ObjectStore } from '../lib/store/store.ts';
import { Reconciler } from './reconcile.ts';

async function* nothing(): AsyncGenerator<never> {
  yield* [];
}

describe('reconciliation', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('goes on at its pace when the clock is set back', async () => {
    let looks = 0;
    let sweeps = 0;
    const store: ObjectStore = openStore({ driver: 'fs', folder: '/nowhere', journal: '/nowhere' });
    vi.spyOn(store, 'list').mockImplementation(nothing);
    vi.spyOn(store, 'listPrefixes').mockImplementation(() => {
      looks += 1;
      return nothing();
    });
    const reconciler = new Reconciler({
      store,
      table: {
        active: async () => [],
        endedSince: async () => [],
        endedBadly: async () => [],
        unknown: async () => [],
      },
      events: { missing: async () => [] },
      log: createLog('connector', 'silent'),
      found: async () => {},
      advance: () => {},
      heardBefore: async () => undefined,
      compared: async () => {
        sweeps += 1;
      },
    });
    await reconciler.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect({ looks, sweeps }).toMatchObject({ sweeps: 1 });
    const before = looks;
    reconciler.gap();
    vi.setSystemTime(Date.now() - 3_600_000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sweeps).toBe(2);
    expect(looks).toBeGreaterThan(before + 2);
    await reconciler.close();
  });
});
