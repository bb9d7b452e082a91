import { describe, expect, it } from 'vitest';
import { cut, type Layout, type Predict, slide } from './slide.ts';
import { inMemory, type TensorSource } from './source.ts';
import type { Size, Sliding } from './windows.ts';

const SIZE: Size = [7, 6, 9];
const COUNT = 7 * 6 * 9;
const values = Float32Array.from({ length: COUNT }, (_, at) => 1 + (at % 13));

const doubled = async (window: Float32Array) => Float32Array.from(window, (value) => 2 * value);

async function meanOf(
  source: TensorSource,
  sliding: Sliding,
  layout: Layout,
  { predict = doubled, atOnce = 1 }: { predict?: Predict; atOnce?: number } = {},
) {
  const { channels } = source;
  const slice = source.size[0] * source.size[1];
  const mean = new Float32Array(channels * slice * source.size[2]);
  const order: number[] = [];
  for await (const { k, sums, weights } of slide({ source, sliding, layout, channels, predict, atOnce })) {
    order.push(k);
    for (let channel = 0; channel < channels; channel++) {
      for (let at = 0; at < slice; at++) {
        const sum = sums[channel * slice + at] ?? 0;
        mean[(channel * source.size[2] + k) * slice + at] = sum / (weights[at] ?? 0);
      }
    }
  }
  return { mean, order };
}

describe('slide', () => {
  it.each<[string, Sliding, Layout]>([
    ['overlapping windows', { size: [4, 4, 4], overlap: 0.5, weights: 'gaussian' }, 'kji'],
    ['the other layout', { size: [4, 3, 5], overlap: 0.5, weights: 'gaussian' }, 'ijk'],
    ['weights all alike', { size: [3, 4, 5], overlap: 0.25, weights: 'constant' }, 'ijk'],
    ['windows larger than the tensor', { size: [10, 9, 12], overlap: 0.5, weights: 'gaussian' }, 'kji'],
    ['windows larger along one axis', { size: [10, 2, 3], overlap: 0, weights: 'gaussian' }, 'ijk'],
  ])('gives every voxel the mean of what was said of it: %s', async (_, sliding, layout) => {
    const { mean, order } = await meanOf(inMemory(values, 1, SIZE), sliding, layout);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    for (let at = 0; at < COUNT; at++) expect(mean[at]).toBeCloseTo(2 * (values[at] ?? 0), 4);
  });

  it('keeps channels apart', async () => {
    const both = Float32Array.of(...values, ...values.map((value) => -value));
    const sliding: Sliding = { size: [4, 4, 4], overlap: 0.5, weights: 'gaussian' };
    const { mean } = await meanOf(inMemory(both, 2, SIZE), sliding, 'kji');
    expect(mean[10]).toBeCloseTo(2 * (values[10] ?? 0), 4);
    expect(mean[COUNT + 10]).toBeCloseTo(-2 * (values[10] ?? 0), 4);
  });

  it('asks for the slices of a window when its turn comes, in order', async () => {
    const asked: [number, number][] = [];
    const source = {
      ...inMemory(values, 1, SIZE),
      load: async (from: number, to: number) => void asked.push([from, to]),
    };
    await meanOf(source, { size: [7, 6, 4], overlap: 0.5, weights: 'gaussian' }, 'kji');
    expect(asked).toEqual([
      [0, 4],
      [2, 6],
      [4, 8],
      [5, 9],
    ]);
  });

  it('ends with the error of a window, whatever becomes of the next one', async () => {
    const failing = slide({
      source: inMemory(values, 1, SIZE),
      sliding: { size: [4, 4, 4], overlap: 0.5, weights: 'gaussian' },
      layout: 'kji',
      channels: 1,
      predict: async () => {
        throw new Error('the model died');
      },
      atOnce: 1,
    });
    await expect(failing.next()).rejects.toThrow('the model died');
  });
});

describe('slide, several windows at once', () => {
  it('asks the model for that many and as many more, and adds up in order whichever answers first', async () => {
    const waiting: (() => void)[] = [];
    let most = 0;
    const predict = (window: Float32Array) =>
      new Promise<Float32Array>((resolve) => {
        most = Math.max(
          most,
          waiting.push(() => resolve(window)),
        );
        // The last of those at the model answers first, once no more come.
        setImmediate(() => waiting.pop()?.());
      });
    const sliding: Sliding = { size: [4, 4, 4], overlap: 0.5, weights: 'gaussian' };
    const { mean, order } = await meanOf(inMemory(values, 1, SIZE), sliding, 'kji', { predict, atOnce: 2 });
    expect(most).toBe(4);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    const one = await meanOf(inMemory(values, 1, SIZE), sliding, 'kji', { predict: async (window) => window });
    expect(mean).toEqual(one.mean);
  });
});

describe('cut', () => {
  it('pads with 0 and says how much of the window shows something', () => {
    const source = inMemory(Float32Array.of(1, 0, 3, 4), 1, [2, 2, 1]);
    const { values: window, foreground } = cut(source, [-1, 0, 0], [3, 2, 2], 'kji');
    expect([...window]).toEqual([0, 1, 0, 0, 3, 4, 0, 0, 0, 0, 0, 0]);
    expect(foreground).toBeCloseTo(3 / 12);
    expect([...cut(source, [-1, 0, 0], [3, 2, 2], 'ijk').values]).toEqual([0, 0, 0, 0, 1, 0, 3, 0, 0, 0, 4, 0]);
  });
});
