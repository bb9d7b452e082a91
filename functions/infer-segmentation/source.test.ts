import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import type { InputFile } from '../operator.ts';
import { openTensor } from './source.ts';

const SIZE: [number, number, number] = [3, 2, 5];
const values = Float32Array.from({ length: 2 * 30 }, (_, at) => at);
const bytes = Buffer.from(values.buffer);
const file: InputFile = {
  name: 'tensor.f32',
  sha256: '',
  size: bytes.length,
  read: async () => bytes,
  stream: async () => Readable.from([bytes.subarray(0, 10), bytes.subarray(10)], { objectMode: false }),
};
const never = new AbortController().signal;

it.each([
  ['memory', 1e9],
  ['a file', 1],
])('gives slices out of %s', async (_, large) => {
  const source = await openTensor(file, 2, SIZE, never, large);
  await source.load(0, 3);
  expect([...source.slice(0, 2)]).toEqual([12, 13, 14, 15, 16, 17]);
  await source.load(2, 5);
  expect([...source.slice(0, 2)]).toEqual([12, 13, 14, 15, 16, 17]);
  expect([...source.slice(1, 4)]).toEqual([54, 55, 56, 57, 58, 59]);
  await source.close();
});

it('fails where the bytes are not the right ones', async () => {
  async function* damaged() {
    yield bytes;
    throw new Error('changed');
  }
  const source = openTensor({ ...file, stream: async () => Readable.from(damaged()) }, 2, SIZE, never, 1);
  await expect(source).rejects.toThrow('changed');
});
