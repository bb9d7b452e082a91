import { and, asc, eq, lte, min, ne, notInArray, sql } from 'drizzle-orm';
import { delivery } from '../../schemas/database/archive.ts';
import type { DeliveryRequest, ShownExams } from '../../schemas/delivery.ts';
import type { Receiver } from '../../schemas/site.ts';
import type { ObjectReference } from '../../schemas/store.ts';
import type { Database } from '../database/connection.ts';
import { areApproved, isApproved } from './approvals.ts';
import { whyRetracted } from './retraction.ts';

/** Waits between tries of one object, milliseconds. */
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 10 * 60_000;

/** Objects that are sent together at most. */
const BATCH = 200;

/** An object on its way to a receiver, or there. */
export type Delivery = typeof delivery.$inferSelect;

/** What became of one object: sent, or why not. */
export interface DeliveryOutcome {
  readonly delivery: Delivery;
  /** Null: it arrived. */
  readonly problem: string | null;
  /** It must not go there any more: it is not tried again. */
  readonly isFinal?: boolean;
}

/**
 * Queues what a run asks to be delivered, for each receiver that is to have it. Asking again changes nothing. A receiver
 * gets a refusal in place of the objects where their exam was withdrawn or is of another patient than its images state, a
 * clinical one also where this version of the pipeline is not approved.
 *
 * @param pipelineVersion of the run
 * @returns number of objects that wait now and did not before
 */
export async function queueDeliveries(
  database: Database,
  request: DeliveryRequest,
  { receivers, pipelineVersion, now }: { receivers: readonly Receiver[]; pipelineVersion: string; now: Date },
): Promise<number> {
  const wanted = receivers.filter(({ name, pipelines }) =>
    request.receivers === null ? pipelines.includes(request.pipeline) : request.receivers.includes(name),
  );
  const { pipeline } = request;
  const shows = { exams: [request.studyInstanceUid] };
  const isClinicallyApproved = await isApproved(database, { pipeline, pipelineVersion });
  const retracted = await whyRetracted(database, { pipeline, shows });
  const rows = wanted.flatMap((receiver) =>
    request.objects.map(({ SOPInstanceUID, object }) => ({
      receiver: receiver.name,
      sopInstanceUid: SOPInstanceUID,
      run: request.run,
      pipeline,
      pipelineVersion,
      shows,
      object,
      ...stateFor(receiver, { isClinicallyApproved, retracted }),
      nextAttemptAt: now,
      requestedAt: now,
    })),
  );
  if (rows.length === 0) return 0;
  const made = await database.db.insert(delivery).values(rows).onConflictDoNothing().returning();
  return made.filter(({ state }) => state === 'waiting').length;
}

function stateFor(
  { kind, name }: Receiver,
  { isClinicallyApproved, retracted }: { readonly isClinicallyApproved: boolean; readonly retracted: string | null },
): Pick<Delivery, 'state' | 'reason'> {
  if (retracted !== null) return { state: 'refused', reason: retracted };
  if (kind === 'research' || isClinicallyApproved) return { state: 'waiting', reason: null };
  return { state: 'refused', reason: notApproved({ name }) };
}

/** An object that a person sends: what it is, and which versions of the pipeline made what it shows. */
export interface SentObject {
  readonly SOPInstanceUID: string;
  readonly object: ObjectReference;
  /** The run to whose deliveries it belongs. */
  readonly run: string;
  readonly pipeline: string;
  /** The newest first. A clinical receiver needs the approval of each, and gets nothing that no version made. */
  readonly versions: readonly string[];
  /** The exams whose results it shows. */
  readonly shows: ShownExams;
}

/** Where queuing reads and writes: a transaction, so that it happens together with what is written down of it. */
export type Queuing = Pick<Database['db'], 'select' | 'insert' | 'execute'>;

const CHANNEL = 'archive_delivery';

/** Tells of objects that people queue, from other processes too. */
export async function hearDeliveries({ sql }: Database, queued: () => void): Promise<void> {
  await sql.listen(CHANNEL, queued, queued);
}

/**
 * Queues an object that a person sends to one receiver. What is on its way there, or has arrived, stays as it is; what was
 * refused there is asked for again, since a person asks.
 *
 * @returns whether it waits now and did not before; or why the receiver must not have it: then nothing is queued
 */
export async function queueObject(
  db: Queuing,
  { SOPInstanceUID, object, run, pipeline, versions, shows }: SentObject,
  { receiver, now }: { readonly receiver: Pick<Receiver, 'name' | 'kind'>; readonly now: Date },
): Promise<boolean | { readonly refusal: string }> {
  const refusal =
    (await whyRetracted({ db }, { pipeline, shows })) ?? (await whyRefused({ db }, receiver, { pipeline, versions }));
  if (refusal !== null) return { refusal };
  const [pipelineVersion = null, ...otherVersions] = versions;
  const times = { attempts: 0, nextAttemptAt: now, requestedAt: now };
  const waiting = { state: 'waiting', reason: null, shows, ...times } as const;
  const key = { receiver: receiver.name, sopInstanceUid: SOPInstanceUID };
  const queued = await db
    .insert(delivery)
    .values({ ...key, run, pipeline, pipelineVersion, otherVersions, object, ...waiting })
    .onConflictDoUpdate({
      target: [delivery.receiver, delivery.sopInstanceUid],
      set: waiting,
      setWhere: eq(delivery.state, 'refused'),
    })
    .returning({ receiver: delivery.receiver });
  if (queued.length > 0) await db.execute(sql`select pg_notify(${CHANNEL}, '')`);
  return queued.length > 0;
}

/** Why a receiver must not have what these versions made; null where it may. */
export async function whyRefused(
  database: { readonly db: Pick<Database['db'], 'select'> },
  receiver: Pick<Receiver, 'name' | 'kind'>,
  { pipeline, versions }: Pick<SentObject, 'pipeline' | 'versions'>,
): Promise<string | null> {
  if (receiver.kind === 'research' || (await areApproved(database, pipeline, versions))) return null;
  return versions.length > 1 ? notAllApproved(receiver) : notApproved(receiver);
}

const notAllApproved = ({ name }: Pick<Receiver, 'name'>): string =>
  `${name} is a clinical receiver, and not every version of the pipeline whose results are shown is approved for clinical use.`;

/**
 * Asks again for what of a run was refused, since a person asks. What a receiver still must not have stays refused, for the
 * reason that holds now.
 *
 * @returns names of the receivers for which something waits now; undefined where nothing was refused
 */
export async function askAgain(
  db: Queuing & Pick<Database['db'], 'update'>,
  run: string,
  { receivers, now }: { readonly receivers: readonly Pick<Receiver, 'name' | 'kind'>[]; readonly now: Date },
): Promise<string[] | undefined> {
  const refused = await db
    .select()
    .from(delivery)
    .where(and(eq(delivery.run, run), eq(delivery.state, 'refused')))
    .for('update');
  if (refused.length === 0) return undefined;
  const waiting = new Set<string>();
  for (const { receiver, sopInstanceUid, ...asked } of refused) {
    const known = receivers.find(({ name }) => name === receiver);
    const reason = known === undefined ? unknownReceiver(receiver) : await whyNot(db, known, asked);
    const times = { attempts: 0, nextAttemptAt: now, requestedAt: now };
    await db
      .update(delivery)
      .set(reason === null ? { state: 'waiting', reason, ...times } : { reason })
      .where(and(eq(delivery.receiver, receiver), eq(delivery.sopInstanceUid, sopInstanceUid)));
    if (reason === null) waiting.add(receiver);
  }
  if (waiting.size > 0) await db.execute(sql`select pg_notify(${CHANNEL}, '')`);
  return [...waiting].sort();
}

/** Versions of the pipeline that made what an object shows, the newest first. */
export function versionsOf({ pipelineVersion, otherVersions }: Pick<Delivery, 'pipelineVersion' | 'otherVersions'>) {
  return pipelineVersion === null ? [] : [pipelineVersion, ...otherVersions];
}

/** Why a receiver must not have an object now; null where it may. */
async function whyNot(
  db: Queuing,
  receiver: Pick<Receiver, 'name' | 'kind'>,
  { shows, ...made }: Pick<Delivery, 'pipeline' | 'pipelineVersion' | 'otherVersions' | 'shows'>,
): Promise<string | null> {
  const { pipeline } = made;
  const versions = versionsOf(made);
  return (
    (await whyRetracted({ db }, { pipeline, shows })) ?? (await whyRefused({ db }, receiver, { pipeline, versions }))
  );
}

/** The site's file was changed since an object was queued. */
export const unknownReceiver = (name: string): string => `The site's file names no receiver ${name} any more.`;

/** What becomes of an object, by receiver: for people. */
export function deliveriesOfObject(database: Database, SOPInstanceUID: string) {
  return database.db
    .select()
    .from(delivery)
    .where(eq(delivery.sopInstanceUid, SOPInstanceUID))
    .orderBy(asc(delivery.receiver));
}

/** Why a clinical receiver gets nothing, as a sentence. */
const notApproved = ({ name }: Pick<Receiver, 'name'>): string =>
  `${name} is a clinical receiver, and nobody has approved this version of the pipeline for clinical use.`;

/** Receivers of whom is spoken: one, or all but some; everybody where neither is said. */
export interface Whose {
  readonly only?: string;
  readonly except?: readonly string[];
}

const waitsFor = ({ only, except = [] }: Whose) =>
  and(
    eq(delivery.state, 'waiting'),
    only === undefined ? undefined : eq(delivery.receiver, only),
    except.length === 0 ? undefined : notInArray(delivery.receiver, [...except]),
  );

/** The objects of one receiver that are due, oldest first; empty where none is. */
export async function dueDeliveries(database: Database, now: Date, whose: Whose = {}): Promise<Delivery[]> {
  const due = and(waitsFor(whose), lte(delivery.nextAttemptAt, now));
  const [first] = await database.db.select().from(delivery).where(due).orderBy(asc(delivery.nextAttemptAt)).limit(1);
  if (first === undefined) return [];
  return database.db
    .select()
    .from(delivery)
    .where(and(due, eq(delivery.receiver, first.receiver)))
    .orderBy(asc(delivery.requestedAt), asc(delivery.sopInstanceUid))
    .limit(BATCH);
}

/** When the next object is due; undefined where none waits. */
export async function nextDelivery(database: Database, whose: Whose = {}): Promise<Date | undefined> {
  const [row] = await database.db
    .select({ at: min(delivery.nextAttemptAt) })
    .from(delivery)
    .where(waitsFor(whose));
  return row?.at ?? undefined;
}

/** Writes down what became of objects. One that failed waits, longer each time; one that must not go ends. */
export async function recordDeliveries(
  database: Database,
  outcomes: readonly DeliveryOutcome[],
  now: Date,
): Promise<void> {
  for (const outcome of outcomes) {
    const { receiver, sopInstanceUid } = outcome.delivery;
    const which = and(eq(delivery.receiver, receiver), eq(delivery.sopInstanceUid, sopInstanceUid));
    await database.db
      .update(delivery)
      .set(changeBy(outcome, now))
      // What has arrived has arrived, whatever was said while it was on its way.
      .where(and(which, outcome.problem === null ? ne(delivery.state, 'sent') : eq(delivery.state, 'waiting')));
  }
}

function changeBy({ delivery: tried, problem, isFinal = false }: DeliveryOutcome, now: Date) {
  if (isFinal) return { state: 'refused' as const, reason: problem };
  const attempts = tried.attempts + 1;
  if (problem === null) return { state: 'sent' as const, reason: ARRIVED, attempts, sentAt: now };
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempts - 1));
  return { attempts, reason: problem, nextAttemptAt: new Date(now.getTime() + wait) };
}

/** Nothing is to be said of what arrived, unless it was stopped too late. */
const ARRIVED = sql`case when ${delivery.state} = 'refused' then 'It was under way when it was stopped: ' || ${delivery.reason} end`;

/** What becomes of a run's objects, by receiver: for people. */
export function deliveriesOfRun(database: Database, run: string) {
  return database.db
    .select({
      receiver: delivery.receiver,
      state: delivery.state,
      objects: sql<number>`count(*)::int`,
      reason: sql<string | null>`string_agg(distinct ${delivery.reason}, ' ')`,
      attempts: sql<number>`max(${delivery.attempts})`,
      lastSentAt: sql<
        string | null
      >`to_char(max(${delivery.sentAt}) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
    })
    .from(delivery)
    .where(eq(delivery.run, run))
    .groupBy(delivery.receiver, delivery.state)
    .orderBy(asc(delivery.receiver), asc(delivery.state));
}
