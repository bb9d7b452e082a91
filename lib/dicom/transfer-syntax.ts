/** How a transfer syntax writes pixels; `native` is uncompressed. */
export type Compression = 'native' | 'rle' | 'jpeg' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k' | 'jpeg-xl' | 'other';

/** What a reader must know of a transfer syntax. Source: PS3.5 section 10 and PS3.6 table A-1. */
export interface TransferSyntax {
  readonly name: string;
  readonly explicit: boolean;
  readonly littleEndian: boolean;
  readonly deflated: boolean;
  readonly compression: Compression;
  /** `maybe`: the codestream and LossyImageCompression decide. */
  readonly lossy: 'never' | 'maybe' | 'always';
}

export const IMPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2';
export const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
export const DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1.99';
export const EXPLICIT_VR_BIG_ENDIAN = '1.2.840.10008.1.2.2';

const native = (name: string, part: Partial<TransferSyntax> = {}): TransferSyntax => ({
  name,
  explicit: true,
  littleEndian: true,
  deflated: false,
  compression: 'native',
  lossy: 'never',
  ...part,
});
const compressed = (name: string, compression: Compression, lossy: TransferSyntax['lossy']): TransferSyntax =>
  native(name, { compression, lossy });

const SYNTAXES: ReadonlyMap<string, TransferSyntax> = new Map([
  [IMPLICIT_VR_LITTLE_ENDIAN, native('Implicit VR Little Endian', { explicit: false })],
  [EXPLICIT_VR_LITTLE_ENDIAN, native('Explicit VR Little Endian')],
  ['1.2.840.10008.1.2.1.98', native('Encapsulated Uncompressed Explicit VR Little Endian')],
  [DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, native('Deflated Explicit VR Little Endian', { deflated: true })],
  [EXPLICIT_VR_BIG_ENDIAN, native('Explicit VR Big Endian', { littleEndian: false })],
  ['1.2.840.10008.1.2.5', compressed('RLE Lossless', 'rle', 'never')],
  ['1.2.840.10008.1.2.4.50', compressed('JPEG Baseline (Process 1)', 'jpeg', 'always')],
  ['1.2.840.10008.1.2.4.51', compressed('JPEG Extended (Process 2 and 4)', 'jpeg', 'always')],
  ['1.2.840.10008.1.2.4.57', compressed('JPEG Lossless, Non-Hierarchical (Process 14)', 'jpeg', 'never')],
  ['1.2.840.10008.1.2.4.70', compressed('JPEG Lossless, First-Order Prediction', 'jpeg', 'never')],
  ['1.2.840.10008.1.2.4.80', compressed('JPEG-LS Lossless', 'jpeg-ls', 'never')],
  ['1.2.840.10008.1.2.4.81', compressed('JPEG-LS Lossy (Near-Lossless)', 'jpeg-ls', 'maybe')],
  ['1.2.840.10008.1.2.4.90', compressed('JPEG 2000 (Lossless Only)', 'jpeg-2000', 'never')],
  ['1.2.840.10008.1.2.4.91', compressed('JPEG 2000', 'jpeg-2000', 'maybe')],
  ['1.2.840.10008.1.2.4.201', compressed('High-Throughput JPEG 2000 (Lossless Only)', 'htj2k', 'never')],
  ['1.2.840.10008.1.2.4.202', compressed('High-Throughput JPEG 2000 RPCL (Lossless Only)', 'htj2k', 'never')],
  ['1.2.840.10008.1.2.4.203', compressed('High-Throughput JPEG 2000', 'htj2k', 'maybe')],
  ['1.2.840.10008.1.2.4.110', compressed('JPEG XL Lossless', 'jpeg-xl', 'never')],
  ['1.2.840.10008.1.2.4.112', compressed('JPEG XL', 'jpeg-xl', 'maybe')],
]);

/** Every syntax that is not listed (video, private ones) is explicit little endian with pixels that we do not read. */
export function transferSyntax(uid: string): TransferSyntax {
  return SYNTAXES.get(uid) ?? compressed(uid, 'other', 'maybe');
}
