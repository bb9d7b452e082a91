import {
  deflated,
  encapsulated,
  JPEG,
  JPEG_2000,
  jpeg2000Claiming,
  jpegClaiming,
  manyElements,
  nested,
  pelvisWith,
  RLE,
  rleOfZeros,
  withDataSet,
} from './images.ts';
import { type Case, MADE_FOR, undecodable, unreadable } from './sentences.ts';

export const damaged: readonly Case[] = [
  [
    'a truncated file',
    () => withDataSet(pelvisWith(), (all) => all.subarray(0, -5000)),
    'failed',
    unreadable('a value that goes on beyond its end'),
  ],
  [
    'sequences in sequences, 1000 deep',
    () => pelvisWith({ RequestAttributesSequence: nested(1000) }),
    'failed',
    unreadable('sequences nested more than 32 deep'),
  ],
  [
    'two million elements',
    () => withDataSet(pelvisWith(), manyElements),
    'failed',
    unreadable('more elements than any real image has'),
  ],
  [
    'a frame that claims 2 GB',
    () => pelvisWith({ PixelData: encapsulated(jpegClaiming(362, 400), 0x7ffffff0) }, JPEG),
    'failed',
    unreadable('compressed pixel data that goes on beyond its end'),
  ],
  [
    'a frame that claims 4 bytes',
    () => pelvisWith({ PixelData: encapsulated(jpegClaiming(362, 400), 4) }, JPEG),
    'failed',
    unreadable('compressed pixel data with something else than fragments'),
  ],
  [
    'pixels that are not compressed as said',
    () => pelvisWith({}, JPEG),
    'failed',
    unreadable('compressed pixel data with something else than fragments'),
  ],
  [
    'a JPEG of another size',
    () => pelvisWith({ PixelData: encapsulated(jpegClaiming(65_500, 65_500)) }, JPEG),
    'failed',
    undecodable('The image claims 400 × 362 pixels, but its compressed frame has 65500 × 65500.'),
  ],
  [
    'a JPEG 2000 of another size',
    () => pelvisWith({ PixelData: encapsulated(jpeg2000Claiming(0x7fffffff, 0x7fffffff)) }, JPEG_2000),
    'failed',
    undecodable('The image claims 400 × 362 pixels, but its compressed frame has 2147483647 × 2147483647.'),
  ],
  [
    'a JPEG 2000 with nothing in it',
    () => pelvisWith({ Rows: 3000, Columns: 3000, PixelData: encapsulated(jpeg2000Claiming(3000, 3000)) }, JPEG_2000),
    'failed',
    undecodable('The compressed frame is damaged and cannot be decoded.'),
  ],
  [
    'RLE that grows to 128 MB',
    () => pelvisWith({ Rows: 8000, Columns: 8000, PixelData: encapsulated(rleOfZeros(8000 * 8000)) }, RLE),
    'out-of-scope',
    `By its pixels the image is not ${MADE_FOR}`,
  ],
  [
    'RLE that is none',
    () => pelvisWith({ PixelData: encapsulated(Buffer.alloc(100, 7)) }, RLE),
    'failed',
    undecodable('The RLE frame must have 2 segments; it has 117901063.'),
  ],
  [
    'a transfer syntax of somebody',
    () => pelvisWith({ PixelData: encapsulated(Buffer.alloc(100)) }, '1.2.3.4.5'),
    'failed',
    undecodable('Pixels in this transfer syntax are not read here: 1.2.3.4.5.'),
  ],
  [
    'a deflated data set that grows to 256 MB',
    () => deflated(pelvisWith({ PixelData: Buffer.alloc(1 << 28) })),
    'failed',
    unreadable('a deflated data set that grows beyond 128 MB'),
  ],
];
