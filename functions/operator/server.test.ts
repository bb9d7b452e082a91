import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { outOfScope } from '../../lib/platform/problem.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { freePort } from '../../tests/ports.ts';
import { defineOperator, type Operator } from './define.ts';
import { operatorService } from './server.ts';
import { storeRun, temporaryStore } from './world.fixture.ts';

const base = {
  name: 'work',
  version: '1.0.0',
  description: 'Works.',
  parameters: z.object({}),
  inputs: {},
  outputs: {},
};
const steps = [{ name: 'work', operator: 'work' }];
const running: { stop(): Promise<void> }[] = [];
const logged: string[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.stop()));
  logged.length = 0;
});

async function serve(run: Operator['run'], store?: ObjectStore) {
  const used = store ?? (await temporaryStore());
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) });
  const operator = defineOperator({ ...base, run });
  const service = operatorService({ operator, store: used, log, port: 0 });
  running.push(service);
  const started = await service.start();
  const id = await storeRun(used, { steps });
  const address = started?.address ?? '';
  const call = (body: unknown = { run: id, step: 'work' }, init: RequestInit = {}) =>
    fetch(address, { method: 'POST', body: JSON.stringify(body), ...init });
  return { address, call, id, service, store: used };
}

describe('operatorService', () => {
  it('answers 200 with the manifest', async () => {
    const { call, id } = await serve(async () => ({ worked: true }));
    const answer = await call();
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ run: id, step: 'work', attempt: 1, data: { worked: true } });
  });

  it('takes the attempt from its header', async () => {
    const { call } = await serve(async () => ({}));
    const answer = await call(undefined, { headers: { 'Overread-Attempt': '4' } });
    expect(await answer.json()).toMatchObject({ attempt: 4 });
  });

  it('is healthy and ready', async () => {
    const { address } = await serve(async () => ({}));
    for (const path of ['/_/health', '/_/ready']) expect((await fetch(address + path)).status, path).toBe(200);
  });

  it('answers 422 with the operator’s own sentence where the input can never work', async () => {
    const { call } = await serve(async () => {
      throw outOfScope('It is a chest.');
    });
    const answer = await call();
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({ status: 422, detail: 'It is a chest.', outOfScope: true });
  });

  it('answers 500 that tells nothing of the inside, which the log has', async () => {
    const { call, id } = await serve(async () => {
      throw new Error('ENOENT /secret/place');
    });
    const answer = await call();
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('secret');
    expect(logged.join('')).toContain('/secret/place');
    expect(JSON.parse(logged.at(-1) ?? '')).toMatchObject({ run: id, step: 'work' });
  });

  it('answers 504 at the deadline and tells the work to stop', async () => {
    const stopped = Promise.withResolvers<never>();
    const { call, store, id } = await serve(({ signal }) => {
      const stop = () => stopped.reject(signal.reason);
      // On a slow machine the deadline may have passed before the work begins.
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop);
      return stopped.promise;
    });
    const answer = await call(undefined, { headers: { 'Overread-Deadline': String(Date.now() + 50) } });
    expect(answer.status).toBe(504);
    expect(await answer.json()).toMatchObject({ detail: 'The step did not end before its deadline.' });
    await expect(stopped.promise).rejects.toThrow(expect.objectContaining({ name: 'TimeoutError' }));
    expect(await store.stat('runs', `${id}/steps/work/manifest.json`)).toBeUndefined();
  });

  it('stops the work when the caller hangs up', async () => {
    const caller = new AbortController();
    const stopped = Promise.withResolvers<void>();
    const { call } = await serve(({ signal }) => {
      signal.addEventListener('abort', () => stopped.resolve());
      caller.abort();
      return new Promise(() => {});
    });
    await expect(call(undefined, { signal: caller.signal })).rejects.toThrow();
    await stopped.promise;
  });

  it.each([
    ['no JSON', { body: '{' }, 400, /not JSON/],
    ['a run id that is none', { body: JSON.stringify({ run: '../x', step: 'work' }) }, 400, /The body \(run\)/],
    ['a deadline that is no moment', { headers: { 'Overread-Deadline': 'soon' } }, 400, /Overread-Deadline/],
    ['a body that is too large', { body: 'x'.repeat(20_000) }, 413, /at most 16384 bytes/],
    ['another method', { method: 'PUT' }, 405, /started by POST/],
  ])('refuses %s', async (_, init, status, message) => {
    const { call } = await serve(async () => ({}));
    const answer = await call(undefined, init);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ detail: expect.stringMatching(message) });
  });

  it('is not ready, and says "not yet" to calls, until the store can be reached', async () => {
    const store = await temporaryStore();
    const reached = Promise.withResolvers<void>();
    const prepare = vi.spyOn(store, 'prepare');
    prepare.mockRejectedValueOnce(new Error('connection refused')).mockReturnValueOnce(reached.promise);
    const log = pino({ level: 'silent' });
    const port = await freePort();
    const service = operatorService({ operator: defineOperator({ ...base, run: async () => ({}) }), store, log, port });
    const started = service.start();
    await vi.waitFor(() => expect(prepare).toHaveBeenCalled());
    const address = `http://127.0.0.1:${port}`;
    expect((await fetch(`${address}/_/health`)).status).toBe(200);
    expect((await fetch(`${address}/_/ready`)).status).toBe(503);
    expect((await fetch(address, { method: 'POST', body: '{}' })).status).toBe(503);
    reached.resolve();
    await started;
    expect(prepare).toHaveBeenCalledTimes(2);
    expect((await fetch(`${address}/_/ready`)).status).toBe(200);
    await service.stop();
  });

  it('has no other path', async () => {
    const { address } = await serve(async () => ({}));
    expect((await fetch(`${address}/else`)).status).toBe(404);
  });

  it('finishes the call in hand when it stops, and takes no new one', async () => {
    const begun = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const { address, call, service } = await serve(async () => {
      begun.resolve();
      await finish.promise;
      return {};
    });
    const inHand = call();
    await begun.promise;
    const stopping = service.stop();
    expect((await fetch(`${address}/_/ready`)).status).toBe(503);
    expect((await call()).status).toBe(503);
    finish.resolve();
    expect((await inHand).status).toBe(200);
    await stopping;
    running.length = 0;
  });
});
