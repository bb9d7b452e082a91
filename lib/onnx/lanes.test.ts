import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLanes } from './lanes.ts';

const fixture = (name: string) => readFileSync(path.resolve(import.meta.dirname, '../../functions', name));
const weights = fixture('infer-detection/fixture/bright-blobs.onnx');
const forVolumes = fixture('infer-segmentation/fixture/bright-voxels.onnx');
const request = () => ({ input: 'image', values: new Float32Array(64 * 64), dims: [1, 1, 64, 64] });

describe('openLanes', () => {
  it('divides the threads among its lanes, and answers every input', async () => {
    const session = await openLanes(weights, 2, { threads: 5 });
    if (session.device.kind === 'cpu') {
      expect(session.lanes).toBe(2);
      expect(session.device.threads).toBe(4);
    }
    const answers = await Promise.all(Array.from({ length: 5 }, () => session.run(request())));
    for (const { scope } of answers) expect(scope?.values[0]).toBe(1);
    await session.close();
    await session.ended;
  });

  it('has no more lanes than threads', async () => {
    const session = await openLanes(weights, 2, { threads: 1 });
    expect([session.lanes, session.device.threads]).toEqual([1, 1]);
    await session.close();
  });

  it('has ended as a whole when one lane has', async () => {
    const session = await openLanes(forVolumes, 2, { threads: 2 });
    const stop = new AbortController();
    // So large that it is worked on for longer than a thread takes to end.
    const side = 160;
    const volume = { input: 'volume', values: new Float32Array(side ** 3), dims: [1, 1, side, side, side] };
    const stopped = session.run(volume, stop.signal);
    // It has been posted when the queue's first turn is over.
    await Promise.resolve().then(() => undefined);
    stop.abort(new Error('too late'));
    await expect(stopped).rejects.toThrow();
    await session.ended;
    await session.close();
  });
});
