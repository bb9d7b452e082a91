import { readFileSync } from 'node:fs';

/**
 * The data dictionary and the SOP classes of PS3.6 (2025), retired ones too. Both lie beside this file as text, a line
 * each, because a text of 190 kB is read in 2 ms where importing the dictionary of a library takes 110.
 */
const ELEMENTS = readFileSync(new URL('./data-elements.txt', import.meta.url), 'latin1');
const SOP_CLASSES = readFileSync(new URL('./sop-classes.txt', import.meta.url), 'utf8');

interface Entry {
  readonly tag: number;
  readonly vr: string;
  readonly keyword: string;
}

const byKeyword = new Map<string, Entry>();
const byTag = new Map<number, Entry>();
const repeating: { pattern: RegExp; vr: string; keyword: string }[] = [];

for (const line of lines(ELEMENTS)) {
  const [tag = '', vr = '', keyword = ''] = line.split(' ');
  if (tag.includes('x')) {
    repeating.push({ pattern: new RegExp(`^${tag.replaceAll('x', '[0-9a-f]')}$`), vr, keyword });
  } else {
    const entry = { tag: Number.parseInt(tag, 16), vr, keyword };
    byKeyword.set(keyword, entry);
    byTag.set(entry.tag, entry);
  }
}

const nameByUid = new Map<string, string>();
const uidByName = new Map<string, string>();
for (const line of lines(SOP_CLASSES)) {
  const space = line.indexOf(' ');
  nameByUid.set(line.slice(0, space), line.slice(space + 1));
  uidByName.set(nameKey(line.slice(space + 1)), line.slice(0, space));
}

/** @throws {UnknownKeywordError} PS3.6 has no such keyword */
export function tagOf(keyword: string): string {
  return tagText(tagNumber(keyword));
}

/** The tag as a number, `0x00100010` for PatientName. @throws {UnknownKeywordError} */
export function tagNumber(keyword: string): number {
  const entry = byKeyword.get(keyword);
  if (entry === undefined) throw new UnknownKeywordError(keyword);
  return entry.tag;
}

/** @param tag `xggggeeee`, `ggggeeee` or the number; private and unknown tags have no keyword */
export function keywordOf(tag: string | number): string | undefined {
  return entryOf(tag)?.keyword;
}

/** VR of the dictionary; the first where it leaves a choice (`US` for `US or SS`, `OW` for `OB or OW`); undefined for an unknown keyword. */
export function vrOf(keyword: string): string | undefined {
  const entry = byKeyword.get(keyword);
  return entry === undefined ? undefined : firstVr(entry.vr);
}

/** As `vrOf`, for a tag; repeating groups such as overlays included. */
export function vrOfTag(tag: number): string | undefined {
  const entry = entryOf(tag);
  return entry === undefined ? undefined : firstVr(entry.vr);
}

/** True where the dictionary says `US or SS`: PixelRepresentation then decides. */
export function isSignedByPixelRepresentation(tag: number): boolean {
  return entryOf(tag)?.vr.startsWith('US/SS') ?? false;
}

/** `xggggeeee`, lower case. */
function tagText(tag: number): string {
  return `x${tag.toString(16).padStart(8, '0')}`;
}

/** Name of a SOP class as PS3.6 writes it: `Computed Radiography Image Storage`; a retired one ends in ` (Retired)`. */
export function sopClassName(uid: string): string | undefined {
  return nameByUid.get(uid);
}

/** UID of a SOP class by its UID or by its name, whatever the case; undefined if PS3.6 has none. */
export function sopClassUid(nameOrUid: string): string | undefined {
  return nameByUid.has(nameOrUid) ? nameOrUid : uidByName.get(nameKey(nameOrUid));
}

/** The keyword is not in the data dictionary. */
export class UnknownKeywordError extends Error {
  override readonly name = 'UnknownKeywordError';

  constructor(keyword: string) {
    super(`DICOM has no attribute with the keyword "${keyword}".`);
  }
}

function entryOf(tag: string | number): { vr: string; keyword: string } | undefined {
  const number = typeof tag === 'number' ? tag : Number.parseInt(tag.replace(/^x/, ''), 16);
  const exact = byTag.get(number);
  if (exact !== undefined) return exact;
  if (((number >>> 16) & 1) === 1) return undefined;
  const text = tagText(number).slice(1);
  return repeating.find(({ pattern }) => pattern.test(text));
}

function firstVr(vr: string): string | undefined {
  if (vr === 'NONE') return undefined;
  if (vr === 'OB/OW') return 'OW';
  return vr.slice(0, 2);
}

function nameKey(name: string): string {
  return name
    .replace(/ \(Retired\)$/i, '')
    .trim()
    .toLowerCase();
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
