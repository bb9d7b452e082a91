import { z } from 'zod';
import { MalformedDicomError } from '../../lib/dicom/dataset.ts';
import { tagOf, UnknownKeywordError } from '../../lib/dicom/dictionary.ts';
import type { DicomJson, JsonElement } from '../../lib/dicom/json.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import { ObjectNotFoundError } from '../../lib/store/store.ts';
import { Uid } from '../../schemas/scalars.ts';
import { parseOrRefuse } from '../api/parse.ts';
import type { WebContext } from '../parts.ts';
import { ahead } from './ahead.ts';
import { readHead } from './head.ts';
import type { ViewedInstance } from './images.ts';
import { addressOf, instancesOfRequest, metadataOf, recordLook, requireAccept } from './request.ts';
import { shelfOf } from './shelf.ts';

/**
 * Attributes of an answer (PS3.18 tables 10.6.3-3 to 5). Of a study without PatientID: with it OHIF would ask for the
 * person's other exams, and PatientID would stand in the address.
 */
const STUDY =
  'StudyDate StudyTime AccessionNumber ReferringPhysicianName StudyDescription PatientName PatientBirthDate PatientSex StudyInstanceUID StudyID';
const SERIES =
  'SeriesDate SeriesTime Modality Manufacturer SeriesDescription BodyPartExamined StudyInstanceUID SeriesInstanceUID SeriesNumber PerformedProcedureStepStartDate PerformedProcedureStepStartTime';
const INSTANCE =
  'SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID InstanceNumber NumberOfFrames Rows Columns BitsAllocated';

/** More than any person opens at once. */
const MOST_STUDIES = 20;

const page = {
  limit: z.coerce.number().int().nonnegative().optional(),
  offset: z.coerce.number().int().nonnegative().optional(),
};
const whole = { includefield: z.string().max(4096).optional(), fuzzymatching: z.string().optional(), ...page };
const uids = z
  .string()
  .transform((text) => text.split(/[,\\]/))
  .pipe(z.array(Uid).min(1).max(MOST_STUDIES));

const StudySearch = z.object({ StudyInstanceUID: uids, ...whole });
const SeriesSearch = z.object({
  SeriesInstanceUID: uids.optional(),
  Modality: z.string().max(16).optional(),
  ...whole,
});
const InstanceSearch = z.object({ SOPInstanceUID: uids.optional(), ...whole });

/** `GET /dicomweb/studies?StudyInstanceUID=…` */
export async function getStudies(c: WebContext) {
  const query = search(c, StudySearch, 'the StudyInstanceUID');
  const shelf = shelfOf(c);
  const studies: DicomJson[] = [];
  for (const study of new Set(query.StudyInstanceUID)) {
    if (!(await shelf.holds(study))) continue;
    const instances = await shelf.find(study);
    const series = await firstOfEachSeries(c, instances);
    const [first] = series;
    if (first === undefined) continue;
    await recordLook(c, study);
    const modalities = new Set(series.flatMap(({ json }) => json[tag('Modality')]?.Value ?? []));
    studies.push({
      ...pick(first.json, STUDY, query.includefield),
      [tag('ModalitiesInStudy')]: { vr: 'CS', Value: [...modalities] },
      [tag('RetrieveURL')]: { vr: 'UR', Value: [`${shelf.root}/studies/${study}`] },
      [tag('NumberOfStudyRelatedSeries')]: count(series.length),
      [tag('NumberOfStudyRelatedInstances')]: count(instances.length),
    });
  }
  return answer(paged(studies, query));
}

/** `GET /dicomweb/studies/<study>/series` */
export async function getSeries(c: WebContext) {
  const query = search(c, SeriesSearch, 'SeriesInstanceUID and Modality');
  const series = await firstOfEachSeries(c, await instancesOfRequest(c));
  const found = series.filter(
    ({ instance, json }) =>
      (query.SeriesInstanceUID?.includes(instance.SeriesInstanceUID) ?? true) &&
      (query.Modality === undefined || json[tag('Modality')]?.Value?.[0] === query.Modality),
  );
  return answer(
    paged(found, query).map(({ instance, json, instances }) => ({
      ...pick(json, SERIES, query.includefield),
      [tag('RetrieveURL')]: { vr: 'UR', Value: [addressOf(shelfOf(c), instance).replace(/\/instances\/.*/, '')] },
      [tag('NumberOfSeriesRelatedInstances')]: count(instances),
    })),
  );
}

/** `GET /dicomweb/studies/<study>[/series/<series>]/instances` */
export async function getInstances(c: WebContext) {
  const query = search(c, InstanceSearch, 'the SOPInstanceUID');
  const found = (await instancesOfRequest(c)).filter(
    ({ SOPInstanceUID }) => query.SOPInstanceUID?.includes(SOPInstanceUID) ?? true,
  );
  const answers: DicomJson[] = [];
  for await (const read of ahead(paged(found, query), (instance) => headOf(c, instance))) {
    if (read === undefined) continue;
    const { instance, json } = read;
    answers.push({
      ...pick(json, INSTANCE, query.includefield),
      [tag('RetrieveURL')]: { vr: 'UR', Value: [addressOf(shelfOf(c), instance)] },
      [tag('AvailableTransferSyntaxUID')]: { vr: 'UI', Value: [instance.TransferSyntaxUID] },
    });
  }
  return answer(answers);
}

interface ReadInstance {
  readonly instance: ViewedInstance;
  readonly json: DicomJson;
}

/** The metadata of an instance; undefined, with a line in the log, where it cannot be read. */
export async function headOf(c: WebContext, instance: ViewedInstance): Promise<ReadInstance | undefined> {
  const { store, log } = c.var.parts;
  try {
    const { dataset } = await readHead(store, instance);
    return { instance, json: metadataOf(shelfOf(c), instance, dataset) };
  } catch (error) {
    if (!(error instanceof MalformedDicomError || error instanceof ObjectNotFoundError)) throw error;
    log.warn({ bucket: instance.bucket, key: instance.key, err: error }, 'an instance cannot be read and is left out');
    return undefined;
  }
}

async function firstOfEachSeries(
  c: WebContext,
  instances: readonly ViewedInstance[],
): Promise<(ReadInstance & { instances: number })[]> {
  const series = new Map<string, { first: ViewedInstance; instances: number }>();
  for (const instance of instances) {
    const known = series.get(instance.SeriesInstanceUID);
    if (known === undefined) series.set(instance.SeriesInstanceUID, { first: instance, instances: 1 });
    else known.instances += 1;
  }
  const found: (ReadInstance & { instances: number })[] = [];
  for await (const read of ahead([...series.values()], async (one) => ({ ...one, read: await headOf(c, one.first) }))) {
    if (read.read !== undefined) found.push({ ...read.read, instances: read.instances });
  }
  return found;
}

/** @throws {ProblemError} 400: asked for by something else, such as a name, which does not belong in an address */
function search<Shape extends z.ZodRawShape>(c: WebContext, schema: z.ZodObject<Shape>, keys: string) {
  requireAccept(c, ['application/dicom+json', 'application/json']);
  const query = c.req.query();
  if (Object.keys(query).some((name) => !(name in schema.shape))) {
    const rule = `Here one can search by ${keys} only: what tells of a person does not belong in an address.`;
    throw new ProblemError(400, 'Not searched by this', rule);
  }
  return parseOrRefuse(schema, query);
}

function pick(json: DicomJson, keywords: string, includefield = ''): DicomJson {
  const further = includefield.split(',').flatMap((field) => tagOfField(field.trim()));
  const picked: Record<string, JsonElement> = {};
  for (const one of [...keywords.split(' ').map(tag), ...further]) {
    const element = json[one];
    if (element !== undefined) picked[one] = element;
  }
  return picked;
}

function tagOfField(field: string): string[] {
  if (/^[0-9a-f]{8}$/i.test(field)) return [field.toUpperCase()];
  try {
    return field === '' || field === 'all' ? [] : [tag(field)];
  } catch (error) {
    if (error instanceof UnknownKeywordError) return [];
    throw error;
  }
}

function paged<Item>(
  items: readonly Item[],
  { limit, offset = 0 }: { limit?: number | undefined; offset?: number | undefined },
) {
  return items.slice(offset, limit === undefined ? undefined : offset + limit);
}

function answer(json: readonly DicomJson[]): Response {
  return new Response(JSON.stringify(json), { headers: { 'Content-Type': 'application/dicom+json' } });
}

const count = (number: number): JsonElement => ({ vr: 'IS', Value: [number] });
const tag = (keyword: string) => tagOf(keyword).slice(1).toUpperCase();
