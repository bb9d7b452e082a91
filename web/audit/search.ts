import { and, desc, eq, gte, inArray, lt, or, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Database } from '../../lib/database/connection.ts';
import { audit } from '../../schemas/database/web.ts';
import { Instant } from '../../schemas/scalars.ts';
import { AUDIT_ACTIONS } from './audit.ts';

/** Rows read at once for an export. */
const BATCH = 5000;

/** What follows a run's id in the subject of an action on one of its files. */
const FILE_KINDS = ['seg', 'rtstruct', 'report', 'capture', 'labels'] as const;

/** A field that was left empty counts as left out. */
const field = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

const DAY_MS = 24 * 60 * 60_000;
const begin = z.union([z.iso.date(), Instant]).transform((text) => new Date(text));
/** A day counts whole. */
const end = z.union([z.iso.date().transform((day) => new Date(Date.parse(day) + DAY_MS)), begin]);

/** What one can ask for besides a time. */
export const AUDIT_TERMS = {
  /** Name of the account. */
  actor: z.string().trim().toLowerCase().max(60),
  action: z.enum(AUDIT_ACTIONS),
  /** Run id, StudyInstanceUID, account name, as it was written down. */
  subject: z.string().trim().max(200),
  /** Only entries older than the one with this number. */
  before: z.coerce.number().int().positive(),
};

/** Which entries. */
export const AuditQuery = z.strictObject({
  actor: field(AUDIT_TERMS.actor),
  action: field(AUDIT_TERMS.action),
  subject: field(AUDIT_TERMS.subject),
  /** Day or instant, UTC: from it on. */
  from: field(begin),
  /** Day (with all of it) or instant, UTC: before it. */
  to: field(end),
  before: field(AUDIT_TERMS.before),
});
export type AuditQuery = z.infer<typeof AuditQuery>;

/** One entry, as API and export have it. */
export const AuditEntry = z.object({
  id: z.int(),
  at: Instant,
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.string().nullable(),
  evaluation: z.string().nullable(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** The evaluations whose entries somebody may see, with their pipelines; undefined: those of all, and of none. */
export type AuditSight = readonly { readonly name: string; readonly pipeline: string }[] | undefined;

/** Entries, newest first. */
export async function searchAudit(
  database: Pick<Database, 'db'>,
  { sight, limit, ...query }: AuditQuery & { readonly sight: AuditSight; readonly limit: number },
): Promise<AuditEntry[]> {
  const { actor, action, subject, from, to, before } = query;
  const conditions: (SQL | undefined)[] = [
    actor === undefined ? undefined : eq(audit.actor, actor),
    action === undefined ? undefined : eq(audit.action, action),
    subject === undefined ? undefined : inArray(audit.subject, namesOf(subject)),
    from === undefined ? undefined : gte(audit.at, from),
    to === undefined ? undefined : lt(audit.at, to),
    before === undefined ? undefined : lt(audit.id, before),
    sight === undefined ? undefined : inSight(sight),
  ];
  const rows = await database.db
    .select()
    .from(audit)
    .where(and(...conditions))
    .orderBy(desc(audit.id))
    .limit(limit);
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

/** All entries that a query finds, newest first, in batches. */
export async function* everyEntry(
  database: Pick<Database, 'db'>,
  query: AuditQuery & { readonly sight: AuditSight },
): AsyncGenerator<readonly AuditEntry[]> {
  let { before } = query;
  for (;;) {
    const batch = await searchAudit(database, { ...query, before, limit: BATCH });
    if (batch.length > 0) yield batch;
    const last = batch.at(-1);
    if (batch.length < BATCH || last === undefined) return;
    before = last.id;
  }
}

const namesOf = (subject: string) => [subject, ...FILE_KINDS.map((kind) => `${subject}/${kind}`)];

/** Entries about an evaluation: by its name, on a run of its pipeline, or on an exam that has one. */
function inSight(sight: NonNullable<AuditSight>): SQL | undefined {
  if (sight.length === 0) return sql`false`;
  const names = sight.map(({ name }) => name);
  const pipelines = sql.join(
    sight.map(({ pipeline }) => sql`${pipeline}`),
    sql`, `,
  );
  return or(
    inArray(audit.evaluation, names),
    inArray(sql`split_part(${audit.subject}, ' ', 1)`, names),
    sql`exists (select 1 from web.run r where r.pipeline in (${pipelines})
      and (r.id = split_part(${audit.subject}, '/', 1) or r.study_instance_uid = ${audit.subject}))`,
  );
}
