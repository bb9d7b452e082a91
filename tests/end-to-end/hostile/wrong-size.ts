import { pelvisWith } from './images.ts';
import { type Case, notSelected, undecodable } from './sentences.ts';

const decimal = (value: string) => ({ vr: 'DS', value: Buffer.from(value) });

export const wrongSize: readonly Case[] = [
  ['no pixels', () => pelvisWith({ PixelData: undefined }), 'out-of-scope', notSelected('The image holds no pixels.')],
  [
    'empty pixels',
    () => pelvisWith({ PixelData: '' }),
    'failed',
    undecodable('The image claims 400 × 362 pixels, but holds 0 bytes of pixel data.'),
  ],
  [
    'fewer pixels than claimed',
    () => pelvisWith({ PixelData: Buffer.alloc(1000) }),
    'failed',
    undecodable('The image claims 400 × 362 pixels, but holds 1 kB of pixel data.'),
  ],
  [
    '65535 × 65535 claimed pixels',
    () => pelvisWith({ Rows: 65_535, Columns: 65_535 }),
    'out-of-scope',
    notSelected('Rows is 65535: only images of 128 to 12000 rows are read.'),
  ],
  [
    '12000 × 12000 claimed pixels',
    () => pelvisWith({ Rows: 12_000, Columns: 12_000 }),
    'failed',
    undecodable('It claims 12000 × 12000 pixels; at most 64 million are read.'),
  ],
  [
    'no rows',
    () => pelvisWith({ Rows: 0 }),
    'out-of-scope',
    notSelected('Rows is 0: only images of 128 to 12000 rows are read.'),
  ],
  [
    'negative rows',
    () => pelvisWith({ Rows: { vr: 'SS', value: Buffer.from([0x80, 0xff]) } }),
    'out-of-scope',
    notSelected('Rows is -128: only images of 128 to 12000 rows are read.'),
  ],
  [
    'half a row',
    () => pelvisWith({ Rows: decimal('200.5') }),
    'failed',
    undecodable('The image does not say how large it is: Rows is 200.5.'),
  ],
  [
    'a thousand million frames',
    () => pelvisWith({ NumberOfFrames: '1000000000' }),
    'out-of-scope',
    notSelected('NumberOfFrames is 1000000000: only single images are read.'),
  ],
  [
    'minus one frame',
    () => pelvisWith({ NumberOfFrames: '-1' }),
    'failed',
    undecodable('NumberOfFrames must be at least 1; the image says -1.'),
  ],
  [
    'BitsAllocated 0',
    () => pelvisWith({ BitsAllocated: 0 }),
    'failed',
    undecodable('BitsAllocated must be 1, 8, 16 or 32; the image says 0.'),
  ],
  [
    'half a bit',
    () => pelvisWith({ BitsStored: decimal('11.5') }),
    'failed',
    undecodable('BitsStored must be 1 to BitsAllocated; the image says 11.5 of 16.'),
  ],
  [
    '65535 samples',
    () => pelvisWith({ SamplesPerPixel: 65_535 }),
    'failed',
    undecodable('SamplesPerPixel must be 1, 3 or 4; the image says 65535.'),
  ],
  [
    'colours that there are not',
    () => pelvisWith({ PhotometricInterpretation: '\x01<b>PURPLE' }),
    'out-of-scope',
    notSelected('PhotometricInterpretation is " <b>PURPLE": only grey images are read.'),
  ],
  [
    'spacing that is no number',
    () => pelvisWith({ PixelSpacing: 'NaN\\NaN', ImagerPixelSpacing: '0\\-1' }),
    'succeeded',
    null,
  ],
  ['pixels a million times as long as wide', () => pelvisWith({ PixelSpacing: '1e-300\\1e300' }), 'succeeded', null],
  [
    'rescaling without end',
    () =>
      pelvisWith({
        RescaleSlope: '1e999',
        WindowCenter: '-1e308',
        WindowWidth: '0',
        PixelPaddingValue: decimal('0.5'),
      }),
    'succeeded',
    null,
  ],
];
