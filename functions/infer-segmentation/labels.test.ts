import { expect, it } from 'vitest';
import { labelSlice } from './labels.ts';

const code = { value: '1', scheme: '99TEST', meaning: 'test' };
const structure = (label: number) => ({
  label,
  name: `s${label}`,
  title: '',
  category: code,
  type: code,
  colour: '#ffffff',
});

function labelsOf(activation: 'softmax' | 'sigmoid', channels: number[][], labels: number[]): number[] {
  const card = { output: { name: 'logits', activation, channels: channels.length }, structures: labels.map(structure) };
  const out = new Uint8Array(channels[0]?.length ?? 0);
  labelSlice(card, Float32Array.from(channels.flat()), out);
  return [...out];
}

it('softmax: the greatest channel, the first of equals', () => {
  expect(
    labelsOf(
      'softmax',
      [
        [1, 0, -1, 2],
        [0, 1, -2, 2],
        [0, 3, -3, 2],
      ],
      [1, 2],
    ),
  ).toEqual([0, 2, 0, 0]);
});

it('sigmoid: the last channel above a half', () => {
  expect(
    labelsOf(
      'sigmoid',
      [
        [-1, 1, 1, 0],
        [-1, -1, 0.1, 0],
      ],
      [1, 2],
    ),
  ).toEqual([0, 1, 2, 0]);
});

it('drops labels that are no structure', () => {
  expect(
    labelsOf(
      'softmax',
      [
        [0, 0],
        [1, 0],
        [0, 1],
      ],
      [2],
    ),
  ).toEqual([0, 2]);
});
