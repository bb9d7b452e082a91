import {
  bigint,
  bigserial,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { RunView } from '../api.ts';
import type { FeedbackAnswer } from '../evaluation.ts';
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
    view: jsonb('view').$type<RunView>().notNull(),
  },
  (table) => [
    // Ascending, and read backwards: `desc` here would put NULLs last, and no `order by … desc` could use it.
    index('run_newest').on(table.createdAt, table.id),
    index('run_by_study').on(table.studyInstanceUid, table.createdAt, table.id),
    index('run_by_pipeline').on(table.pipeline, table.createdAt, table.id),
    index('run_by_status').on(table.status, table.createdAt, table.id),
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

/** Local accounts. A name is never given to somebody else: accounts are disabled, not removed. */
export const account = web.table('account', {
  name: text('name').primaryKey(),
  /** scrypt, with its parameters and salt. */
  password: text('password').notNull(),
  role: text('role').$type<'administrator' | 'reader'>().notNull(),
  createdAt: at('created_at').notNull(),
  disabledAt: at('disabled_at'),
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
    /** Form field → value. */
    fields: jsonb('fields').$type<Record<string, string>>().notNull(),
    savedAt: at('saved_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.run, table.evaluation, table.author] })],
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
    author: text('author').notNull(),
    /** 1, 2, … of one author on one run. */
    version: integer('version').notNull(),
    /** Why it corrects the version before; null for the first. */
    reason: text('reason'),
    answers: jsonb('answers').$type<FeedbackAnswer[]>().notNull(),
    createdAt: at('created_at').notNull(),
  },
  (table) => [uniqueIndex('feedback_version').on(table.run, table.evaluation, table.author, table.version)],
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
  },
  (table) => [index('audit_by_subject').on(table.subject, table.at)],
);
