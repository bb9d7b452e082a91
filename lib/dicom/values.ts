import type { Encode } from './charset.ts';

/** A value that cannot stand in a DICOM object; the message names the keyword and the rule, never the value. */
export class InvalidValueError extends Error {
  override readonly name = 'InvalidValueError';

  constructor(keyword: string, rule: string) {
    super(`${keyword} ${rule}.`);
  }
}

/** Rules of the text VRs. Source: PS3.5 table 6.2-1. */
const TEXT_RULES: Readonly<Record<string, { pattern: RegExp; rule: string }>> = {
  AE: { pattern: /^[ -[\]-~]{0,16}$/, rule: 'must have at most 16 printable ASCII characters' },
  AS: { pattern: /^(\d{3}[DWMY])?$/, rule: 'must be three digits and D, W, M or Y' },
  CS: { pattern: /^[A-Z0-9_ ]{0,16}$/, rule: 'must have at most 16 capital letters, digits, spaces or underscores' },
  DA: { pattern: /^(\d{8})?$/, rule: 'must be a date of eight digits' },
  DS: { pattern: /^ *([-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?)? *$/i, rule: 'must be a decimal number' },
  DT: {
    pattern: /^(\d{4,14}(\.\d{1,6})?([-+]\d{4})?)?$/,
    rule: 'must be a date and time, most significant digits first',
  },
  IS: { pattern: /^ *([-+]?\d{1,11})? *$/, rule: 'must be an integer of at most 12 characters' },
  LO: { pattern: /^[^\\]{0,64}$/u, rule: 'must have at most 64 characters and no backslash' },
  LT: { pattern: /^.{0,10240}$/su, rule: 'must have at most 10240 characters' },
  PN: {
    pattern: /^[^\\=]{0,64}(=[^\\=]{0,64}){0,2}$/u,
    rule: 'must have at most three groups of 64 characters and no backslash',
  },
  SH: { pattern: /^[^\\]{0,16}$/u, rule: 'must have at most 16 characters and no backslash' },
  ST: { pattern: /^.{0,1024}$/su, rule: 'must have at most 1024 characters' },
  TM: { pattern: /^(\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?)?$/, rule: 'must be a time, hours first' },
  UC: { pattern: /^[^\\]*$/u, rule: 'must have no backslash' },
  UI: {
    pattern: /^((0|[1-9]\d*)(\.(0|[1-9]\d*))+)?$/,
    rule: 'must be a UID: numbers without leading zeros, joined by dots, at most 64 characters',
  },
  UR: { pattern: /^[!-~]*$/, rule: 'must be a URI' },
  UT: { pattern: /^.*$/su, rule: 'must be text' },
};

const WHOLE_TEXT: ReadonlySet<string> = new Set(['LT', 'ST', 'UR', 'UT']);

const NUMBERS: Readonly<Record<string, { size: number; least: number; most: number }>> = {
  US: { size: 2, least: 0, most: 0xffff },
  SS: { size: 2, least: -0x8000, most: 0x7fff },
  UL: { size: 4, least: 0, most: 0xffffffff },
  SL: { size: 4, least: -0x80000000, most: 0x7fffffff },
  UV: { size: 8, least: 0, most: Number.MAX_SAFE_INTEGER },
  SV: { size: 8, least: Number.MIN_SAFE_INTEGER, most: Number.MAX_SAFE_INTEGER },
  FL: { size: 4, least: -3.4028234663852886e38, most: 3.4028234663852886e38 },
  FD: { size: 8, least: -Number.MAX_VALUE, most: Number.MAX_VALUE },
};

/** Text values as they are written; numbers in as many digits as their VR holds. @throws {InvalidValueError} */
export function textsOf(keyword: string, vr: string, values: readonly (string | number)[]): string[] {
  return values.map((value) => (typeof value === 'number' ? numberText(keyword, vr, value) : value));
}

/**
 * The bytes of a text value, unpadded.
 *
 * @param encode in the character set of the object
 * @throws {InvalidValueError} a value breaks the rule of its VR
 */
export function encodeText(keyword: string, vr: string, texts: readonly string[], encode: Encode): Buffer {
  const rule = TEXT_RULES[vr];
  if (rule === undefined) throw new InvalidValueError(keyword, `has the VR ${vr} and takes no text`);
  if (WHOLE_TEXT.has(vr) && texts.length > 1) throw new InvalidValueError(keyword, 'takes a single value');
  for (const text of texts) {
    if (!rule.pattern.test(text) || (vr === 'UI' && text.length > 64) || (vr === 'DS' && text.length > 16)) {
      throw new InvalidValueError(keyword, rule.rule);
    }
  }
  const bytes = encode(texts.join('\\'));
  if (bytes === undefined) throw new InvalidValueError(keyword, 'has letters that its character set lacks');
  return bytes;
}

/**
 * The bytes of a binary number value, little endian.
 *
 * @throws {InvalidValueError} a value is no number of that VR
 */
export function encodeNumbers(keyword: string, vr: string, values: readonly (string | number)[]): Buffer {
  const kind = NUMBERS[vr];
  if (kind === undefined) throw new InvalidValueError(keyword, `has the VR ${vr} and takes no numbers`);
  const out = Buffer.alloc(values.length * kind.size);
  for (const [index, value] of values.entries()) {
    const whole = vr === 'FL' || vr === 'FD' || Number.isInteger(value);
    if (typeof value !== 'number' || !whole || !(value >= kind.least && value <= kind.most)) {
      throw new InvalidValueError(keyword, `must be a number that ${vr} can hold`);
    }
    writeNumber(out, index * kind.size, vr, value);
  }
  return out;
}

export function isNumberVr(vr: string): boolean {
  return NUMBERS[vr] !== undefined;
}

/** DS has 16 characters: as many digits as fit. */
function numberText(keyword: string, vr: string, value: number): string {
  if (!Number.isFinite(value)) throw new InvalidValueError(keyword, 'must be a finite number');
  const text = String(value);
  if (vr !== 'DS' || text.length <= 16) return text;
  for (let digits = 15; digits > 5; digits--) {
    const shorter = String(Number(value.toPrecision(digits)));
    if (shorter.length <= 16) return shorter;
  }
  return value.toExponential(8);
}

function writeNumber(out: Buffer, offset: number, vr: string, value: number): void {
  switch (vr) {
    case 'US':
      out.writeUInt16LE(value, offset);
      break;
    case 'SS':
      out.writeInt16LE(value, offset);
      break;
    case 'UL':
      out.writeUInt32LE(value, offset);
      break;
    case 'SL':
      out.writeInt32LE(value, offset);
      break;
    case 'FL':
      out.writeFloatLE(value, offset);
      break;
    case 'FD':
      out.writeDoubleLE(value, offset);
      break;
    default:
      out.writeBigInt64LE(BigInt(value), offset);
  }
}
