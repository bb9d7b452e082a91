import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { encapsulatedFile } from './encapsulated.fixture.ts';
import { decodeFrame, storedValues } from './pixels.ts';
import { type Elements, writePart10 } from './write.ts';

const codecs: typeof import('dcmjs-codecs') = createRequire(import.meta.url)('dcmjs-codecs');

const capture = { SOPClassUID: '1.2.840.10008.5.1.4.1.1.7', SOPInstanceUID: '1.2.3' };

function image(rows: number, columns: number, bits: 1 | 8 | 16 | 32, more: Elements = {}): Elements {
  return {
    ...capture,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: rows,
    Columns: columns,
    BitsAllocated: bits,
    BitsStored: bits,
    HighBit: bits - 1,
    PixelRepresentation: 0,
    ...more,
  };
}

describe('decodeFrame of native pixels', () => {
  it('gives what is stored, with its description', async () => {
    const pixels = Uint16Array.from([1, 2, 3, 4, 5, 6]);
    const decoded = await decodeFrame(writePart10({ ...image(2, 3, 16), PixelData: pixels }));
    expect(decoded).toMatchObject({ rows: 2, columns: 3, bitsStored: 16, signed: false, lossy: false, pixels });
  });

  it('gives signed and 32-bit cells', async () => {
    const signed = Int16Array.from([-1, 2]);
    const wide = Uint32Array.from([4_000_000_000, 2]);
    expect(
      (await decodeFrame(writePart10({ ...image(1, 2, 16, { PixelRepresentation: 1 }), PixelData: signed }))).pixels,
    ).toEqual(signed);
    expect((await decodeFrame(writePart10({ ...image(1, 2, 32), PixelData: wide }))).pixels).toEqual(wide);
  });

  it('gives the second frame of a bit image that does not begin at a byte', async () => {
    const file = writePart10({ ...image(1, 3, 1, { NumberOfFrames: 2 }), PixelData: Uint8Array.of(0b101_010) });
    expect((await decodeFrame(file, 0)).pixels).toEqual(Uint8Array.of(0, 1, 0));
    expect((await decodeFrame(file, 1)).pixels).toEqual(Uint8Array.of(1, 0, 1));
  });

  it('puts the samples of a pixel together', async () => {
    const colour = { SamplesPerPixel: 3, PhotometricInterpretation: 'RGB', PlanarConfiguration: 1 };
    const file = writePart10({ ...image(1, 2, 8, colour), PixelData: Uint8Array.of(1, 2, 3, 4, 5, 6) });
    expect((await decodeFrame(file)).pixels).toEqual(Uint8Array.of(1, 3, 5, 2, 4, 6));
  });

  it('fills in the chrominance that 4:2:2 leaves out', async () => {
    const colour = { SamplesPerPixel: 3, PhotometricInterpretation: 'YBR_FULL_422', PlanarConfiguration: 0 };
    const decoded = await decodeFrame(
      writePart10({ ...image(1, 2, 8, colour), PixelData: Uint8Array.of(10, 20, 1, 2) }),
    );
    expect(decoded.pixels).toEqual(Uint8Array.of(10, 1, 2, 20, 1, 2));
    expect(decoded.photometricInterpretation).toBe('YBR_FULL');
  });

  it('knows from LossyImageCompression that something was lost before', async () => {
    const file = writePart10({ ...image(1, 2, 8, { LossyImageCompression: '01' }), PixelData: Uint8Array.of(1, 2) });
    expect((await decodeFrame(file)).lossy).toBe(true);
  });

  it.each<[string, Elements, string]>([
    [
      'absurd sizes',
      { ...image(65535, 65535, 16), PixelData: new Uint8Array(12_000) },
      'The image claims 65535 × 65535 pixels, but holds 12 kB of pixel data.',
    ],
    [
      'more than there is',
      { ...image(10, 10, 16), PixelData: new Uint8Array(100) },
      'The image claims 10 × 10 pixels, but holds 100 bytes of pixel data.',
    ],
    ['no pixels', image(10, 10, 16), 'The file holds no pixel data.'],
    [
      'no size',
      { ...capture, PixelData: new Uint8Array(4) },
      'The image does not say how large it is: Rows is missing.',
    ],
    ['a size of zero', { ...image(1, 1, 8, { Columns: 0 }), PixelData: new Uint8Array(4) }, 'Columns is 0.'],
    [
      'odd cells',
      { ...image(1, 1, 8, { BitsAllocated: 12 }), PixelData: new Uint8Array(4) },
      'BitsAllocated must be 1, 8, 16 or 32; the image says 12.',
    ],
    [
      'more bits than cells',
      { ...image(1, 1, 8, { BitsStored: 9 }), PixelData: new Uint8Array(4) },
      'BitsStored must be 1 to BitsAllocated; the image says 9 of 8.',
    ],
    [
      'two samples',
      { ...image(1, 1, 8, { SamplesPerPixel: 2 }), PixelData: new Uint8Array(4) },
      'SamplesPerPixel must be 1, 3 or 4; the image says 2.',
    ],
    [
      'floating point',
      { ...image(1, 1, 32), FloatPixelData: Float32Array.of(1) },
      'The file holds floating point pixels',
    ],
  ])('refuses %s', async (_name, elements, message) => {
    await expect(decodeFrame(writePart10(elements))).rejects.toThrow(message);
  });

  it.each([
    ['Rows', 0x10, 'The image does not say how large it is: Rows is 2.5.'],
    ['BitsStored', 0x0101, 'BitsStored must be 1 to BitsAllocated; the image says 2.5 of 16.'],
  ])('refuses fractions of %s, which a file can hold that gives it another VR', async (_keyword, element, message) => {
    const file = writePart10({ ...image(2, 2, 16), PixelData: new Uint16Array(4) });
    const tag = [0x28, 0, element & 0xff, element >> 8];
    const at = file.indexOf(Buffer.from([...tag, 0x55, 0x53]));
    const fraction = Buffer.from([...tag, 0x44, 0x53, 4, 0, ...Buffer.from('2.5 ')]);
    const odd = Buffer.concat([file.subarray(0, at), fraction, file.subarray(at + 10)]);
    await expect(decodeFrame(odd)).rejects.toThrow(message);
  });

  it('refuses a frame that is not there', async () => {
    const file = writePart10({ ...image(1, 1, 8), PixelData: Uint8Array.of(1) });
    await expect(decodeFrame(file, 1)).rejects.toThrow('The image has 1 frames; there is no frame 2.');
  });
});

describe('storedValues', () => {
  it('drops what stands above HighBit and extends the sign', async () => {
    const pixels = Uint16Array.from([0xf801, 0x07ff]);
    const twelve = { BitsStored: 12, HighBit: 11 };
    const unsigned = await decodeFrame(writePart10({ ...image(1, 2, 16, twelve), PixelData: pixels }));
    expect(storedValues(unsigned)).toEqual(Uint16Array.of(0x801, 0x7ff));
    const signed = await decodeFrame(
      writePart10({ ...image(1, 2, 16, { ...twelve, PixelRepresentation: 1 }), PixelData: pixels }),
    );
    expect(storedValues(signed)).toEqual(Int16Array.of(-2047, 2047));
  });

  it('leaves whole cells as they are', async () => {
    const decoded = await decodeFrame(writePart10({ ...image(1, 1, 8), PixelData: Uint8Array.of(7) }));
    expect(storedValues(decoded)).toBe(decoded.pixels);
  });
});

describe('decodeFrame of compressed pixels', () => {
  const pixels = Uint16Array.from({ length: 32 * 24 }, (_, index) => (index * 37) % 4096);
  const twelve = image(24, 32, 16, { BitsStored: 12, HighBit: 11 });

  async function encode(
    how: 'Jpeg' | 'JpegLs' | 'Jpeg2000' | 'HtJpeg2000',
    parameters: object,
    { width, height, cells } = { width: 32, height: 24, cells: pixels },
  ): Promise<Uint8Array> {
    codecs.log.setLevel('silent');
    await codecs.NativeCodecs.initializeAsync();
    const context = new codecs.Context({
      width,
      height,
      bitsAllocated: 16,
      bitsStored: 12,
      samplesPerPixel: 1,
      pixelRepresentation: 0,
      planarConfiguration: 0,
      photometricInterpretation: 'MONOCHROME2',
      decodedBuffer: new Uint8Array(cells.buffer),
    });
    return codecs.NativeCodecs[`encode${how}`](context, parameters).getEncodedBuffer() ?? new Uint8Array();
  }

  it.each([
    ['1.2.840.10008.1.2.4.57', 'Jpeg', { predictor: 6 }],
    ['1.2.840.10008.1.2.4.70', 'Jpeg', { predictor: 1 }],
    ['1.2.840.10008.1.2.4.80', 'JpegLs', {}],
    ['1.2.840.10008.1.2.4.91', 'Jpeg2000', {}],
    ['1.2.840.10008.1.2.4.201', 'HtJpeg2000', {}],
    ['1.2.840.10008.1.2.4.203', 'HtJpeg2000', {}],
  ] as const)('brings back what was encoded without loss in %s', async (syntax, how, parameters) => {
    const file = encapsulatedFile(twelve, syntax, [await encode(how, { lossy: false, ...parameters })]);
    const decoded = await decodeFrame(file);
    expect(decoded.pixels).toEqual(pixels);
    expect(decoded.lossy).toBe(false);
  });

  it.each([
    ['1.2.840.10008.1.2.4.81', 'JpegLs', { allowedLossyError: 5 }],
    ['1.2.840.10008.1.2.4.91', 'Jpeg2000', { rate: 8 }],
    ['1.2.840.10008.1.2.4.203', 'HtJpeg2000', {}],
  ] as const)('tells from the codestream that %s was lossy', async (syntax, how, parameters) => {
    const file = encapsulatedFile(twelve, syntax, [await encode(how, { lossy: true, ...parameters })]);
    expect((await decodeFrame(file)).lossy).toBe(true);
  });

  it('finds frames by offset table, by count, and by where codestreams begin', async () => {
    const codestream = await encode('JpegLs', {});
    const half = (codestream.length >> 1) & ~1;
    const halves = [codestream.subarray(0, half), codestream.subarray(half)];
    const two = { ...twelve, NumberOfFrames: 2 };
    const second = 8 + half + 8 + (codestream.length - half + ((codestream.length - half) % 2));
    for (const file of [
      encapsulatedFile(two, '1.2.840.10008.1.2.4.80', [...halves, ...halves], [0, second]),
      encapsulatedFile(two, '1.2.840.10008.1.2.4.80', [codestream, codestream]),
      encapsulatedFile(two, '1.2.840.10008.1.2.4.80', [...halves, ...halves]),
    ]) {
      expect((await decodeFrame(file, 1)).pixels).toEqual(pixels);
    }
  });

  it('refuses a codestream of another image before decoding it', async () => {
    const file = encapsulatedFile({ ...twelve, Columns: 64 }, '1.2.840.10008.1.2.4.80', [await encode('JpegLs', {})]);
    await expect(decodeFrame(file)).rejects.toThrow(
      'The image claims 64 × 24 pixels, but its compressed frame has 32 × 24.',
    );
  });

  it('refuses a codestream that is cut short, and decodes the next', async () => {
    const codestream = await encode('Jpeg', { lossy: false, predictor: 1 });
    const cut = encapsulatedFile(twelve, '1.2.840.10008.1.2.4.70', [codestream.subarray(0, 200)]);
    await expect(decodeFrame(cut)).rejects.toThrow('The compressed frame is cut short.');
    const whole = encapsulatedFile(twelve, '1.2.840.10008.1.2.4.70', [codestream]);
    expect((await decodeFrame(whole)).pixels).toEqual(pixels);
  });

  it('ends a decoder that takes too long, and starts another', async () => {
    const cells = Uint16Array.from({ length: 1024 * 1024 }, (_, index) => (index * 7919) % 4096);
    const codestream = await encode('Jpeg2000', {}, { width: 1024, height: 1024, cells });
    const slow = encapsulatedFile({ ...twelve, Rows: 1024, Columns: 1024 }, '1.2.840.10008.1.2.4.90', [codestream]);
    await expect(decodeFrame(slow, 0, { timeLimitMs: 1 })).rejects.toThrow('damaged and cannot be decoded');
    const file = encapsulatedFile(twelve, '1.2.840.10008.1.2.4.80', [await encode('JpegLs', {})]);
    expect((await decodeFrame(file)).pixels).toEqual(pixels);
  });

  it('refuses video', async () => {
    const file = encapsulatedFile(twelve, '1.2.840.10008.1.2.4.102', [Uint8Array.of(0, 0)]);
    await expect(decodeFrame(file)).rejects.toThrow(
      'Pixels in this transfer syntax are not read here: 1.2.840.10008.1.2.4.102.',
    );
  });

  it('unpacks RLE, and refuses segments that do not fit', async () => {
    const header = Buffer.alloc(64);
    header.writeUInt32LE(1, 0);
    header.writeUInt32LE(64, 4);
    const small = image(1, 4, 8);
    const rle = Buffer.concat([header, Buffer.from([0, 9, 0xfe, 7])]);
    expect((await decodeFrame(encapsulatedFile(small, '1.2.840.10008.1.2.5', [rle]))).pixels).toEqual(
      Uint8Array.of(9, 7, 7, 7),
    );
    const long = encapsulatedFile(image(1, 5, 8), '1.2.840.10008.1.2.5', [rle]);
    await expect(decodeFrame(long)).rejects.toThrow('The RLE frame ends before the image is full.');
    const sixteen = encapsulatedFile(image(1, 2, 16), '1.2.840.10008.1.2.5', [rle]);
    await expect(decodeFrame(sixteen)).rejects.toThrow('The RLE frame must have 2 segments; it has 1.');
  });
});
