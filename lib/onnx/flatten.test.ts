import { describe, expect, it } from 'vitest';
import { type OneOperation, oneOperation } from './fixture/one-operation.ts';
import { flattened } from './flatten.ts';
import { openSession, type Session } from './session.ts';

const PADDED = { pads: [1, 1, 1, 1, 1, 1] };
const CONVOLUTION: OneOperation = { opType: 'Conv', attributes: PADDED, weights: [5, 16, 3, 3, 3] };
const DOUBLED = { strides: [2, 2, 2] };
const DOUBLING: OneOperation = { opType: 'ConvTranspose', attributes: DOUBLED, weights: [16, 5, 2, 2, 2] };

const with_ = (base: OneOperation, changes: Partial<OneOperation>): OneOperation => ({ ...base, ...changes });
const attributes = (base: OneOperation, changes: OneOperation['attributes']) =>
  with_(base, { attributes: { ...base.attributes, ...changes } });

/** What a session makes of a made-up volume, and its sizes. */
async function answerOf(session: Session, channels: number, size: readonly number[], batch = 1) {
  const dims = [batch, channels, ...size];
  const values = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, at) => Math.cos(at * 0.37));
  const { y } = await session.run({ input: 'x', values, dims });
  if (y === undefined) throw new Error('The model gives no y.');
  return y;
}

describe('a convolution over volumes', () => {
  it.each<[string, OneOperation]>([
    ['a plain one', CONVOLUTION],
    ['one with a bias', with_(CONVOLUTION, { bias: 5 })],
    ['one that strides within the slice', attributes(CONVOLUTION, { strides: [1, 2, 2] })],
    [
      'one that is spread within the slice',
      attributes(CONVOLUTION, { dilations: [1, 2, 2], pads: [1, 2, 2, 1, 2, 2] }),
    ],
    ['one that is padded unevenly within the slice', attributes(CONVOLUTION, { pads: [1, 0, 2, 1, 2, 0] })],
    [
      'one whose kernel is wider than high',
      with_(CONVOLUTION, { weights: [5, 16, 3, 1, 3], attributes: { pads: [1, 0, 1, 1, 0, 1] } }),
    ],
    ['one whose weights are stored as other numbers', with_(CONVOLUTION, { storedAs: 'float64', bias: 5 })],
    ['one that doubles', DOUBLING],
    ['one that doubles, with a bias', with_(DOUBLING, { bias: 5 })],
  ])('gives the same slice by slice: %s', async (_, operation) => {
    const model = oneOperation(operation);
    expect(flattened(model), 'it is rewritten').not.toBe(model);
    const [plain, flat] = [
      await openSession(model, { threads: 1 }),
      await openSession(model, { threads: 1, flat: true }),
    ];
    for (const size of [
      [4, 5, 6],
      [2, 3, 3],
      [1, 4, 4],
      [7, 1, 2],
    ]) {
      const [expected, found] = [await answerOf(plain, 16, size), await answerOf(flat, 16, size)];
      expect(found.dims).toEqual(expected.dims);
      const apart = expected.values.map((value, at) => Math.abs(value - (found.values[at] ?? Number.NaN)));
      expect(Math.max(...apart)).toBeLessThan(1e-5);
    }
    await Promise.all([plain.close(), flat.close()]);
  });

  it.each<[string, OneOperation]>([
    ['few channels, where it would be slower', with_(CONVOLUTION, { weights: [5, 8, 3, 3, 3] })],
    ['a stride between slices', attributes(CONVOLUTION, { strides: [2, 1, 1] })],
    ['a kernel spread over slices', attributes(CONVOLUTION, { dilations: [2, 1, 1], pads: [2, 1, 1, 2, 1, 1] })],
    ['no slice added at an end', attributes(CONVOLUTION, { pads: [0, 1, 1, 0, 1, 1] })],
    ['a kernel of one layer', with_(CONVOLUTION, { weights: [5, 16, 1, 1, 1], attributes: {} })],
    ['groups', with_(CONVOLUTION, { weights: [4, 16, 3, 3, 3], attributes: { ...PADDED, group: 2 } })],
    ['padding that is to be found out', with_(CONVOLUTION, { attributes: { auto_pad: 'SAME_UPPER' } })],
    ['a doubling that is padded', attributes(DOUBLING, { pads: [1, 1, 1, 1, 1, 1] })],
    ['one that trebles', with_(DOUBLING, { attributes: { strides: [3, 3, 3] }, weights: [16, 5, 3, 3, 3] })],
    ['an old version of ONNX', with_(CONVOLUTION, { opset: 13 })],
  ])('stays as it is: %s', (_, operation) => {
    const model = oneOperation(operation);
    expect(flattened(model)).toBe(model);
  });

  it('takes one volume at a time', async () => {
    const session = await openSession(oneOperation(CONVOLUTION), { threads: 1, flat: true });
    await expect(answerOf(session, 16, [2, 2, 2], 2)).rejects.toThrow('one volume at a time');
    expect((await answerOf(session, 16, [2, 2, 2])).dims).toEqual([1, 5, 2, 2, 2]);
    await session.close();
  });
});

it('refuses what is no ONNX file', () => {
  expect(() => flattened(Buffer.from('no model at all'))).toThrow();
});
