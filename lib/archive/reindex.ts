import { notInArray, sql } from 'drizzle-orm';
import * as tables from '../../schemas/database/archive.ts';
import type { Trigger } from '../../schemas/run.ts';
import type { Database, Transaction } from '../database/connection.ts';
import { sha256 } from '../runs/canonical.ts';
import { InvalidRunError, type RunState, readRunState } from '../runs/state.ts';
import type { ObjectStore, ObjectSummary } from '../store/store.ts';
import {
  claimStudy,
  findInstance,
  lockArchive,
  type Reception,
  recordInstance,
  recordQuarantine,
} from './catalogue.ts';
import { readFacts } from './facts.ts';
import { identityProblem, OTHER_CONTENT, OTHER_PATIENT, OTHER_STUDY } from './identity.ts';
import { DECISIONS_PREFIX, INSTANCES_PREFIX, QUARANTINE_PREFIX } from './keys.ts';
import { modelsText } from './other-exams.ts';
import { applyStatements, restoreStatements } from './patient-statements.ts';
import { routeKeywords } from './routes.ts';

/** Objects read at once. */
const BATCH = 16;

/** Quiet period of a study's way to a pipeline until an arrival says a better one, seconds. */
const QUIET_SECONDS = 60;

/**
 * Rebuilds the index from the object store: patients, studies, series, instances, quarantine, and which run of a study
 * was its newest; then who is who, as people said. It starts nothing: what is due stays due, what is not does not become so. What routes said is kept, since
 * no object says it. Until it is done, readers see the old index and the gateway keeps what it receives in its spool.
 *
 * @param onProgress told the number of objects read so far
 * @returns number of instances, those in quarantine included
 */
export async function reindexArchive(
  store: ObjectStore,
  database: Database,
  onProgress: (done: number) => void = () => {},
): Promise<number> {
  return database.db.transaction(async (transaction) => {
    await lockArchive(transaction);
    for (const table of [tables.instance, tables.series, tables.study, tables.patient, tables.quarantine]) {
      await transaction.delete(table);
    }
    let done = 0;
    const count = () => onProgress(++done);
    const decided = await decidedInstances(store);
    const released: ReadObject[] = [];
    await forEachObject(store, INSTANCES_PREFIX, async (object) => {
      // They may name another patient than their study's: whose it is, the others say.
      if (decided.has(object.sha256)) released.push(object);
      else await addInstance(transaction, object);
      count();
    });
    for (const object of released) await addInstance(transaction, object);
    await forEachObject(store, QUARANTINE_PREFIX, async (object) => {
      await addQuarantine(transaction, object);
      count();
    });
    await rebuildDispatches(store, transaction);
    await removeOrphans(transaction);
    await restoreStatements(store, transaction);
    await applyStatements(transaction);
    return done;
  });
}

/** SHA-256 of the files that a person has decided on. */
async function decidedInstances(store: ObjectStore): Promise<ReadonlySet<string>> {
  const decided = new Set<string>();
  for await (const { key } of store.list('dicom', DECISIONS_PREFIX)) {
    decided.add(key.slice(DECISIONS_PREFIX.length, -'.json'.length));
  }
  return decided;
}

/** An object of the bucket `dicom`, read. */
interface ReadObject {
  readonly summary: ObjectSummary;
  readonly sha256: string;
  readonly reception: Reception;
}

/** Reads several objects at once and hands them on one after the other. */
async function forEachObject(
  store: ObjectStore,
  prefix: string,
  handle: (object: ReadObject) => Promise<void>,
): Promise<void> {
  const flush = async (batch: readonly ObjectSummary[]) => {
    for (const object of await Promise.all(batch.map((summary) => readObject(store, summary)))) await handle(object);
  };
  let batch: ObjectSummary[] = [];
  for await (const summary of store.list('dicom', prefix)) {
    batch.push(summary);
    if (batch.length < BATCH) continue;
    await flush(batch);
    batch = [];
  }
  await flush(batch);
}

async function readObject(store: ObjectStore, summary: ObjectSummary): Promise<ReadObject> {
  const bytes = await store.get('dicom', summary.key);
  const facts = readFacts(bytes, { keywords: routeKeywords([]) });
  const dataSetSha256 = sha256(bytes.subarray(facts.dataSetOffset));
  const reception = { entry: undefined, receivedAt: summary.lastModified, facts, dataSetSha256 };
  return { summary, sha256: sha256(bytes), reception };
}

async function addInstance(
  transaction: Transaction,
  { summary, sha256: digest, reception }: ReadObject,
): Promise<void> {
  await claimStudy(transaction, reception);
  await recordInstance(transaction, reception, reference(summary, digest), undefined);
}

async function addQuarantine(transaction: Transaction, object: ReadObject): Promise<void> {
  const { summary, sha256: digest, reception } = object;
  // Released, and broken off before it was taken away here.
  if ((await findInstance(transaction, reception.facts.SOPInstanceUID))?.objectSha256 === digest) return;
  const reason = identityProblem(reception) ?? (await conflict(transaction, reception));
  await recordQuarantine(transaction, reception, reference(summary, digest), reason);
}

/** What an instance with valid identifiers met when it came: the same as it meets now. */
async function conflict(transaction: Transaction, { facts }: Reception): Promise<string> {
  const held = await findInstance(transaction, facts.SOPInstanceUID);
  if (held === undefined) return OTHER_PATIENT;
  return held.studyInstanceUid === facts.StudyInstanceUID ? OTHER_CONTENT : OTHER_STUDY;
}

function reference(summary: ObjectSummary, digest: string) {
  const { bucket, key, size } = summary;
  return { bucket, key, size, sha256: digest, contentType: 'application/dicom' };
}

/** Finds the newest run of every study and pipeline, so that late images amend it. */
async function rebuildDispatches(store: ObjectStore, transaction: Transaction): Promise<void> {
  const states: RunState[] = [];
  for await (const prefix of store.listPrefixes('runs', '')) {
    const state = await readRunState(store, prefix.slice(0, -1)).catch(noneIfInvalid);
    if (state !== undefined && state.run.replayOf === null) states.push(state);
  }
  for (const { id, run, triggers } of newestRuns(states)) {
    const values = { lastRun: id, lastAmends: run.amends, lastModels: modelsText(run.models) };
    await transaction
      .insert(tables.dispatch)
      .values({
        studyInstanceUid: run.study.StudyInstanceUID,
        pipeline: run.pipeline.name,
        quietSeconds: QUIET_SECONDS,
        triggers: [],
        origin: originOf(triggers),
        onDemand: triggers.some(({ kind }) => kind === 'called-ae-title'),
        ...values,
      })
      .onConflictDoUpdate({
        target: [tables.dispatch.studyInstanceUid, tables.dispatch.pipeline],
        set: values,
        // A run that waits in the outbox is newer than any that was listed, and need not have been in the store by then.
        setWhere: sql`not exists (select from ${tables.outbox} where ${tables.outbox.run} = ${tables.dispatch.lastRun})`,
      });
  }
}

/** A run without a valid plan is of no study. */
function noneIfInvalid(error: unknown): undefined {
  if (!(error instanceof InvalidRunError)) throw error;
}

/** Of each study and pipeline the run that no other amends; of several the one made last. Pure. */
function newestRuns<State extends Pick<RunState, 'id' | 'run' | 'createdAt'>>(states: readonly State[]): State[] {
  const amended = new Set(states.map(({ run }) => run.amends));
  const newest = new Map<string, State>();
  for (const state of states) {
    if (amended.has(state.id)) continue;
    const way = `${state.run.study.StudyInstanceUID} ${state.run.pipeline.name}`;
    const other = newest.get(way);
    if (other === undefined || other.createdAt < state.createdAt) newest.set(way, state);
  }
  return [...newest.values()];
}

function originOf(triggers: readonly Trigger[]): Pick<Trigger, 'kind' | 'by'> {
  const [first] = triggers;
  return first === undefined ? { kind: 'person', by: 'reindex' } : { kind: first.kind, by: first.by };
}

/** Decisions and ways to pipelines of studies that are no longer held. */
async function removeOrphans(transaction: Transaction): Promise<void> {
  const held = transaction.select({ uid: tables.study.studyInstanceUid }).from(tables.study);
  await transaction.delete(tables.routeDecision).where(notInArray(tables.routeDecision.studyInstanceUid, held));
  await transaction
    .delete(tables.dispatch)
    .where(sql`${notInArray(tables.dispatch.studyInstanceUid, held)} and ${tables.dispatch.dueAt} is null`);
}
