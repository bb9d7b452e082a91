import { askAgain, deliveriesOfRun } from '../../lib/archive/deliveries.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import type { RunView } from '../../schemas/api.ts';
import { audit } from '../../schemas/database/web.ts';
import { requireFormToken } from '../accounts/gate.ts';
import { evaluationOf, requireRight } from '../accounts/rights.ts';
import type { AuditAction } from '../audit/audit.ts';
import type { WebContext } from '../parts.ts';
import { runOfRequest } from '../runs/api.ts';
import { evaluatedPipeline } from '../runs/runs.ts';

/** `GET /api/v1/runs/<id>/deliveries`: what of a run was sent where, what waits, and what was refused and why. */
export async function getDeliveries(c: WebContext) {
  const run = await runOfRequest(c);
  return c.json({ deliveries: await deliveriesOfRun(c.var.parts.database, run.id) });
}

/** `POST /api/v1/runs/<id>/deliveries/again`: 202 with what became of what had been refused. */
export async function postDeliveriesAgain(c: WebContext) {
  const run = await runOfRequest(c);
  await again(c, run);
  return c.json({ deliveries: await deliveriesOfRun(c.var.parts.database, run.id) }, 202);
}

/** `POST /runs/<id>/deliveries/again`: from the page. */
export async function postDeliveriesAgainForm(c: WebContext) {
  const form = await c.req.parseBody();
  requireFormToken(c, form['form-token']);
  const run = await runOfRequest(c);
  await again(c, run);
  return c.redirect(`/runs/${run.id}`, 303);
}

/** Asks again for what was refused, with the audit, in one transaction. @throws {ProblemError} 409: nothing was refused */
async function again(c: WebContext, run: RunView): Promise<void> {
  const { parts, person } = c.var;
  const evaluation = evaluationOf(c, evaluatedPipeline(run));
  requireRight(c, 'retry-runs', evaluation);
  const now = parts.now();
  await parts.database.db.transaction(async (transaction) => {
    const waiting = await askAgain(transaction, run.id, { receivers: parts.receivers, now });
    if (waiting === undefined)
      throw new ProblemError(409, 'Nothing to ask for', 'No receiver was refused anything of this run.');
    const action: AuditAction = 'delivery-asked-again';
    const detail = waiting.length === 0 ? 'refused again' : `to ${waiting.join(', ')}`;
    await transaction
      .insert(audit)
      .values({ at: now, actor: person.name, action, subject: run.id, detail, evaluation });
  });
}
