import { z } from 'zod';
import { may, requireRight } from '../accounts/rights.ts';
import { parseOrRefuse } from '../api/parse.ts';
import { csvLine } from '../csv.ts';
import { viewerOf } from '../pages/layout.ts';
import { everyEvaluation, type WebContext } from '../parts.ts';
import { streamOf } from '../stream.ts';
import { record } from './audit.ts';
import { auditPage } from './page.ts';
import { AuditEntry, AuditQuery, type AuditSight, everyEntry, searchAudit } from './search.ts';

/** Entries on a page. */
const PAGE_SIZE = 100;

const COLUMNS = ['id', 'at', 'actor', 'action', 'subject', 'detail', 'evaluation'] as const;

/** Query of `GET /api/v1/audit`. */
const AuditListQuery = AuditQuery.extend({ limit: z.coerce.number().int().min(1).max(500).default(100) });

/** Answer of `GET /api/v1/audit`: newest first. */
export const AuditList = z.object({
  entries: z.array(AuditEntry),
  /** `before` of the next page; null where this is the last. */
  next: z.int().nullable(),
});

/** `GET /audit` */
export async function getAuditPage(c: WebContext) {
  const { parts } = c.var;
  const { sight, query } = searchOf(c);
  const found = await searchAudit(parts.database, { ...query, sight, limit: PAGE_SIZE + 1 });
  await noted(c, 'audit-viewed');
  const entries = found.slice(0, PAGE_SIZE);
  const next = found.length > PAGE_SIZE ? (entries.at(-1)?.id ?? null) : null;
  const asked = { ...c.req.query() };
  return c.html(auditPage(parts, viewerOf(c), { entries, asked, next, all: sight === undefined }));
}

/** `GET /audit.csv`: everything that the same query finds, sent as it is read. */
export async function getAuditTable(c: WebContext) {
  const { parts } = c.var;
  const { sight, query } = searchOf(c);
  await noted(c, 'audit-exported');
  const batches = everyEntry(parts.database, { ...query, sight });
  const headers = {
    'Content-Type': 'text/csv; charset=utf-8; header=present',
    'Content-Disposition': 'attachment; filename="audit.csv"',
  };
  return c.body(streamOf(linesOf(batches)), 200, headers);
}

/** `GET /api/v1/audit` */
export async function getAudit(c: WebContext) {
  const { parts } = c.var;
  const sight = sightOf(c);
  const { limit, ...query } = parseOrRefuse(AuditListQuery, c.req.query());
  const entries = await searchAudit(parts.database, { ...query, sight, limit });
  await noted(c, 'audit-viewed');
  const next = entries.length === limit ? (entries.at(-1)?.id ?? null) : null;
  return c.json({ entries, next } satisfies z.infer<typeof AuditList>);
}

function searchOf(c: WebContext): { sight: AuditSight; query: AuditQuery } {
  const sight = sightOf(c);
  return { sight, query: parseOrRefuse(AuditQuery, c.req.query()) };
}

/** What of the audit somebody may see. @throws {ProblemError} 403: nothing */
function sightOf(c: WebContext): AuditSight {
  requireRight(c, 'audit');
  const { person, parts } = c.var;
  if (may(person, 'audit', null)) return undefined;
  return everyEvaluation(parts).filter(({ name }) => may(person, 'audit', name));
}

async function noted(c: WebContext, action: 'audit-viewed' | 'audit-exported'): Promise<void> {
  const { parts, person } = c.var;
  await record(parts.database, { actor: person.name, action, subject: 'audit', at: parts.now() });
}

async function* linesOf(batches: AsyncIterable<readonly AuditEntry[]>): AsyncGenerator<Buffer> {
  yield Buffer.from(csvLine(COLUMNS));
  for await (const batch of batches) {
    yield Buffer.from(batch.map((entry) => csvLine(COLUMNS.map((column) => entry[column]))).join(''));
  }
}
