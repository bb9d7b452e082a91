import { createHash } from 'node:crypto';
import type { WithinStudy } from '../../lib/archive/instances.ts';
import type { DicomJson } from '../../lib/dicom/json.ts';
import { dicomJson } from '../../lib/dicom/json.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import { Uid } from '../../schemas/scalars.ts';
import { notFound } from '../api/parse.ts';
import { noteLook } from '../audit/looks.ts';
import type { WebContext } from '../parts.ts';
import type { Shelf, ViewedInstance } from './images.ts';
import { shelfOf } from './shelf.ts';

/** What the address names of a study. @throws {ProblemError} 404: not a UID, so nothing of this name is here */
function addressed(c: WebContext): { study: string } & WithinStudy {
  const uid = (name: string, what: string) => {
    const given = c.req.param(name);
    if (given === undefined) return undefined;
    const parsed = Uid.safeParse(given);
    if (!parsed.success) throw notFound(what);
    return parsed.data;
  };
  const study = uid('study', 'study');
  if (study === undefined) throw notFound('study');
  return { study, series: uid('series', 'series'), instance: uid('instance', 'instance') };
}

/** The study that the address names, where it names one. @throws {ProblemError} 404 */
export function addressedStudy(c: WebContext): string | undefined {
  return c.req.param('study') === undefined ? undefined : addressed(c).study;
}

/** The instances that the address names; that somebody looked is written down. @throws {ProblemError} 404: there is none */
export async function instancesOfRequest(c: WebContext): Promise<ViewedInstance[]> {
  const { study, series, instance } = addressed(c);
  const found = await shelfOf(c).find(study, { series, instance });
  if (found.length === 0)
    throw notFound(instance === undefined ? (series === undefined ? 'study' : 'series') : 'instance');
  await recordLook(c, study);
  return found;
}

/** Writes down who looks at the images of which study. */
export async function recordLook(c: WebContext, study: string): Promise<void> {
  await noteLook(c, 'images-viewed', study);
}

/** Address of an instance on a shelf. */
export function addressOf(
  { root }: Pick<Shelf, 'root'>,
  { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }: ViewedInstance,
): string {
  return `${root}/studies/${StudyInstanceUID}/series/${SeriesInstanceUID}/instances/${SOPInstanceUID}`;
}

/** The metadata of an instance whose head was read. */
export function metadataOf(
  shelf: Pick<Shelf, 'root'>,
  instance: ViewedInstance,
  dataset: Parameters<typeof dicomJson>[0],
): DicomJson {
  return dicomJson(dataset, (path) => `${addressOf(shelf, instance)}/bulkdata/${path}`);
}

/**
 * Headers that let a client ask whether what it has is still right. Pixels alone may stay in a browser's own cache, where
 * every use is asked for again, so that a session that has ended shows nothing; what names a person may not.
 */
export function cacheHeaders(
  instances: readonly ViewedInstance[],
  part: string,
  holdsNames: boolean,
): Record<string, string> {
  const digest = createHash('sha256');
  for (const instance of instances) digest.update(`${instance.digest} ${instance.SOPInstanceUID}\n`);
  const ETag = `"${digest.update(part).digest('base64url')}"`;
  return {
    ETag,
    'Cache-Control': holdsNames ? 'private, no-store' : 'private, no-cache',
    Vary: 'Cookie, Authorization',
  };
}

/** 304 where the client has it already; undefined where it must be sent. */
export function unchanged(c: WebContext, headers: Record<string, string>): Response | undefined {
  const asked = c.req.header('if-none-match');
  const tags = asked?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return tags.includes('*') || tags.includes(headers.ETag ?? '')
    ? new Response(null, { status: 304, headers })
    : undefined;
}

/** Refuses an `Accept` that nothing here can satisfy. @throws {ProblemError} 406 */
export function requireAccept(c: WebContext, possible: readonly string[]): void {
  const accept = c.req.header('accept') ?? '*/*';
  const asked = accept.toLowerCase();
  if (asked.includes('*/*') || possible.some((type) => asked.includes(type))) return;
  throw new ProblemError(406, 'Not to be had in this form', `This can be had as ${possible.join(' or ')}.`);
}
