import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type Layout, slide } from '../../../functions/infer-segmentation/slide.ts';
import { inMemory } from '../../../functions/infer-segmentation/source.ts';
import type { Size, Sliding } from '../../../functions/infer-segmentation/windows.ts';
import { openLanes } from '../../../lib/onnx/lanes.ts';
import type { Session } from '../../../lib/onnx/session.ts';

/** The same sliding window on both sides. Sizes along i, j, k. */
export interface Task {
  readonly size: Size;
  readonly values: Float32Array;
  readonly sliding: Sliding;
  readonly layout: Layout;
}

/** What one side made of it: scores [class, k, j, i] and the time for all windows, model loaded before. */
export interface Scored {
  readonly scores: Float32Array;
  readonly ms: number;
}

/** One network with the same weights on both sides: MONAI on PyTorch in a process of its own, and ours. */
export interface Pair {
  readonly classes: number;
  monai(task: Task): Promise<Scored>;
  ours(task: Task): Promise<Scored>;
  close(): Promise<void>;
}

/**
 * @param python one that has MONAI
 * @param channels of the network's first level
 */
export async function startPair(python: string, channels: number, threads: number): Promise<Pair> {
  const folder = await mkdtemp(path.join(tmpdir(), 'overread-monai-'));
  const classes = 3;
  const child = spawn(python, [path.join(import.meta.dirname, 'monai_peer.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, PYTHONWARNINGS: 'ignore', OMP_NUM_THREADS: String(threads) },
  });
  const ask = questions(child);
  await ask({ make: folder, channels, classes });
  const session = await openLanes(await readFile(path.join(folder, 'unet.onnx')), 2, { threads, flat: true });
  return {
    classes,
    monai: async ({ size, values, sliding, layout }) => {
      const [volume, out] = [path.join(folder, 'volume.f32'), path.join(folder, 'scores.f32')];
      await writeFile(volume, asBytes(layout === 'kji' ? values : swapped(values, size)));
      const axes = (sizes: Size) => (layout === 'kji' ? sizes.toReversed() : sizes);
      const { overlap, weights: mode } = sliding;
      const window = axes(sliding.size);
      const { ms } = await ask({ infer: folder, volume, size: axes(size), window, overlap, mode, threads, out });
      const bytes = await readFile(out);
      const scores = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
      return { ms: ms ?? 0, scores: layout === 'kji' ? scores : swapped(scores, reversed(size)) };
    },
    ours: (task) => scoreOurs(session, task, classes),
    close: async () => {
      child.stdin.end();
      await session.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function scoreOurs(session: Session, task: Task, channels: number): Promise<Scored> {
  const { size, values, sliding, layout } = task;
  const [i, j, k] = sliding.size;
  const dims = [1, 1, ...(layout === 'kji' ? [k, j, i] : [i, j, k])];
  const slice = size[0] * size[1];
  const scores = new Float32Array(channels * values.length);
  const begun = performance.now();
  const predict = async (window: Float32Array) => {
    const { logits } = await session.run({ input: 'volume', values: window, dims });
    if (logits === undefined) throw new Error('The network gives no logits.');
    return logits.values;
  };
  for await (const { k: at, sums, weights } of slide({
    source: inMemory(values, 1, size),
    sliding,
    layout,
    channels,
    predict,
    atOnce: session.lanes,
  })) {
    for (let channel = 0; channel < channels; channel++) {
      const to = (channel * size[2] + at) * slice;
      for (let voxel = 0; voxel < slice; voxel++) {
        scores[to + voxel] = (sums[channel * slice + voxel] ?? 0) / (weights[voxel] ?? 1);
      }
    }
  }
  return { scores, ms: performance.now() - begun };
}

/** Answers to questions, one line each, in order. */
function questions(child: ChildProcess & { stdin: NodeJS.WritableStream; stdout: NodeJS.ReadableStream }) {
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async (question: Readonly<Record<string, unknown>>): Promise<{ ms?: number }> => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error('MONAI ended without an answer; what it said is above.');
    return JSON.parse(value);
  };
}

/** Volumes one after another whose axes i, j, k (sizes as given) are turned into k, j, i. */
function swapped(values: Float32Array, [columns, rows, slices]: Size): Float32Array {
  const out = new Float32Array(values.length);
  const voxels = columns * rows * slices;
  for (let start = 0; start < values.length; start += voxels) {
    let from = start;
    for (let k = 0; k < slices; k++) {
      for (let j = 0; j < rows; j++) {
        for (let i = 0; i < columns; i++) out[start + (i * rows + j) * slices + k] = values[from++] ?? 0;
      }
    }
  }
  return out;
}

function reversed([i, j, k]: Size): Size {
  return [k, j, i];
}

function asBytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Something with structure and noise, the same at each call. */
export function testVolume([columns, rows, slices]: Size): Float32Array {
  const values = new Float32Array(columns * rows * slices);
  let state = 1;
  for (let at = 0; at < values.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const [i, j, k] = [at % columns, Math.floor(at / columns) % rows, Math.floor(at / (columns * rows))];
    const inside = Math.hypot(i / columns - 0.5, j / rows - 0.4, k / slices - 0.6) < 0.3;
    values[at] = (inside ? 1 : 0) + state / 2 ** 33;
  }
  return values;
}
