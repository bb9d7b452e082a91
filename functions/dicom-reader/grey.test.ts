import { describe, expect, it } from 'vitest';
import type { DecodedImage } from '../../lib/dicom/pixels.ts';
import { greyOf } from './grey.ts';

const base: DecodedImage = {
  rows: 1,
  columns: 2,
  samplesPerPixel: 1,
  photometricInterpretation: 'MONOCHROME2',
  bitsAllocated: 16,
  bitsStored: 12,
  highBit: 11,
  signed: false,
  pixels: Uint16Array.from([0, 4095]),
  lossy: false,
};

describe('greyOf', () => {
  it('takes clean 16-bit pixels as they are, without a copy', () => {
    expect(greyOf(base).values).toBe(base.pixels);
  });

  it('drops what stands in the bits above BitsStored', () => {
    expect([...greyOf({ ...base, pixels: Uint16Array.from([0xf001, 0x1fff]) }).values]).toEqual([1, 4095]);
  });

  it('takes the bits below HighBit where the value is not at the bottom of its cell', () => {
    const shifted = { ...base, highBit: 15, pixels: Uint16Array.from([0x0010, 0xfff0]) };
    expect([...greyOf(shifted).values]).toEqual([1, 4095]);
  });

  it('shifts signed values to begin at 0, in order', () => {
    const grey = greyOf({ ...base, signed: true, pixels: Int16Array.from([-2048, 2047]) });
    expect([[...grey.values], grey.offset, grey.maximum]).toEqual([[0, 4095], -2048, 4095]);
  });

  it('widens 8 bits', () => {
    const grey = greyOf({ ...base, bitsAllocated: 8, bitsStored: 8, highBit: 7, pixels: Uint8Array.from([1, 255]) });
    expect([[...grey.values], grey.maximum]).toEqual([[1, 255], 255]);
  });

  it('reads a grey picture stored as RGB or YBR, and says so', () => {
    const eight = { ...base, samplesPerPixel: 3, bitsAllocated: 8, bitsStored: 8, highBit: 7 };
    const rgb = greyOf({
      ...eight,
      photometricInterpretation: 'RGB',
      pixels: Uint8Array.from([9, 9, 8, 200, 201, 200]),
    });
    const ybr = greyOf({
      ...eight,
      photometricInterpretation: 'YBR_FULL',
      pixels: Uint8Array.from([9, 128, 128, 200, 127, 129]),
    });
    expect([...rgb.values]).toEqual([9, 200]);
    expect([...ybr.values]).toEqual([9, 200]);
    expect(rgb.notes).toEqual(['The picture is stored in colour; its grey values are read.']);
  });

  it('refuses a coloured picture, and more than 16 bits', () => {
    const colour = {
      ...base,
      samplesPerPixel: 3,
      bitsAllocated: 8,
      bitsStored: 8,
      highBit: 7,
      photometricInterpretation: 'RGB',
    };
    expect(() => greyOf({ ...colour, pixels: Uint8Array.from([9, 99, 9, 200, 20, 2]) })).toThrow(
      'It is a colour picture.',
    );
    expect(() =>
      greyOf({ ...base, bitsAllocated: 32, bitsStored: 32, highBit: 31, pixels: new Uint32Array(2) }),
    ).toThrow(/has at most 16/);
  });
});
