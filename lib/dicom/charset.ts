/** Turns the bytes of a text value into a string. */
export type Decode = (bytes: Uint8Array) => string;

/** Turns a string into the bytes of a text value; undefined where the character set lacks one of its letters. */
export type Encode = (text: string) => Buffer | undefined;

/** Label of a single-byte set of the upper half (G1), by its DICOM number. Source: PS3.3 C.12.1.1.2. */
const UPPER_HALF: Readonly<Record<string, string>> = {
  '6': 'ascii',
  '100': 'latin1',
  '101': 'iso-8859-2',
  '109': 'iso-8859-3',
  '110': 'iso-8859-4',
  '144': 'iso-8859-5',
  '127': 'iso-8859-6',
  '126': 'iso-8859-7',
  '138': 'iso-8859-8-i',
  '148': 'windows-1254',
  '203': 'iso-8859-15',
  '13': 'shift_jis',
  '166': 'windows-874',
  '149': 'euc-kr',
  '58': 'gb18030',
};

/** Escape sequences of ISO 2022, without the escape byte: which half they designate, and to what. Source: PS3.3 C.12.1.1.2. */
const ESCAPES: readonly { bytes: string; half: 'lower' | 'upper'; set: string }[] = [
  { bytes: '$(D', half: 'lower', set: 'jis-x-0212' },
  { bytes: '$)C', half: 'upper', set: 'euc-kr' },
  { bytes: '$)A', half: 'upper', set: 'gb18030' },
  { bytes: '$B', half: 'lower', set: 'jis-x-0208' },
  { bytes: '$@', half: 'lower', set: 'jis-x-0208' },
  { bytes: '(B', half: 'lower', set: 'ascii' },
  { bytes: '(J', half: 'lower', set: 'ascii' },
  { bytes: ')I', half: 'upper', set: 'shift_jis' },
  { bytes: '-A', half: 'upper', set: 'latin1' },
  { bytes: '-B', half: 'upper', set: 'iso-8859-2' },
  { bytes: '-C', half: 'upper', set: 'iso-8859-3' },
  { bytes: '-D', half: 'upper', set: 'iso-8859-4' },
  { bytes: '-L', half: 'upper', set: 'iso-8859-5' },
  { bytes: '-G', half: 'upper', set: 'iso-8859-6' },
  { bytes: '-F', half: 'upper', set: 'iso-8859-7' },
  { bytes: '-H', half: 'upper', set: 'iso-8859-8-i' },
  { bytes: '-M', half: 'upper', set: 'windows-1254' },
  { bytes: '-T', half: 'upper', set: 'windows-874' },
  { bytes: '-b', half: 'upper', set: 'iso-8859-15' },
];

const ESCAPE = 0x1b;
/** After these the designation falls back to the first value of SpecificCharacterSet: line ends, `\`, and `^` `=` of names. */
const DELIMITERS: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x5c, 0x5e, 0x3d]);

const decoders = new Map<string, TextDecoder>();

/**
 * The decoder for a SpecificCharacterSet, tolerant of the spellings found in practice (`ISO IR 100`, `ISO_IR_100`,
 * `UTF-8`). What it cannot decode becomes U+FFFD; no value, an empty one or an unknown one reads as Latin-1, since a
 * name with a wrong letter is of more use than none.
 */
export function decoderFor(specificCharacterSet: readonly string[]): Decode {
  const sets = specificCharacterSet.map((term) => term.trim().toUpperCase().replaceAll(/[ -]/g, '_'));
  const first = sets[0] ?? '';
  if (first === 'ISO_IR_192' || first === 'UTF_8') return (bytes) => decode('utf-8', bytes);
  if (first === 'GB18030' || first === 'GBK') return (bytes) => decode('gb18030', bytes);
  const number = /^ISO_(?:IR|2022_IR)_(\d+)$/.exec(first)?.[1] ?? '6';
  const upper = UPPER_HALF[number] ?? 'latin1';
  return (bytes) => decodeIso2022(bytes, upper);
}

/** Sets whose upper half is more than one byte a letter; only ASCII is written in them. */
const MULTI_BYTE: ReadonlySet<string> = new Set(['ascii', 'shift_jis', 'euc-kr', 'gb18030']);

/**
 * The encoder for a SpecificCharacterSet: UTF-8, or the single-byte set that its first value names; in any other set only
 * ASCII can be written.
 */
export function encoderFor(specificCharacterSet: readonly string[]): Encode {
  const first = (specificCharacterSet[0] ?? '').trim().toUpperCase().replaceAll(/[ -]/g, '_');
  if (first === 'ISO_IR_192' || first === 'UTF_8') return (text) => Buffer.from(text, 'utf8');
  const upper = UPPER_HALF[/^ISO_(?:IR|2022_IR)_(\d+)$/.exec(first)?.[1] ?? '6'] ?? 'ascii';
  const codes = new Map<string, number>();
  for (let code = 0; code < 0x80; code++) codes.set(String.fromCharCode(code), code);
  for (let code = 0xa0; code < 0x100 && !MULTI_BYTE.has(upper); code++) {
    const letter = decodeRun(Uint8Array.of(code), 'ascii', upper);
    if (letter !== '\ufffd') codes.set(letter, code);
  }
  return (text) => {
    const bytes = Array.from(text, (letter) => codes.get(letter));
    return bytes.includes(undefined) ? undefined : Buffer.from(bytes.map((byte) => byte ?? 0));
  };
}

function decodeIso2022(bytes: Uint8Array, initialUpper: string): string {
  if (!bytes.includes(ESCAPE)) return decodeRun(bytes, 'ascii', initialUpper);
  let text = '';
  let lower = 'ascii';
  let upper = initialUpper;
  let start = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    if (byte === ESCAPE) {
      text += decodeRun(bytes.subarray(start, index), lower, upper);
      const found = escapeAt(bytes, index + 1);
      if (found?.half === 'lower') lower = found.set;
      if (found?.half === 'upper') upper = found.set;
      index += found?.bytes.length ?? 0;
      start = index + 1;
    } else if (DELIMITERS.has(byte) && (lower === 'ascii' || byte < 0x20)) {
      text += decodeRun(bytes.subarray(start, index + 1), lower, upper);
      start = index + 1;
      lower = 'ascii';
      // Where the first set is plain ASCII nothing else can be meant, and some writers do not repeat the escape.
      if (initialUpper !== 'ascii') upper = initialUpper;
    }
  }
  return text + decodeRun(bytes.subarray(start), lower, upper);
}

function escapeAt(bytes: Uint8Array, index: number) {
  return ESCAPES.find((candidate) =>
    [...candidate.bytes].every((char, at) => bytes[index + at] === char.charCodeAt(0)),
  );
}

function decodeRun(bytes: Uint8Array, lower: string, upper: string): string {
  if (bytes.length === 0) return '';
  if (lower === 'jis-x-0208') return decode('euc-jp', bytes.map(setHighBit));
  if (lower === 'jis-x-0212') return decode('euc-jp', withSingleShift(bytes));
  if (upper === 'ascii' || upper === 'latin1')
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  return decode(upper, bytes);
}

function decode(label: string, bytes: Uint8Array): string {
  let decoder = decoders.get(label);
  if (decoder === undefined) {
    decoder = new TextDecoder(label, { ignoreBOM: true });
    decoders.set(label, decoder);
  }
  return decoder.decode(bytes);
}

function setHighBit(byte: number): number {
  return byte < 0x21 ? byte : byte | 0x80;
}

/** EUC-JP writes JIS X 0212 as 0x8f and the pair. */
function withSingleShift(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    if (byte < 0x21) out.push(byte);
    else out.push(0x8f, byte | 0x80, (bytes[++index] ?? 0x20) | 0x80);
  }
  return Uint8Array.from(out);
}
