import { vrOfTag } from './dictionary.ts';

/** Bytes of a data set and how they are written; offsets of its elements count from the start of `bytes`. */
export interface Source {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly explicit: boolean;
  readonly littleEndian: boolean;
  /** What is left of the elements and items that one file may hold; a hostile one would fill the memory with empty items. */
  readonly budget: { left: number };
}

export interface DataElement {
  readonly tag: number;
  /** As written, or by the dictionary where the file is implicit; undefined if neither knows. */
  readonly vr: string | undefined;
  readonly offset: number;
  /** Of the value in bytes, without delimiters; may reach beyond the bytes there are if the file is truncated. */
  readonly length: number;
  /** Items of a sequence of undefined length; others are read when asked for, by `readItems`. */
  readonly items?: readonly ElementSet[];
  /** Encapsulated value: the first fragment is the basic offset table. */
  readonly fragments?: readonly Fragment[];
}

export interface Fragment {
  /** Of the item's tag, from which the basic offset table counts. */
  readonly itemOffset: number;
  readonly offset: number;
  readonly length: number;
}

export interface ElementSet {
  readonly source: Source;
  readonly elements: ReadonlyMap<number, DataElement>;
  /** Where reading ended. */
  readonly end: number;
  /** Why it ended early, as the end of a sentence; undefined if nothing is missing. */
  readonly problem?: string;
}

const UNDEFINED_LENGTH = 0xffffffff;
const ITEM = 0xfffee000;
const ITEM_DELIMITATION = 0xfffee00d;
const SEQUENCE_DELIMITATION = 0xfffee0dd;
/** Tag of PixelData. */
export const PIXEL_DATA = 0x7fe00010;
/** VRs whose explicit length has 32 bits (PS3.5 table 7.1-1). */
export const LONG_VRS: ReadonlySet<string> = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '));
const DEEPEST = 32;
const MOST_ELEMENTS = 1_000_000;

export function sourceOf(bytes: Uint8Array, explicit: boolean, littleEndian: boolean): Source {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { bytes, view, explicit, littleEndian, budget: { left: MOST_ELEMENTS } };
}

/**
 * Reads the elements between two offsets, and goes no deeper than sequences of undefined length force it to. Never
 * throws: what is broken or missing is told by `problem`, and what stands before it is kept.
 *
 * @param stopAt tag after whose header to stop
 */
export function readElements(source: Source, start: number, end: number, stopAt?: number, depth = 0): ElementSet {
  const elements = new Map<number, DataElement>();
  const { view, littleEndian } = source;
  let position = start;
  const done = (problem?: string): ElementSet => ({
    source,
    elements,
    end: position,
    ...(problem === undefined ? {} : { problem }),
  });
  while (position + 8 <= end) {
    const tag = readTag(view, position, littleEndian);
    if (tag === ITEM_DELIMITATION) {
      position += 8;
      return done();
    }
    if (tag === SEQUENCE_DELIMITATION) return done();
    if (tag < 0x00010000 && depth === 0) return done(isZero(source.bytes, position, end) ? undefined : 'a stray tag');
    if (source.budget.left-- <= 0) return done('more elements than any real image has');
    const header = readHeader(source, position, end, tag);
    if (header === undefined) return done('the end of the file in the head of an element');
    const { element, problem, next } = readValue(source, header, end, tag === stopAt, depth);
    elements.set(tag, element);
    position = next;
    if (problem !== undefined) return done(problem);
    if (tag === stopAt) return done();
  }
  if (position < end && !isZero(source.bytes, position, end))
    return done('the end of the file in the head of an element');
  position = end;
  return done();
}

/** The items of a sequence; none if the element is no sequence or its items are broken. */
export function readItems(source: Source, element: DataElement): readonly ElementSet[] {
  if (element.items !== undefined) return element.items;
  const end = element.offset + element.length;
  if (end > source.bytes.length) return [];
  return readSequence(inner(source, element.vr), element.offset, end, true, 0).items;
}

interface Header {
  readonly tag: number;
  readonly vr: string | undefined;
  readonly offset: number;
  readonly length: number;
}

function readHeader(source: Source, position: number, end: number, tag: number): Header | undefined {
  const { view, littleEndian, bytes } = source;
  const first = bytes[position + 4] ?? 0;
  const second = bytes[position + 5] ?? 0;
  if (!source.explicit || !isVr(first, second)) {
    return { tag, vr: vrOfTag(tag), offset: position + 8, length: view.getUint32(position + 4, littleEndian) };
  }
  const vr = String.fromCharCode(first, second);
  if (!LONG_VRS.has(vr)) return { tag, vr, offset: position + 8, length: view.getUint16(position + 6, littleEndian) };
  if (position + 12 > end) return undefined;
  return { tag, vr, offset: position + 12, length: view.getUint32(position + 8, littleEndian) };
}

interface ReadValue {
  readonly element: DataElement;
  readonly next: number;
  readonly problem?: string;
}

function readValue(source: Source, header: Header, end: number, stop: boolean, depth: number): ReadValue {
  const { tag, vr, offset, length } = header;
  if (length !== UNDEFINED_LENGTH) {
    const missing = offset + length > end;
    return {
      element: header,
      next: missing ? end : offset + length,
      ...(missing ? { problem: 'a value that goes on beyond its end' } : {}),
    };
  }
  if (stop) return { element: { ...header, length: 0 }, next: offset };
  if (depth >= DEEPEST)
    return { element: { ...header, length: 0 }, next: offset, problem: `sequences nested more than ${DEEPEST} deep` };
  if (tag === PIXEL_DATA || vr === 'OB' || vr === 'OW') {
    const { fragments, next, problem } = readFragments(source, offset, end);
    return { element: { tag, vr, offset, length: next - offset, fragments }, next, ...(problem ? { problem } : {}) };
  }
  const { items, next, problem } = readSequence(inner(source, vr), offset, end, false, depth + 1);
  return {
    element: { tag, vr: vr ?? 'SQ', offset, length: next - offset, items },
    next,
    ...(problem ? { problem } : {}),
  };
}

/** A sequence inside an unknown VR is written implicit, whatever the file is (PS3.5 section 6.2.2). */
function inner(source: Source, vr: string | undefined): Source {
  return vr === 'UN' && source.explicit ? { ...source, explicit: false, littleEndian: true } : source;
}

function readSequence(source: Source, start: number, end: number, definedLength: boolean, depth: number) {
  const items: ElementSet[] = [];
  let position = start;
  while (position + 8 <= end) {
    const tag = readTag(source.view, position, source.littleEndian);
    const length = source.view.getUint32(position + 4, source.littleEndian);
    if (tag === SEQUENCE_DELIMITATION) return { items, next: position + 8 };
    if (tag !== ITEM) return { items, next: position, problem: 'a sequence with something else than items' };
    if (source.budget.left-- <= 0) return { items, next: position, problem: 'more items than any real image has' };
    const itemEnd = length === UNDEFINED_LENGTH ? end : position + 8 + length;
    if (itemEnd > end) return { items, next: end, problem: 'an item that goes on beyond its end' };
    const item = readElements(source, position + 8, itemEnd, undefined, depth + 1);
    items.push(item);
    position = length === UNDEFINED_LENGTH ? item.end : itemEnd;
    if (item.problem !== undefined && length === UNDEFINED_LENGTH)
      return { items, next: position, problem: item.problem };
  }
  return definedLength ? { items, next: end } : { items, next: end, problem: 'a sequence without its end' };
}

function readFragments(source: Source, start: number, end: number) {
  const fragments: Fragment[] = [];
  let position = start;
  while (position + 8 <= end) {
    const tag = readTag(source.view, position, source.littleEndian);
    const length = source.view.getUint32(position + 4, source.littleEndian);
    if (tag === SEQUENCE_DELIMITATION) return { fragments, next: position + 8 };
    if (tag !== ITEM)
      return { fragments, next: position, problem: 'compressed pixel data with something else than fragments' };
    if (source.budget.left-- <= 0)
      return { fragments, next: position, problem: 'more fragments than any real image has' };
    fragments.push({ itemOffset: position, offset: position + 8, length: Math.min(length, end - position - 8) });
    if (position + 8 + length > end)
      return { fragments, next: end, problem: 'compressed pixel data that goes on beyond its end' };
    position += 8 + length;
  }
  return { fragments, next: end, problem: 'compressed pixel data without its end' };
}

function readTag(view: DataView, position: number, littleEndian: boolean): number {
  return view.getUint16(position, littleEndian) * 0x10000 + view.getUint16(position + 2, littleEndian);
}

function isVr(first: number, second: number): boolean {
  return first >= 0x41 && first <= 0x5a && second >= 0x41 && second <= 0x5a;
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index++) if (bytes[index] !== 0) return false;
  return true;
}
