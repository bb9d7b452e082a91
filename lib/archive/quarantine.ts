import { eq, sql } from 'drizzle-orm';
import * as tables from '../../schemas/database/archive.ts';
import type { Database, Transaction } from '../database/connection.ts';
import { compareInstances } from '../dicom/identity.ts';
import { sha256 as digestOf } from '../runs/canonical.ts';
import { claimStudy, findInstance, type HeldInstance, type Reception, recordInstance } from './catalogue.ts';
import { keepDecision, type QuarantineDecision } from './decisions.ts';
import { type InstanceFacts, readFacts } from './facts.ts';
import { missingIdentifier } from './identity.ts';
import { consequencesOf, type IngestContext } from './ingest.ts';
import { discardedKey, instanceKey } from './keys.ts';
import { withPatience } from './patience.ts';
import { routeKeywords } from './routes.ts';

export type { QuarantineDecision };

/** An instance in quarantine, as the page of its decision needs it. `facts` hold PHI. */
export interface QuarantinedFile {
  readonly sha256: string;
  readonly reason: string;
  readonly receivedAt: Date;
  readonly facts: InstanceFacts;
  /** Why it cannot be released; undefined where it can. */
  readonly obstacle: string | undefined;
}

/** `released`: it counts now. `known`: the same instance is held already. `discarded`: set aside. Or why it stays. */
export type DecisionOutcome = 'released' | 'known' | 'discarded' | { readonly refused: string };

/** Channel on which releases, and other orders for runs, are told to the gateway, which makes them. */
export const RELEASED_CHANNEL = 'archive_released';

const HELD =
  'An instance with its SOPInstanceUID is held, and none takes the place of another. \
Have it sent again under a UID of its own, or discard it.';

/** What waits under this digest; undefined where nothing does. */
export async function findQuarantined(
  context: Pick<IngestContext, 'store' | 'database' | 'routes'>,
  sha256: string,
): Promise<QuarantinedFile | undefined> {
  const found = await read(context, sha256);
  if (found === undefined) return undefined;
  const { row, reception } = found;
  const { reason, receivedAt } = row;
  return { sha256, reason, receivedAt, facts: reception.facts, obstacle: await obstacleOf(context, found) };
}

/**
 * Does what a person decided. A released instance goes in as if it had been accepted, into the study that it names even
 * if that is another patient's, and asks for runs; a discarded one is kept in the store and counts nowhere. Who decided
 * what, and why, lies beside it. Doing it again after it was broken off does no harm.
 *
 * @returns what became of it; undefined where nothing waits under this digest, or somebody else has just decided
 * @throws {ProblemError} 503: the archive is held by somebody else
 */
export async function decideQuarantined(
  context: IngestContext,
  sha256: string,
  decision: QuarantineDecision,
): Promise<DecisionOutcome | undefined> {
  const found = await read(context, sha256);
  if (found === undefined) return undefined;
  if (decision.decision === 'release') {
    const refused = await obstacleOf(context, found);
    if (refused !== undefined) return { refused };
  }
  const outcome = await withPatience(context.database, async (transaction) => {
    // Who takes it out decides; who comes at the same moment waits here, and finds nothing.
    const taken = await transaction.delete(tables.quarantine).where(eq(tables.quarantine.sha256, sha256)).returning();
    if (taken.length === 0) return undefined;
    await keepDecision(context, sha256, decision);
    if (decision.decision === 'release') return release(transaction, context, found, decision.at);
    await context.store.put('dicom', discardedKey(sha256), found.bytes, 'application/dicom');
    return 'discarded';
  });
  if (outcome !== undefined) await context.store.remove('dicom', found.row.objectKey);
  return outcome;
}

/** Hears of releases until the database is closed, and once whenever hearing begins: something may have been released before. */
export async function hearReleases({ sql }: Database, released: () => void): Promise<void> {
  await sql.listen(RELEASED_CHANNEL, released, released);
}

interface Found {
  readonly row: typeof tables.quarantine.$inferSelect;
  readonly bytes: Buffer;
  readonly reception: Reception;
}

async function read(
  { store, database, routes }: Pick<IngestContext, 'store' | 'database' | 'routes'>,
  sha256: string,
): Promise<Found | undefined> {
  const [row] = await database.db.select().from(tables.quarantine).where(eq(tables.quarantine.sha256, sha256));
  if (row === undefined) return undefined;
  const bytes = await store.get('dicom', row.objectKey);
  const facts = readFacts(bytes, { keywords: routeKeywords(routes) });
  const dataSetSha256 = digestOf(bytes.subarray(facts.dataSetOffset));
  return { row, bytes, reception: { entry: undefined, receivedAt: row.receivedAt, facts, dataSetSha256 } };
}

async function obstacleOf(
  context: Pick<IngestContext, 'store' | 'database'>,
  found: Found,
): Promise<string | undefined> {
  const { facts } = found.reception;
  const missing = missingIdentifier(facts);
  if (missing !== undefined) return `${missing} Correct it at its source and send it again, or discard it.`;
  const held = await findInstance(context.database.db, facts.SOPInstanceUID);
  return held === undefined || (await isSame(context, found, held)) ? undefined : HELD;
}

async function isSame({ store }: Pick<IngestContext, 'store'>, found: Found, held: HeldInstance): Promise<boolean> {
  const { facts, dataSetSha256 } = found.reception;
  if (facts.StudyInstanceUID !== held.studyInstanceUid) return false;
  if (dataSetSha256 === held.dataSetSha256) return true;
  const other = await store.get('dicom', held.objectKey);
  return (await compareInstances(other, found.bytes).catch(() => 'different')) !== 'different';
}

async function release(
  transaction: Transaction,
  context: IngestContext,
  { bytes, reception }: Found,
  at: Date,
): Promise<DecisionOutcome> {
  if ((await findInstance(transaction, reception.facts.SOPInstanceUID)) !== undefined) return 'known';
  const object = await context.store.put('dicom', instanceKey(reception.facts), bytes, 'application/dicom');
  await claimStudy(transaction, reception);
  const now = { ...reception, receivedAt: at };
  await recordInstance(transaction, now, object, consequencesOf(now, context));
  await transaction.execute(sql`select pg_notify(${RELEASED_CHANNEL}, '')`);
  return 'released';
}
