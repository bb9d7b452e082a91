import { type AuditAction, record } from '../audit.ts';
import type { WebContext } from '../parts.ts';

/**
 * Writes down that somebody has looked. Who looks again within ten minutes (a page that asks by itself, a program that
 * waits for a run) is written down once.
 */
export async function noteLook(
  c: WebContext,
  action: AuditAction,
  subject: string,
  evaluation: string | null = null,
): Promise<void> {
  const { parts, person } = c.var;
  const at = parts.now();
  if (!parts.viewing.looks.isNew(`${person.name} ${action} ${subject}`, at.getTime())) return;
  await record(parts.database, { actor: person.name, action, subject, evaluation, at });
}
