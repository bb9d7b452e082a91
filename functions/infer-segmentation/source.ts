import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { InputFile } from '../operator.ts';
import type { Size } from './windows.ts';

/** Bytes of a tensor that is not held in memory whole. */
const LARGE = 512 * 2 ** 20;

/** A tensor [channel, k, j, i], of which only some slices need be in memory. */
export interface TensorSource {
  readonly channels: number;
  readonly size: Size;
  /** Gets slices `from` ≤ k < `to`; those before `from` are not asked for again. */
  load(from: number, to: number): Promise<void>;
  /** A loaded slice, i fastest. */
  slice(channel: number, k: number): Float32Array;
  close(): Promise<void>;
}

/** A tensor's file: in memory, or where it is large on the disk. Close it. */
export async function openTensor(
  file: InputFile,
  channels: number,
  size: Size,
  signal: AbortSignal,
  large = LARGE,
): Promise<TensorSource> {
  if (file.size > large) return onDisk(file, channels, size, signal);
  const bytes = await file.read();
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : Buffer.from(new Uint8Array(bytes).buffer);
  return inMemory(new Float32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4), channels, size);
}

/** A tensor that is in memory whole. */
export function inMemory(values: Float32Array, channels: number, size: Size): TensorSource {
  const slice = size[0] * size[1];
  return {
    channels,
    size,
    load: async () => {},
    slice: (channel, k) => values.subarray((channel * size[2] + k) * slice, (channel * size[2] + k + 1) * slice),
    close: async () => {},
  };
}

/** A tensor in a temporary file, which has no name any more: it is gone with the process, however that ends. */
async function onDisk(file: InputFile, channels: number, size: Size, signal: AbortSignal): Promise<TensorSource> {
  const folder = await mkdtemp(path.join(tmpdir(), 'overread-tensor-'));
  const handle = await open(path.join(folder, 'tensor.f32'), 'w+').finally(() => rm(folder, { recursive: true }));
  const values = size[0] * size[1];
  const loaded = new Map<number, Float32Array[]>();
  const read = async (channel: number, k: number, into: Float32Array) => {
    await handle.read(new Uint8Array(into.buffer), 0, 4 * values, 4 * values * (channel * size[2] + k));
  };
  try {
    await handle.writeFile(await file.stream(), { signal });
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    channels,
    size,
    load: async (from, to) => {
      const done = [...loaded.keys()].filter((k) => k < from);
      for (let k = from; k < to; k++) {
        if (loaded.has(k)) continue;
        const free = done.pop();
        const slices = free === undefined ? undefined : loaded.get(free);
        if (free !== undefined) loaded.delete(free);
        const into = slices ?? Array.from({ length: channels }, () => new Float32Array(values));
        await Promise.all(into.map((slice, channel) => read(channel, k, slice)));
        loaded.set(k, into);
      }
      for (const k of done) loaded.delete(k);
    },
    slice: (channel, k) => {
      const slice = loaded.get(k)?.[channel];
      if (slice === undefined) throw new RangeError(`Slice ${k} of the tensor is not loaded.`);
      return slice;
    },
    close: () => handle.close(),
  };
}
