import { afterEach, describe, expect, it } from 'vitest';
import type { Trigger } from '../../schemas/run.ts';
import { canonicalJson, sha256 } from './canonical.ts';
import { runKey, triggersPrefix } from './keys.ts';
import { aStore } from './store.fixture.ts';
import { RunDigestError, submitRun } from './submit.ts';

const TRIGGER: Trigger = { kind: 'route', by: 'hips', at: '2026-01-01T00:00:00.000Z' };

describe('submitRun', () => {
  const { store, puts, close } = aStore();
  afterEach(close);
  const body = canonicalJson({ plan: 'any' });
  const planned = { id: sha256(body), body };

  it('stores the plan first, then why', async () => {
    await submitRun(store, planned, TRIGGER);
    expect(puts).toEqual([
      runKey(planned.id),
      expect.stringMatching(`^${triggersPrefix(planned.id)}[0-9a-f]{64}\\.json$`),
    ]);
    expect((await store.get('runs', runKey(planned.id))).toString()).toBe(body);
  });

  it('stores nothing again, and each further reason beside the first', async () => {
    await submitRun(store, planned, TRIGGER);
    await submitRun(store, planned, TRIGGER);
    expect(puts).toHaveLength(2);
    await submitRun(store, planned, { ...TRIGGER, by: 'a person' });
    expect(puts).toHaveLength(3);
  });

  it('refuses a plan under another name than its digest', async () => {
    const submitting = submitRun(store, { id: 'f'.repeat(64), body }, TRIGGER);
    await expect(submitting).rejects.toThrow(RunDigestError);
    await expect(submitting).rejects.toThrow(/named by the digest of its plan/);
    expect(puts).toEqual([]);
  });
});
