import { and, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import type { Transaction } from '../../lib/database/connection.ts';
import { assignment, audit, readerLoad } from '../../schemas/database/web.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import { listAccounts } from '../accounts/accounts.ts';
import type { AuditAction } from '../audit/audit.ts';
import { looksAt } from '../blinded/copies.ts';
import { whyNoReader } from '../blinded/readers.ts';
import type { Parts } from '../parts.ts';
import { lot, lotKey } from './arms.ts';
import { armsOf, currentRuns, onOneOf, passedQuality, type ReadIn } from './current.ts';
import { participantOf } from './participant.ts';
import type { Participant } from './standing.ts';

/** Exams given to readers at once. */
const BATCH = 500;

/** What giving exams to readers works with. */
type Assigning = Pick<Parts, 'database' | 'evaluations' | 'pipelines' | 'launchKey' | 'now'>;

/**
 * Gives exams that are ready to readers, each to as many as the evaluation asks for, as `chooseReaders` says, and stores
 * that. What was given to somebody who reads there no more, or who must not read it any more, and has sent nothing of it, goes
 * to others. An exam keeps its readers otherwise, also when its run is amended.
 *
 * @param among only these exams
 * @returns whether there may be more
 */
export async function assignReaders(
  parts: Assigning,
  evaluation: Evaluation,
  among?: readonly string[],
): Promise<'all' | 'more'> {
  if (evaluation.reading.readersPerCase === 'all') return 'all';
  const people = await participantsOf(parts, evaluation);
  return parts.database.db.transaction(async (transaction) => {
    await lockAssignments(transaction, evaluation);
    let shared = 0;
    for (const arm of armsOf(evaluation)) {
      const readers = readersAmong(people, arm.evaluation);
      await releaseGone(transaction, arm, readers, parts.now(), among);
      if (readers.length > 0) shared = Math.max(shared, await shareOut(transaction, arm, readers, parts, among));
    }
    return shared < BATCH ? 'all' : 'more';
  });
}

/**
 * One after the other: two who share out at once would give an exam to too many. Who lets exams come to arms holds it too,
 * since the database counts what readers have in each arm, and the two would wait for each other's counts.
 */
export async function lockAssignments(transaction: Transaction, { name }: Evaluation): Promise<void> {
  await transaction.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`web.assign ${name}`}, 0))`);
}

/** How the readers of a case are chosen. */
export interface Choice {
  readonly by: 'balanced' | 'random';
  readonly count: number;
  /** Of `lotKey`. */
  readonly key: Buffer;
  readonly evaluation: string;
  readonly study: string;
}

/**
 * The next readers of a case. `random`: so many by lot. `balanced`: those with the fewest cases of the arm, then with the
 * fewest at all, and where these are equal by lot. The lot is an HMAC of evaluation, case and reader under the site's
 * secret: no person's choice, and the same whenever it is drawn.
 *
 * @param loads reader → cases of this arm, and of all; counts the chosen in
 */
export function chooseReaders(loads: Map<string, { arm: number; all: number }>, choice: Choice): string[] {
  const { by, count, key, evaluation, study } = choice;
  const drawn = [...loads].map(([reader, load]) => ({ reader, load, lot: lot(key, [evaluation, study, reader]) }));
  const byLoad = (a: (typeof drawn)[number], b: (typeof drawn)[number]) =>
    by === 'random' ? 0 : a.load.arm - b.load.arm || a.load.all - b.load.all;
  const order = drawn.sort((a, b) => byLoad(a, b) || (a.lot < b.lot ? -1 : 1));
  const chosen = order.slice(0, count);
  for (const { load } of chosen) {
    load.arm += 1;
    load.all += 1;
  }
  return chosen.map(({ reader }) => reader);
}

/** Everybody who may sign in, as they are to the evaluation. */
export async function participantsOf(
  parts: Omit<Assigning, 'launchKey' | 'now'>,
  evaluation: Evaluation,
): Promise<Participant[]> {
  const accounts = await listAccounts(parts.database);
  return accounts
    .filter(({ disabledAt }) => disabledAt === null)
    .map((account) => {
      const person = participantOf(account, evaluation);
      if (evaluation.reading.mode !== 'blinded') return person;
      return { ...person, readsBlinded: whyNoReader(parts, account, evaluation) === undefined };
    });
}

/**
 * Which exams cannot be given to which of these readers, whatever they are else: of blinded reads those of which they have
 * looked at a result.
 *
 * @returns `select study_instance_uid, reader …`
 */
export function barredFrom(evaluation: Evaluation, readers: readonly string[]): SQL {
  if (evaluation.reading.mode !== 'blinded' || readers.length === 0) {
    return sql`select x.study_instance_uid, x.reader from web.assignment x where false`;
  }
  return sql`${looksAt(evaluation)} and a.actor in (${sql.join([...readers], sql`, `)})`;
}

/** Those of them to whom exams can be given. */
export function readersAmong(people: readonly Participant[], { reading }: Evaluation): string[] {
  const blinded = reading.mode !== 'model-shown';
  return people
    .filter(({ reads, readsBlinded, seesAll }) => (blinded ? readsBlinded : reads && !seesAll))
    .map(({ name }) => name);
}

/** What was given to a reader who has sent nothing of it: rows of `web.assignment x` beside a current run `r`. */
export function unread({ name, reading }: Evaluation): SQL {
  const copies = sql`(select c.id from web.blinded_copy c
    where c.study_instance_uid = r.study_instance_uid and c.evaluation = x.evaluation)`;
  return sql`x.evaluation = ${name} and x.study_instance_uid = r.study_instance_uid
    and x.released_at is null and not exists (select 1 from web.feedback f where f.evaluation = x.evaluation
      and f.author = x.reader and f.stage in ('unaided', 'aided', 'blinded')
      and ${reading.mode === 'blinded' ? sql`f.run in ${copies}` : sql`f.run = r.id`})`;
}

/** The exams that were given to somebody who has sent nothing of them, in one arm. */
export async function unreadOf(
  transaction: Transaction,
  { evaluation, holds }: ReadIn,
  reader: string,
  only: SQL = sql`true`,
): Promise<string[]> {
  const rows = await transaction.execute<{ study_instance_uid: string }>(sql`${currentRuns(evaluation)} and ${holds}
    and ${only} and exists (select 1 from web.assignment x where ${unread(evaluation)} and x.reader = ${reader})
    order by r.created_at, r.id`);
  return [...new Set(rows.map((row) => row.study_instance_uid))];
}

/** Takes exams from a reader, with why. */
export async function release(
  transaction: Transaction,
  { name }: Evaluation,
  taken: { readonly studies: readonly string[]; readonly reader: string; readonly reason: string; readonly now: Date },
): Promise<void> {
  const { studies, reader, reason, now } = taken;
  if (studies.length === 0) return;
  await transaction
    .update(assignment)
    .set({ releasedAt: now, releaseReason: reason })
    .where(
      and(
        eq(assignment.evaluation, name),
        eq(assignment.reader, reader),
        inArray(assignment.studyInstanceUid, [...studies]),
        isNull(assignment.releasedAt),
      ),
    );
}

async function releaseGone(
  transaction: Transaction,
  arm: ReadIn,
  readers: readonly string[],
  now: Date,
  among: readonly string[] | undefined,
): Promise<void> {
  const { name } = arm.evaluation;
  const only = onOneOf(among);
  const given = await transaction
    .selectDistinct({ reader: assignment.reader })
    .from(assignment)
    .where(
      and(
        eq(assignment.evaluation, name),
        isNull(assignment.releasedAt),
        among === undefined ? undefined : inArray(assignment.studyInstanceUid, [...among]),
      ),
    );
  for (const { reader } of given) {
    const isGone = !readers.includes(reader);
    if (!isGone && arm.evaluation.reading.mode !== 'blinded') continue;
    const lost = isGone
      ? only
      : sql`${only} and r.study_instance_uid in (select study_instance_uid from (${barredFrom(arm.evaluation, [reader])}) barred)`;
    const studies = await unreadOf(transaction, arm, reader, lost);
    const reason = isGone ? 'Reads in this evaluation no more.' : 'Has looked at a result of the exam.';
    await release(transaction, arm.evaluation, { studies, reader, reason, now });
    const action: AuditAction = 'reading-reassigned';
    const rows = studies.map((subject) => ({ at: now, actor: 'overread', action, subject, evaluation: name }));
    if (rows.length > 0)
      await transaction.insert(audit).values(rows.map((row) => ({ ...row, detail: `taken from ${reader}` })));
  }
}

/** Gives each exam of an arm that has too few readers to others, as far as there are any. @returns how many exams that were */
async function shareOut(
  transaction: Transaction,
  { evaluation, arm, holds }: ReadIn,
  readers: readonly string[],
  { launchKey, now }: Pick<Assigning, 'launchKey' | 'now'>,
  among: readonly string[] | undefined,
): Promise<number> {
  const { name, reading } = evaluation;
  const wanted = Number(reading.readersPerCase);
  // Sets that are made once, not asked for exam by exam: there may be a hundred thousand.
  const given = sql`select r.study_instance_uid, r.reader from web.assignment r
    where r.evaluation = ${name} and ${onOneOf(among)}`;
  const own = sql`r.reader in (${sql.join([...readers], sql`, `)})`;
  const barred = barredFrom(evaluation, readers);
  const waiting = await transaction.execute<{ study_instance_uid: string }>(sql`${currentRuns(evaluation)} and ${holds}
    and ${onOneOf(among)} and ${passedQuality(evaluation)}
    and r.study_instance_uid not in (
      select study_instance_uid from (${given} and r.released_at is null) had group by 1 having count(*) >= ${wanted})
    and r.study_instance_uid not in (
      select study_instance_uid from (${given} and ${own} union ${barred}) tried group by 1 having count(*) >= ${readers.length})
    order by r.created_at, r.id limit ${BATCH}`);
  const studies = [...new Set(waiting.map((row) => row.study_instance_uid))];
  if (studies.length === 0) return 0;
  const [known, loads, cannot] = [
    await transaction
      .select({ study: assignment.studyInstanceUid, reader: assignment.reader, releasedAt: assignment.releasedAt })
      .from(assignment)
      .where(and(eq(assignment.evaluation, name), inArray(assignment.studyInstanceUid, studies))),
    await loadsOf(transaction, { evaluation, arm }, readers),
    await transaction.execute<{ study_instance_uid: string; reader: string }>(barred),
  ];
  const key = lotKey(launchKey);
  const rows = studies.flatMap((studyInstanceUid) => {
    const own = known.filter(({ study }) => study === studyInstanceUid);
    const mayNot = cannot.filter((row) => row.study_instance_uid === studyInstanceUid);
    const free = new Map([...loads].filter(([reader]) => ![...own, ...mayNot].some((one) => one.reader === reader)));
    const count = wanted - own.filter(({ releasedAt }) => releasedAt === null).length;
    const by = reading.assignment ?? 'balanced';
    return chooseReaders(free, { by, count, key, evaluation: name, study: studyInstanceUid }).map((reader) => ({
      ...{ evaluation: name, studyInstanceUid, reader },
      createdAt: now(),
    }));
  });
  await transaction.insert(assignment).values(rows).onConflictDoNothing();
  return studies.length;
}

/** How many cases each reader has in an arm, and in all. */
async function loadsOf(
  transaction: Transaction,
  { evaluation, arm }: Pick<ReadIn, 'evaluation' | 'arm'>,
  readers: readonly string[],
): Promise<Map<string, { arm: number; all: number }>> {
  const rows = await transaction.select().from(readerLoad).where(eq(readerLoad.evaluation, evaluation.name));
  const loads = new Map(readers.map((reader) => [reader, { arm: 0, all: 0 }]));
  for (const row of rows) {
    const load = loads.get(row.reader);
    if (load === undefined) continue;
    load.all += row.cases;
    if (arm === undefined || row.arm === arm.name) load.arm += row.cases;
  }
  return loads;
}
