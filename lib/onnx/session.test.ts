import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSession } from './session.ts';

const weights = readFileSync(
  path.resolve(import.meta.dirname, '../../functions/infer-detection/fixture/bright-blobs.onnx'),
);
const request = () => ({ input: 'image', values: new Float32Array(64 * 64), dims: [1, 1, 64, 64] });

describe('openSession', () => {
  it('runs a model beside this thread and says what on', async () => {
    const session = await openSession(weights, { threads: 1 });
    expect(session.device).toEqual({
      kind: expect.stringMatching(/^(cpu|cuda)$/),
      name: expect.any(String),
      threads: 1,
    });
    const [a, b] = await Promise.all([session.run(request()), session.run(request())]);
    expect(a.scope?.values[0]).toBe(1);
    expect(b).toEqual(a);
    await session.close();
    await session.ended;
  });

  it('says why a model cannot be loaded', async () => {
    await expect(openSession(Buffer.from('no model'), { threads: 1 })).rejects.toThrow(
      /No execution provider takes the model/,
    );
  });

  it('goes on after an input of the wrong shape', async () => {
    const session = await openSession(weights, { threads: 1 });
    await expect(session.run({ ...request(), dims: [1, 1, 32, 128] })).rejects.toThrow();
    await expect(session.run({ ...request(), input: 'picture' })).rejects.toThrow(/image/);
    expect((await session.run(request())).scope?.values[0]).toBe(1);
    await session.close();
  });

  it('gives a run up at its signal, and what waits behind it fails too', async () => {
    const session = await openSession(weights, { threads: 1 });
    const stop = new AbortController();
    const runs = Promise.allSettled([session.run(request(), stop.signal), session.run(request())]);
    // The first has been posted when the queue's first turn is over.
    await Promise.resolve().then(() => undefined);
    stop.abort(new Error('too late'));
    expect((await runs).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await session.ended;
    await expect(session.run(request())).rejects.toThrow('The thread of the model has ended.');
  });

  it('leaves the process alive when it is given up while ONNX Runtime works', { timeout: 60_000 }, async () => {
    // Another process: what this is about is that a thread which ends too early takes its process with it.
    const child = fork(path.join(import.meta.dirname, 'fixture/given-up.ts'), { execArgv: [] });
    const [status, signal] = await once(child, 'exit');
    expect({ status, signal }).toEqual({ status: 0, signal: null });
  });
});
