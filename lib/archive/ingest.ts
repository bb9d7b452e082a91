import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import type { Pipeline } from '../../schemas/pipeline.ts';
import type { Route } from '../../schemas/site.ts';
import type { Database } from '../database/connection.ts';
import { type Comparison, compareInstances } from '../dicom/identity.ts';
import type { ObjectStore } from '../store/store.ts';
import type { Demand } from './arming.ts';
import {
  type Consequences,
  claimStudy,
  findInstance,
  type HeldInstance,
  isIngested,
  type Reception,
  recordDuplicate,
  recordInstance,
  recordQuarantine,
} from './catalogue.ts';
import { keepDecision, type QuarantineDecision } from './decisions.ts';
import { readFacts } from './facts.ts';
import { identityProblem, OTHER_CONTENT, OTHER_PATIENT, OTHER_STUDY } from './identity.ts';
import { instanceKey, quarantineKey } from './keys.ts';
import { decideRoute, type RouteDecision, routeKeywords } from './routes.ts';
import type { SpoolEntry } from './spool.ts';

/** What says where an instance goes. */
export interface AskedContext {
  readonly routes: readonly Route[];
  readonly pipelines: ReadonlyMap<string, Pipeline>;
  /** OVERREAD_QUIET_SECONDS: overrides every route's and pipeline's. */
  readonly quietSeconds: number | undefined;
}

/** What an ingest asks. */
export interface IngestContext extends AskedContext {
  readonly store: ObjectStore;
  readonly database: Database;
  /** Told of each instance that went to quarantine. */
  readonly quarantined?: (instance: QuarantinedEntry) => void;
}

/** What is told of an instance that went to quarantine: no PHI. */
export interface QuarantinedEntry {
  /** Digest of the file, under which it waits. */
  readonly sha256: string;
  /** UIDs as it states them; '' where it states none that is valid. */
  readonly SOPInstanceUID: string;
  readonly StudyInstanceUID: string;
  readonly reason: string;
}

/** What became of an entry. */
export type Outcome = 'indexed' | 'duplicate' | 'quarantined' | 'known';

/** Quiet period of a study that goes to no pipeline, seconds: how long it is shown as still being received. */
const DEFAULT_QUIET_SECONDS = 60;

/** A file up to this size is parsed whole; of a longer one only what stands before its pixels. Bytes. */
const WHOLE_LIMIT = 64 << 20;
const HEAD_LENGTH = 4 << 20;

/** A received instance, read and not yet decided on. */
export interface ReadEntry {
  readonly entry: SpoolEntry;
  readonly reception: Reception;
  /** Tried before, by this process or an earlier one: its outcome may be written already. */
  readonly triedBefore: boolean;
}

/** Reads an entry of the spool: what it says, and the digest of its data set. */
export async function readEntry(entry: SpoolEntry, triedBefore: boolean, context: IngestContext): Promise<ReadEntry> {
  const { bytes, size } = await readBeginning(entry.file);
  const facts = readFacts(bytes, { size, keywords: routeKeywords(context.routes) });
  const dataSetSha256 =
    bytes.length === size
      ? createHash('sha256').update(bytes.subarray(facts.dataSetOffset)).digest('hex')
      : await digestFrom(entry.file, facts.dataSetOffset);
  return { entry, triedBefore, reception: { entry: entry.name, receivedAt: entry.receivedAt, facts, dataSetSha256 } };
}

/**
 * Brings an entry into the store and the index. Idempotent wherever it is broken off: objects are put before anything is
 * written about them, what is written is one transaction, and an entry whose outcome is written is not written again.
 * No other entry with the same SOPInstanceUID may be ingested at the same time.
 *
 * @throws when the store or the database does not answer: try again later
 */
export async function ingest({ entry, reception, triedBefore }: ReadEntry, context: IngestContext): Promise<Outcome> {
  const { database, store } = context;
  const { facts } = reception;
  if (triedBefore && (await isIngested(database, entry.name))) return 'known';
  const refused = identityProblem(reception);
  if (refused !== undefined) return quarantine(entry, reception, refused, context);
  const held = await findInstance(database.db, facts.SOPInstanceUID);
  if (held !== undefined) return meetHeld(entry, reception, held, context);
  const claim = await claimStudy(database.db, reception);
  if (claim === 'other-patient') return quarantine(entry, reception, OTHER_PATIENT, context);
  // A rebuild of the index asks first what the study's own images say.
  if (claim === 'same-person') await keepDecision(context, await digestFrom(entry.file, 0), acceptedAt(entry));
  const object = await store.putFile('dicom', instanceKey(facts), entry.file, 'application/dicom');
  await recordInstance(database.db, reception, object, consequencesOf(reception, context));
  return 'indexed';
}

/** Puts an entry that cannot be ingested, for a reason that is ours, into quarantine. @throws as `ingest` does */
export async function setAside(entry: SpoolEntry, context: IngestContext): Promise<Outcome> {
  if (await isIngested(context.database, entry.name)) return 'known';
  const facts = readFacts(Buffer.alloc(0), { keywords: [] });
  const reception = { entry: entry.name, receivedAt: entry.receivedAt, facts, dataSetSha256: '' };
  return quarantine(entry, reception, 'It could not be taken in: an unexpected error, which the log has.', context);
}

/** The same SOPInstanceUID again: the same instance, or something that must not take its place. */
async function meetHeld(
  entry: SpoolEntry,
  reception: Reception,
  held: HeldInstance,
  context: IngestContext,
): Promise<Outcome> {
  const { facts } = reception;
  if (reception.dataSetSha256 !== held.dataSetSha256) {
    if (facts.StudyInstanceUID !== held.studyInstanceUid) {
      return quarantine(entry, reception, OTHER_STUDY, context);
    }
    if ((await claimStudy(context.database.db, reception)) === 'other-patient') {
      return quarantine(entry, reception, OTHER_PATIENT, context);
    }
    if (!(await isReencoding(entry, held, context))) {
      return quarantine(entry, reception, OTHER_CONTENT, context);
    }
  }
  await recordDuplicate(context.database, reception, consequencesOf(reception, context));
  return 'duplicate';
}

/** What cannot be proven to be the same instance, since it cannot be read, is another one. */
async function isReencoding(entry: SpoolEntry, held: HeldInstance, context: IngestContext): Promise<boolean> {
  const [first, second] = await Promise.all([context.store.get('dicom', held.objectKey), readFile(entry.file)]);
  const comparison = await compareInstances(first, second).catch((): Comparison => 'different');
  return comparison !== 'different';
}

function acceptedAt({ receivedAt }: SpoolEntry): QuarantineDecision {
  const reason = 'It names another patient than its study, and people said that both are the same person.';
  return { decision: 'release', by: 'overread', reason, at: receivedAt };
}

async function quarantine(
  entry: SpoolEntry,
  reception: Reception,
  reason: string,
  context: IngestContext,
): Promise<Outcome> {
  const sha256 = await digestFrom(entry.file, 0);
  const object = await context.store.putFile('dicom', quarantineKey(sha256), entry.file, 'application/dicom');
  await recordQuarantine(context.database.db, reception, object, reason);
  const { SOPInstanceUID, StudyInstanceUID } = reception.facts;
  context.quarantined?.({ sha256, SOPInstanceUID, StudyInstanceUID, reason });
  return 'quarantined';
}

/** What an instance asks for: the pipeline whose AE title it was sent to; sent to any other title, those that routes name. */
export function consequencesOf({ facts }: Pick<Reception, 'facts'>, context: AskedContext): Consequences {
  const { pipelines, routes, quietSeconds } = context;
  const called = [...pipelines.values()].find(({ calledAETitle }) => calledAETitle === facts.calledAETitle);
  if (called !== undefined) return askedByTitle(called, quietSeconds);
  const names = new Set(pipelines.keys());
  const decisions: RouteDecision[] = [];
  const demands: Demand[] = [];
  for (const route of routes) {
    const decision = decideRoute(route, facts.tags, names);
    decisions.push(decision);
    const pipeline = pipelines.get(route.pipeline);
    if (!decision.matched || pipeline === undefined) continue;
    demands.push({
      pipeline: pipeline.name,
      quietSeconds: quietSeconds ?? route.quietSeconds ?? pipeline.quietSeconds,
      trigger: { kind: 'route', by: route.name },
    });
  }
  return { decisions, demands, quietSeconds: quietSeconds ?? DEFAULT_QUIET_SECONDS };
}

/** On demand: no route is asked. */
function askedByTitle(
  { name, calledAETitle, quietSeconds: own }: Pipeline,
  override: number | undefined,
): Consequences {
  const reason = `Sent to the AE title of ${name}: no other route was asked.`;
  const quietSeconds = override ?? own;
  return {
    decisions: [{ route: calledAETitle, pipeline: name, matched: true, held: 0, reason }],
    demands: [{ pipeline: name, quietSeconds, trigger: { kind: 'called-ae-title', by: calledAETitle } }],
    quietSeconds,
  };
}

async function readBeginning(file: string): Promise<{ bytes: Buffer; size: number }> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    if (size <= WHOLE_LIMIT) return { bytes: await handle.readFile(), size };
    const bytes = Buffer.alloc(HEAD_LENGTH);
    await handle.read(bytes, 0, HEAD_LENGTH, 0);
    return { bytes, size };
  } finally {
    await handle.close();
  }
}

async function digestFrom(file: string, start: number): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { start, highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}
