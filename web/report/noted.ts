import type { Evaluation } from '../../schemas/evaluation.ts';
import { type AuditAction, record } from '../audit/audit.ts';
import type { WebContext } from '../parts.ts';

/** Writes into the audit that somebody looked at an evaluation's report, or took a table of it. */
export async function noted(c: WebContext, action: AuditAction, { name }: Evaluation, detail?: string): Promise<void> {
  const { parts, person } = c.var;
  const what = detail === undefined ? {} : { detail };
  await record(parts.database, {
    actor: person.name,
    action,
    subject: name,
    evaluation: name,
    at: parts.now(),
    ...what,
  });
}
