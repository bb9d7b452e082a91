import { bigint, bigserial, boolean, index, integer, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';
import type { End } from '../run.ts';

/** Tables of the connector: read through `connector/feed.ts` or its HTTP face, written by nobody else. */
export const connector = pgSchema('connector');

/** Every object event that was heard, or found missing and made up for by reconciliation. */
export const event = connector.table(
  'event',
  {
    /** The cursor of those who follow: a lower id is always committed before a higher one (see `connector/events.ts`). */
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    bucket: text('bucket').notNull(),
    key: text('key').notNull(),
    /** When the object was created, as its event or its listing says. */
    eventTime: timestamp('event_time', { withTimezone: true }).notNull(),
    deduplicationKey: text('deduplication_key').notNull().unique(),
    storedAt: timestamp('stored_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('event_object').on(table.bucket, table.key)],
);

/** Who follows the events, and how far each has dealt with them for good: what somebody has not read is kept. */
export const reader = connector.table('reader', {
  name: text('name').primaryKey(),
  position: bigint('position', { mode: 'number' }).notNull(),
});

/** Up to which moment objects count as heard of although no event is kept of them. One row, or none. */
export const forgotten = connector.table('forgotten', {
  only: boolean('only').primaryKey().default(true),
  before: timestamp('before', { withTimezone: true }).notNull(),
});

/** Every run that the connector holds: what it reconciles, and which have failed (the dead letters). */
export const run = connector.table(
  'run',
  {
    id: text('id').primaryKey(),
    heardAt: timestamp('heard_at', { withTimezone: true }).notNull().defaultNow(),
    /** Null until its plan was read. */
    pipeline: text('pipeline'),
    /** Null while the run goes on; null again after a retry by hand. */
    endedAt: timestamp('ended_at', { withTimezone: true }),
    status: text('status').$type<End['status']>(),
    /** The step that decided the ending. */
    step: text('step'),
    reason: text('reason'),
    retries: integer('retries').notNull().default(0),
  },
  (table) => [index('run_ended_at').on(table.endedAt)],
);
