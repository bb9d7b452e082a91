import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { HOME } from '../../lib/platform/configuration.ts';
import { startPair, type Task, testVolume } from '../conformance/inference/monai.ts';
import { monai } from '../peers/python.ts';
import { median, SPREAD_HEADING, spread } from './statistics.ts';

/** Levels of 16, 32 and 64 channels: about as large as the product's own networks. */
const CHANNELS = 16;
const ROUNDS = 11;
const SIZE: [number, number, number] = [96, 96, 96];
const TASK: Task = {
  size: SIZE,
  values: testVolume(SIZE),
  sliding: { size: [64, 64, 64], overlap: 0.5, weights: 'gaussian' },
  layout: 'kji',
};

/** A CT of the whole trunk. */
const LARGE: [number, number, number] = [512, 512, 900];
const LARGE_WINDOW = [128, 128, 96];
const FIXTURE = path.join(HOME, 'functions/infer-segmentation/fixture');

/**
 * The sliding window against MONAI's, one after the other in each round so that both meet the same machine; and the
 * memory that a large volume takes.
 */
export async function benchInference(print: (line: string) => void): Promise<void> {
  await benchSpeed(print);
  await benchMemory(print);
}

async function benchSpeed(print: (line: string) => void): Promise<void> {
  const python = await monai();
  if (python === undefined) return print('MONAI: skipped, it cannot be had here.');
  const threads = Math.min(2, availableParallelism());
  const pair = await startPair(python, CHANNELS, threads);
  try {
    const rounds: { ours: number; theirs: number }[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const ours = await pair.ours(TASK);
      const theirs = await pair.monai(TASK);
      // The first warms both.
      if (round > 0) rounds.push({ ours: ours.ms, theirs: theirs.ms });
    }
    print(
      `\nsliding window ${TASK.sliding.size.join(' × ')} over ${SIZE.join(' × ')}, ${threads} threads\n${SPREAD_HEADING}`,
    );
    print(
      spread(
        'Overread on ONNX Runtime',
        rounds.map(({ ours }) => ours),
      ),
    );
    print(
      spread(
        'MONAI on PyTorch',
        rounds.map(({ theirs }) => theirs),
      ),
    );
    print(
      `ratio, ours over MONAI's, median of rounds: ${median(rounds.map(({ ours, theirs }) => ours / theirs)).toFixed(2)}`,
    );
  } finally {
    await pair.close();
  }
}

/** The operator on files, in a process of its own, with a network that does nothing: what counts is all but the network. */
async function benchMemory(print: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-bench-inference-'));
  try {
    await writeLarge(folder);
    const begun = performance.now();
    const child = spawn(
      process.execPath,
      [
        'functions/infer-segmentation/main.ts',
        ...['--local', '--input', `prepared=${folder}/prepared.json`, '--input', `tensors=${folder}/tensor.f32`],
        ...['--model', `model=${folder}`, '--out', path.join(folder, 'out')],
      ],
      { cwd: HOME, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    let peakMb = 0;
    const watch = setInterval(() => {
      peakMb = Math.max(peakMb, peakOf(child.pid ?? 0));
    }, 200);
    const [status] = await once(child, 'exit');
    clearInterval(watch);
    if (status !== 0) throw new Error(`infer-segmentation ended with ${status}.`);
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    print(
      `\n${LARGE.join(' × ')} in windows of ${LARGE_WINDOW.join(' × ')}, 3 labels: at most ${peakMb} MB, ${seconds} s`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function writeLarge(folder: string): Promise<void> {
  const slice = testVolume([LARGE[0], LARGE[1], 1]);
  const out = createWriteStream(path.join(folder, 'tensor.f32'));
  const bytes = new Uint8Array(slice.buffer);
  for (let k = 0; k < LARGE[2]; k++) if (!out.write(bytes)) await once(out, 'drain');
  out.end();
  await once(out, 'close');
  const grid = { size: LARGE, affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0] };
  const channels = [{ input: 'image', SeriesInstanceUID: '2.25.1', steps: [] }];
  const prepared = { kind: 'volume', file: 'tensor.f32', grid, channels, reference: 'image' };
  writeFileSync(path.join(folder, 'prepared.json'), JSON.stringify(prepared));
  const card: Record<string, unknown> = JSON.parse(readFileSync(path.join(FIXTURE, 'model.json'), 'utf8'));
  const window = { size: LARGE_WINDOW, overlap: 0.5, weights: 'gaussian' };
  writeFileSync(path.join(folder, 'model.json'), JSON.stringify({ ...card, window }));
  writeFileSync(path.join(folder, 'bright-voxels.onnx'), readFileSync(path.join(FIXTURE, 'bright-voxels.onnx')));
}

/** Most memory that a process has had so far, MB; 0 once it has ended, and where there is no /proc. */
function peakOf(pid: number): number {
  try {
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Math.round(Number(peak ?? 0) / 1024);
  } catch {
    return 0;
  }
}
