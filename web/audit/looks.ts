import { BACKGROUND_HEADER } from '../accounts/gate.ts';
import type { WebContext } from '../parts.ts';
import { type AuditAction, record } from './audit.ts';

/** Writes down that somebody has looked, unless it was the same look a while ago. */
export async function noteLook(
  c: WebContext,
  action: AuditAction,
  subject: string,
  evaluation: string | null = null,
): Promise<void> {
  const { parts, person } = c.var;
  const at = parts.now();
  const look = `${person.name} ${action} ${subject}`;
  if (!parts.looks.isNew(look, at.getTime())) return;
  try {
    await record(parts.database, { actor: person.name, action, subject, evaluation, at });
  } catch (error) {
    parts.looks.forget(look);
    throw error;
  }
}

/** Writes down each look at a page; what the page asks by itself afterwards is no second look. */
export async function recordPageView(
  c: WebContext,
  action: 'run-viewed' | 'study-viewed',
  subject: string,
): Promise<void> {
  const { parts, person } = c.var;
  if (c.req.header(BACKGROUND_HEADER) !== undefined) return;
  await record(parts.database, { actor: person.name, action, subject, at: parts.now() });
}
