import { sql } from 'drizzle-orm';
import {
  bigint,
  bigserial,
  boolean,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  text,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { RunView } from '../api.ts';
import type { CopiedStructure } from '../blinded.ts';
import type { FeedbackAnswer, ReviewTime, Stage } from '../evaluation.ts';
import type { Right, Role } from '../rights.ts';
import type { TrendEntry } from '../trend.ts';

export const web = pgSchema('web');

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

/** Runs as pages and API show them: a projection of the object store that can be thrown away and made again. */
export const run = web.table(
  'run',
  {
    id: text('id').primaryKey(),
    pipeline: text('pipeline').notNull(),
    studyInstanceUid: text('study_instance_uid').notNull(),
    status: text('status').$type<RunView['status']>().notNull(),
    createdAt: at('created_at').notNull(),
    amends: text('amends'),
    /** Has a result that people may be asked about: it ended well, and is no replay. */
    readable: boolean('readable').notNull().default(false),
    view: jsonb('view').$type<RunView>().notNull(),
  },
  (table) => [
    // Ascending, and read backwards: `desc` here would put NULLs last, and no `order by … desc` could use it.
    index('run_newest').on(table.createdAt, table.id),
    index('run_by_study').on(table.studyInstanceUid, table.createdAt, table.id),
    index('run_by_pipeline').on(table.pipeline, table.createdAt, table.id),
    index('run_by_status').on(table.status, table.createdAt, table.id),
    index('run_by_amends').on(table.amends),
    index('run_readable').on(table.pipeline, table.createdAt).where(sql`${table.readable}`),
  ],
);

/** Runs that no page can show, since what the store holds of them cannot be read: part of the projection. */
export const unreadableRun = web.table('unreadable_run', {
  id: text('id').primaryKey(),
  /** A sentence, without PHI. */
  reason: text('reason').notNull(),
  seenAt: at('seen_at').notNull(),
});

/** How far the stored events have been projected: everything up to and with `position`. */
export const cursor = web.table('cursor', {
  name: text('name').primaryKey(),
  position: bigint('position', { mode: 'number' }).notNull(),
});

/** Accounts. A name is never given to somebody else: accounts are disabled, not removed. */
export const account = web.table('account', {
  name: text('name').primaryKey(),
  /** Who knows the password: we (`local`), or the hospital's directory, where the row is made at the first sign-in. */
  origin: text('origin').$type<'local' | 'directory'>().notNull().default('local'),
  /** scrypt, with its parameters and salt; null: of the directory. */
  password: text('password'),
  createdAt: at('created_at').notNull(),
  disabledAt: at('disabled_at'),
  /** When the directory last knew them; null: of no directory, or of before this was kept. */
  confirmedAt: at('confirmed_at'),
});

/** Which roles an account has now, for which evaluation. Who gave and took which is in the audit. */
export const roleGrant = web.table(
  'role_grant',
  {
    account: text('account')
      .notNull()
      .references(() => account.name),
    role: text('role').$type<Role>().notNull(),
    /** Name of the evaluation; null: for all of them. */
    evaluation: text('evaluation'),
    /** Grants from the directory's groups follow these at each sign-in; those that a person made stay. */
    origin: text('origin').$type<'person' | 'directory'>().notNull(),
    grantedAt: at('granted_at').notNull(),
  },
  (table) => [
    unique('role_grant_once').on(table.account, table.role, table.evaluation, table.origin).nullsNotDistinct(),
  ],
);

/** Tokens with which programs use the API in a person's name. Only the SHA-256 is kept. */
export const apiToken = web.table(
  'api_token',
  {
    id: uuid('id').primaryKey(),
    tokenHash: text('token_hash').notNull().unique(),
    account: text('account')
      .notNull()
      .references(() => account.name),
    /** What it is for, in the words of whoever made it. */
    label: text('label').notNull(),
    rights: jsonb('rights').$type<Right[]>().notNull(),
    /** The one evaluation that it is for; null: all that its owner may. */
    evaluation: text('evaluation'),
    createdAt: at('created_at').notNull(),
    expiresAt: at('expires_at').notNull(),
    revokedAt: at('revoked_at'),
    usedAt: at('used_at'),
  },
  (table) => [index('api_token_by_account').on(table.account)],
);

/** Signed launches that were used: each is good once. Kept until it would have expired anyway. */
export const launchNonce = web.table('launch_nonce', {
  nonce: text('nonce').primaryKey(),
  expiresAt: at('expires_at').notNull(),
});

/** Signed-in browsers. Only the SHA-256 of the cookie is kept: whoever reads the table cannot sign in with it. */
export const session = web.table(
  'session',
  {
    tokenHash: text('token_hash').primaryKey(),
    account: text('account')
      .notNull()
      .references(() => account.name),
    createdAt: at('created_at').notNull(),
    seenAt: at('seen_at').notNull(),
  },
  (table) => [index('session_by_account').on(table.account)],
);

/** Failed sign-ins by account and address; `key` is a digest of them. */
export const signInFailure = web.table('sign_in_failure', {
  key: text('key').primaryKey(),
  failures: integer('failures').notNull(),
  lastAt: at('last_at').notNull(),
  blockedUntil: at('blocked_until').notNull(),
});

/** What a reader has entered and not sent yet. */
export const feedbackDraft = web.table(
  'feedback_draft',
  {
    run: text('run').notNull(),
    evaluation: text('evaluation').notNull(),
    author: text('author').notNull(),
    stage: text('stage').$type<Stage>().notNull().default('aided'),
    /** Form field → value. */
    fields: jsonb('fields').$type<Record<string, string>>().notNull(),
    savedAt: at('saved_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.run, table.evaluation, table.author, table.stage] })],
);

/** Answers that were sent. Never changed: a correction is the next version, with a reason. */
export const feedback = web.table(
  'feedback',
  {
    /** Chosen by whoever sends, so that sending twice is harmless. */
    id: uuid('id').primaryKey(),
    run: text('run').notNull(),
    evaluation: text('evaluation').notNull(),
    evaluationVersion: text('evaluation_version').notNull(),
    stage: text('stage').$type<Stage>().notNull().default('aided'),
    author: text('author').notNull(),
    /** 1, 2, … of one author on one run at one stage. */
    version: integer('version').notNull(),
    /** Why it corrects the version before; null for the first. */
    reason: text('reason'),
    answers: jsonb('answers').$type<FeedbackAnswer[]>().notNull(),
    agreedWithAll: boolean('agreed_with_all').notNull().default(false),
    reviewTime: jsonb('review_time').$type<ReviewTime>(),
    createdAt: at('created_at').notNull(),
  },
  (table) => [
    uniqueIndex('feedback_version').on(table.run, table.evaluation, table.author, table.stage, table.version),
    index('feedback_by_stage').on(table.evaluation, table.stage, table.author, table.run),
  ],
);

/**
 * Who reads which case of an evaluation, where not everybody reads everything. A case is an exam: an amended run reopens it.
 * A row stays when the exam is taken from a reader, so that it does not come back by itself.
 */
export const assignment = web.table(
  'assignment',
  {
    evaluation: text('evaluation').notNull(),
    studyInstanceUid: text('study_instance_uid').notNull(),
    reader: text('reader').notNull(),
    createdAt: at('created_at').notNull(),
    /** Who gave it, by name; null: it was shared out. */
    givenBy: text('given_by'),
    /** When it was taken from the reader again; null: it is theirs. */
    releasedAt: at('released_at'),
    /** Why, as a sentence. */
    releaseReason: text('release_reason'),
  },
  (table) => [
    primaryKey({ columns: [table.evaluation, table.studyInstanceUid, table.reader] }),
    index('assignment_by_reader').on(table.evaluation, table.reader),
  ],
);

/** Which arm of an evaluation an exam came to. Never changed: an exam stays in its arm, also when its run is amended. */
export const allocation = web.table(
  'allocation',
  {
    evaluation: text('evaluation').notNull(),
    studyInstanceUid: text('study_instance_uid').notNull(),
    arm: text('arm').notNull(),
    /** The arms and their shares at that time. */
    design: text('design').notNull(),
    /** What exams are alike in among which the arms are balanced; empty: all are. */
    stratum: text('stratum').notNull(),
    /** The how many-th of its design and stratum it was, from 0. With the site's secret this gives the arm again. */
    place: integer('place').notNull(),
    createdAt: at('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.evaluation, table.studyInstanceUid] }),
    unique('allocation_place').on(table.evaluation, table.design, table.stratum, table.place),
  ],
);

/**
 * What each person has to do, has been given and has done about each exam of an evaluation, as `web/reading/kept.ts` works it
 * out: an index of what the other tables say, which can be thrown away and made again.
 */
export const readerCase = web.table(
  'reader_case',
  {
    evaluation: text('evaluation').notNull(),
    studyInstanceUid: text('study_instance_uid').notNull(),
    run: text('run').notNull(),
    /** Name of the arm; empty: there is none. */
    arm: text('arm').notNull(),
    /** Empty: whoever may read, reviews quality or adjudicates. */
    person: text('person').notNull(),
    /** Where the exam waits for the person; null: nowhere. */
    list: text('list').$type<'quality' | 'begun' | 'fresh' | 'adjudication'>(),
    stage: text('stage').$type<Stage>(),
    /** When the run was made. */
    since: at('since').notNull(),
    /** Was given to the person; where everybody reads everything: they have sent something about it. */
    given: boolean('given').notNull(),
    /** And nothing was sent of it. */
    unread: boolean('unread').notNull(),
    /** They have sent everything for the run. */
    done: boolean('done').notNull(),
  },
  (table) => [
    index('reader_case_by_exam').on(table.evaluation, table.studyInstanceUid),
    index('reader_case_by_person').on(table.evaluation, table.person, table.run).where(sql`${table.given}`),
    index('reader_case_waiting')
      .on(table.evaluation, table.list, table.person, table.since)
      .where(sql`${table.list} is not null`),
  ],
);

/** How many exams of `reader_case` each person has in each arm. */
export const readerTally = web.table(
  'reader_tally',
  {
    evaluation: text('evaluation').notNull(),
    arm: text('arm').notNull(),
    person: text('person').notNull(),
    given: integer('given').notNull(),
    unread: integer('unread').notNull(),
    done: integer('done').notNull(),
  },
  (table) => [primaryKey({ columns: [table.evaluation, table.arm, table.person] })],
);

/** How many exams each reader has in each arm, taken away ones left out: the database itself counts `assignment`. */
export const readerLoad = web.table(
  'reader_load',
  {
    evaluation: text('evaluation').notNull(),
    /** Empty: the exam has come to none. */
    arm: text('arm').notNull(),
    reader: text('reader').notNull(),
    cases: integer('cases').notNull(),
  },
  (table) => [primaryKey({ columns: [table.evaluation, table.arm, table.reader] })],
);

/** Evaluations of which `reader_case` is kept, by which declaration. */
export const keptEvaluation = web.table('kept_evaluation', {
  evaluation: text('evaluation').primaryKey(),
  pipeline: text('pipeline').notNull(),
  /** What of the declaration decides who is asked what. */
  declared: text('declared').notNull(),
});

/**
 * Exams of which something has changed that `reader_case` does not know yet. The database writes them itself, in the
 * transaction of each change; each has a row of its own, so that none is lost to whoever works off earlier ones.
 */
export const readingChange = web.table(
  'reading_change',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    evaluation: text('evaluation').notNull(),
    studyInstanceUid: text('study_instance_uid').notNull(),
  },
  (table) => [index('reading_change_by_evaluation').on(table.evaluation, table.id)],
);

/**
 * Segmentations that blinded readers judge: whose each is. Made when all of an exam are there, and never changed. `id` stands
 * for a run in drafts and answers.
 */
export const blindedCopy = web.table(
  'blinded_copy',
  {
    /** HMAC of the exam and the source under the site's secret. */
    id: text('id').primaryKey(),
    evaluation: text('evaluation').notNull(),
    studyInstanceUid: text('study_instance_uid').notNull(),
    /** `model`, or where what was brought in comes from. */
    source: text('source').notNull(),
    /** The run whose segmentation it is. */
    run: text('run').notNull(),
    /** Of its structures, in the order of the form. */
    structures: jsonb('structures').$type<CopiedStructure[]>().notNull(),
    /** Of the copy's file. */
    sha256: text('sha256').notNull(),
    createdAt: at('created_at').notNull(),
  },
  (table) => [unique('blinded_copy_once').on(table.evaluation, table.studyInstanceUid, table.source)],
);

/** What people said of exams in a trend: baselines, withdrawals. Never changed: the last word counts. */
export const trendEntry = web.table(
  'trend_entry',
  {
    /** Chosen by whoever sends, so that sending twice is harmless. */
    id: uuid('id').primaryKey(),
    pipeline: text('pipeline').notNull(),
    studyInstanceUid: text('study_instance_uid').notNull(),
    kind: text('kind').$type<TrendEntry['kind']>().notNull(),
    author: text('author').notNull(),
    reason: text('reason').notNull(),
    createdAt: at('created_at').notNull(),
  },
  (table) => [index('trend_entry_by_study').on(table.studyInstanceUid, table.pipeline)],
);

/** Objects still to be written to the store: the row is born in the transaction of what it exports. */
export const outbox = web.table('outbox', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  key: text('key').notNull(),
  body: text('body').notNull(),
  createdAt: at('created_at').notNull(),
});

/** Who did and saw what. Only ever added to. */
export const audit = web.table(
  'audit',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    at: at('at').notNull(),
    actor: text('actor').notNull(),
    action: text('action').notNull(),
    /** Run id, StudyInstanceUID, account name. */
    subject: text('subject').notNull(),
    /** What the action alone does not say, such as which role was granted; no PHI. */
    detail: text('detail'),
    /** Name of the evaluation, where it is about one. */
    evaluation: text('evaluation'),
  },
  (table) => [
    index('audit_by_subject').on(table.subject, table.at),
    index('audit_by_actor').on(table.actor, table.at),
    index('audit_by_action').on(table.action, table.at),
    index('audit_newest').on(table.at, table.id),
  ],
);
