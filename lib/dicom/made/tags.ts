import { tagNumber, vrOf } from '../dictionary.ts';
import type { Elements } from '../write.ts';
import { InvalidValueError } from '../write.ts';
import { PATIENT_AND_STUDY } from './exam.ts';

/** Values that a site wants in the objects that it gets: keyword → text; several values of one attribute joined by `\`. */
export type CustomTags = Readonly<Record<string, string>>;

/** All that is made says so, until its pipeline is approved. */
export const INVESTIGATIONAL = 'INVESTIGATIONAL ';

/** Set by the writer, and free for a site to say otherwise: no program decides by them. */
const FREE: ReadonlySet<string> = new Set([
  'SeriesDescription',
  'SeriesNumber',
  'ContentLabel',
  'ContentDescription',
  'StructureSetLabel',
  'StructureSetDescription',
  'BodyPartExamined',
]);

/** Groups whose attributes say what an object is, where it lies and how its pixels are written. */
const STRUCTURAL_GROUPS: ReadonlySet<number> = new Set([0x0020, 0x0022, 0x0028, 0x0040, 0x0048, 0x0062, 0x0066]);
const LAST_DESCRIPTIVE_GROUP = 0x2fff;
const TEXT_VRS: ReadonlySet<string> = new Set('AE AS CS DA DS DT IS LO LT PN SH ST TM UC UT'.split(' '));

/**
 * Puts a site's own values into the elements of an object. SeriesDescription keeps its `INVESTIGATIONAL ` in front.
 *
 * @param elements what the writer has decided
 * @throws {InvalidValueError} the attribute belongs to patient or study, which are the exam's; or decides what the object
 *   is, where it lies or how it is read; or takes no text
 * @throws {UnknownKeywordError} PS3.6 has no such keyword
 */
export function withTags(elements: Elements, tags: CustomTags): Elements {
  const added: Record<string, Elements[string]> = {};
  for (const [keyword, text] of Object.entries(tags)) {
    refuse(keyword, elements);
    added[keyword] = tagValue(keyword, text);
  }
  return { ...elements, ...added };
}

/** SeriesDescription that says what it is, within its 64 characters. */
export function investigational(description: string): string {
  const text = description.startsWith(INVESTIGATIONAL) ? description : INVESTIGATIONAL + description;
  return text.slice(0, 64).trimEnd();
}

function tagValue(keyword: string, text: string): Elements[string] {
  if (keyword === 'SeriesDescription') return investigational(text);
  return /^(LT|ST|UT)$/.test(vrOf(keyword) ?? '') ? text : text.split('\\');
}

function refuse(keyword: string, elements: Elements): void {
  const tag = tagNumber(keyword);
  if (FREE.has(keyword) && elements[keyword] !== undefined) return;
  if (PATIENT_AND_STUDY.has(keyword)) {
    throw new InvalidValueError(
      keyword,
      'belongs to the patient or the study and cannot be set: it is repeated from the exam',
    );
  }
  if (elements[keyword] !== undefined) {
    throw new InvalidValueError(keyword, 'is decided by the writer of the object and cannot be set');
  }
  const group = tag >>> 16;
  if (group < 0x0008 || group > LAST_DESCRIPTIVE_GROUP || STRUCTURAL_GROUPS.has(group)) {
    throw new InvalidValueError(keyword, 'would change what the object is or where it lies and cannot be set');
  }
  if (!TEXT_VRS.has(vrOf(keyword) ?? '')) throw new InvalidValueError(keyword, 'takes no text and cannot be set');
}
