import type { TagValues } from '../../schemas/archive.ts';
import type { Pipeline } from '../../schemas/pipeline.ts';
import type { Route, SiteFile } from '../../schemas/site.ts';
import { sopClassName, sopClassUid, vrOf } from '../dicom/dictionary.ts';
import { readFacts } from './facts.ts';

/** What a route says of an instance. */
export interface RouteDecision {
  readonly route: string;
  readonly pipeline: string;
  readonly matched: boolean;
  /** Conditions that held: of a study's instances the one that comes closest is told. */
  readonly held: number;
  /** A sentence for the administrator; it never shows what identifies a person. */
  readonly reason: string;
}

/** One condition of a route: one value of the tag must match one of the wanted ones. */
interface Condition {
  readonly keyword: string;
  readonly wanted: readonly string[];
}

/** Tags of a route may not show in a reason when they are of these kinds: they identify a person. */
const IDENTIFYING =
  /^(Patient|OtherPatient|ResponsiblePerson|AccessionNumber|IssuerOf|Referring|Performing|Operators|Requesting|Physician|Names?Of|Institution|StudyID|Medical|Admission|Military|Telephone|.*Address|.*BirthDate|.*PhoneNumber)/;

/** Longest value shown in a reason, characters. */
const LONGEST_SHOWN = 64;

/** Most values shown in a reason. */
const MOST_SHOWN = 4;

/** Tags that the index keeps whatever the routes ask for. */
const ALWAYS_KEPT = [
  'SOPClassUID',
  'StationName',
  'Manufacturer',
  'ManufacturerModelName',
  'Modality',
  'StudyDescription',
  'SeriesDescription',
  'BodyPartExamined',
];

/** Keywords whose values the index keeps, those that routes ask for included. Unknown keywords are left out. */
export function routeKeywords(routes: readonly Route[]): string[] {
  const keywords = routes.flatMap((route) => conditionsOf(route).map(({ keyword }) => keyword));
  return [...new Set([...ALWAYS_KEPT, ...keywords])].filter((keyword) => vrOf(keyword) !== undefined);
}

/**
 * Whether an instance takes its study to the route's pipeline. Every tag must match on this one instance: exactly, by a
 * glob with `*`, or one of a list.
 *
 * Letter case: two texts that differ only in case are one description to the people who type them, so every text is
 * compared without case, UIDs and numbers by value. Numbers (IS, DS, US …) are equal when they are the same number:
 * `1.50` is `1.5`. A tag with several values matches when one of them does.
 *
 * @param tags the instance's values of `routeKeywords`
 * @param pipelines names of the pipelines there are
 */
export function decideRoute(route: Route, tags: TagValues, pipelines: ReadonlySet<string>): RouteDecision {
  const decision = (matched: boolean, held: number, reason: string): RouteDecision => ({
    route: route.name,
    pipeline: route.pipeline,
    matched,
    held,
    reason,
  });
  const conditions = conditionsOf(route);
  const failed = conditions.filter((condition) => !holds(condition, tags[condition.keyword] ?? []));
  const held = conditions.length - failed.length;
  const first = failed[0];
  if (first !== undefined) return decision(false, held, refusal(first, tags[first.keyword] ?? []));
  if (!pipelines.has(route.pipeline)) {
    return decision(false, held, `Every tag matches, but there is no pipeline \`${route.pipeline}\` here.`);
  }
  if (conditions.length === 0) return decision(true, held, 'The route takes every study.');
  return decision(true, held, `Matches ${conditions.map(({ keyword }) => keyword).join(', ')}.`);
}

/**
 * What every route says of one DICOM file, for `overread route test FILE`.
 *
 * @param bytes a Part 10 file
 */
export function explainRoutes(
  bytes: Uint8Array,
  site: Pick<SiteFile, 'routes'>,
  pipelines: ReadonlyMap<string, Pipeline>,
): RouteDecision[] {
  const { tags } = readFacts(bytes, { keywords: routeKeywords(site.routes) });
  const names = new Set(pipelines.keys());
  return site.routes.map((route) => decideRoute(route, tags, names));
}

function conditionsOf(route: Route): Condition[] {
  const conditions = Object.entries(route.when).map(([keyword, wanted]) => ({
    keyword,
    wanted: (typeof wanted === 'string' ? [wanted] : wanted).map((value) =>
      keyword === 'SOPClassUID' ? (sopClassUid(value) ?? value) : value,
    ),
  }));
  if (route.stationNames.length > 0) conditions.push({ keyword: 'StationName', wanted: route.stationNames });
  return conditions;
}

function holds({ keyword, wanted }: Condition, values: readonly string[]): boolean {
  const vr = vrOf(keyword);
  return values.some((value) => wanted.some((one) => matches(value, one, vr)));
}

function matches(value: string, wanted: string, vr: string | undefined): boolean {
  if (!wanted.includes('*') && isNumeric(vr)) return Number(value) === Number(wanted);
  const glob = wanted
    .split('*')
    .map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${glob}$`, vr === 'UI' ? 's' : 'isu').test(value);
}

function isNumeric(vr: string | undefined): boolean {
  return vr !== undefined && ['IS', 'DS', 'US', 'SS', 'UL', 'SL', 'FL', 'FD', 'SV', 'UV'].includes(vr);
}

function refusal({ keyword, wanted }: Condition, values: readonly string[]): string {
  if (vrOf(keyword) === undefined) return `\`${keyword}\` is no DICOM keyword: the route can never match.`;
  if (IDENTIFYING.test(keyword) || vrOf(keyword) === 'PN') return `${keyword} does not match.`;
  const wish = list(wanted.map((value) => named(keyword, value)));
  if (values.length === 0) return `${keyword} is absent or empty, wanted ${wish}.`;
  const found = values.slice(0, MOST_SHOWN).map((value) => named(keyword, value));
  if (values.length > MOST_SHOWN) found.push(`… (${values.length} values)`);
  return `${keyword} is ${list(found)}, wanted ${wish}.`;
}

function named(keyword: string, value: string): string {
  const name = keyword === 'SOPClassUID' ? sopClassName(value) : undefined;
  const shown = (name ?? value).replaceAll(/\p{C}/gu, ' ');
  return `\`${shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN)}…` : shown}\``;
}

function list(values: readonly string[]): string {
  return values.join(' or ');
}
