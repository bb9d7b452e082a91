import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { decideApproval, listApprovals } from '../../lib/archive/approvals.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import { canonicalJson } from '../../lib/runs/canonical.ts';
import { type Approval, type ApprovalList, ApprovalSubmission } from '../../schemas/approval.ts';
import { audit, outbox } from '../../schemas/database/web.ts';
import { requireFormToken } from '../accounts/gate.ts';
import { evaluationOf, may, requireRight } from '../accounts/rights.ts';
import { jsonBody, parseOrRefuse } from '../api/parse.ts';
import { viewerOf } from '../pages/layout.ts';
import type { WebContext } from '../parts.ts';
import { approvalsPage } from './page.ts';

/** `GET /approvals`: what may go to clinical receivers, who decided it, and the decision. */
export async function getApprovalsPage(c: WebContext) {
  return c.html(await page(c, {}));
}

/** `POST /approvals`: a decision, from the page. */
export async function postApprovalForm(c: WebContext) {
  requireRight(c, 'approve');
  const { 'form-token': token, id, pipeline, pipelineVersion, decision, reason } = await c.req.parseBody();
  requireFormToken(c, token);
  const submission = ApprovalSubmission.safeParse({ id, pipeline, pipelineVersion, decision, reason });
  if (!submission.success) return c.html(await page(c, { refusal: 'Give a reason for the decision.' }), 422);
  await decide(c, submission.data);
  return c.redirect('/approvals', 303);
}

/** `GET /api/v1/approvals` */
export async function getApprovals(c: WebContext) {
  const approvals = await visible(c);
  return c.json({ approvals } satisfies z.infer<typeof ApprovalList>);
}

/** `POST /api/v1/approvals`: 201 with the decision; 200 where it was sent before. */
export async function postApproval(c: WebContext) {
  requireRight(c, 'approve');
  const submission = parseOrRefuse(ApprovalSubmission, await jsonBody(c), { status: 422, title: 'Not a decision' });
  const { approval, isNew } = await decide(c, submission);
  return c.json(approval, isNew ? 201 : 200);
}

/** Keeps a decision, the order to write it to the store, and the audit, in one transaction. */
async function decide(
  c: WebContext,
  submission: z.infer<typeof ApprovalSubmission>,
): Promise<{ approval: Approval; isNew: boolean }> {
  const { parts, person } = c.var;
  const evaluation = evaluationOf(c, submission.pipeline);
  requireRight(c, 'approve', evaluation);
  const at = parts.now();
  const approval: Approval = { ...submission, author: person.name, decidedAt: at.toISOString() };
  const clinical = parts.receivers.filter(({ kind }) => kind === 'clinical').map(({ name }) => name);
  const isNew = await parts.database.db.transaction(async (transaction) => {
    if (!(await decideApproval(transaction, approval, clinical))) return false;
    const key = `approvals/${approval.id}.json`;
    await transaction.insert(outbox).values({ key, body: canonicalJson(approval), createdAt: at });
    const action = approval.decision === 'approved' ? 'pipeline-approved' : 'approval-withdrawn';
    const subject = `${approval.pipeline} ${approval.pipelineVersion}`;
    await transaction.insert(audit).values({ actor: person.name, action, subject, evaluation, at });
    return true;
  });
  if (isNew) parts.answersSent();
  const known = isNew ? approval : (await listApprovals(parts.database)).find(({ id }) => id === approval.id);
  const same = ({ decidedAt: _, ...said }: Approval) => canonicalJson(said);
  if (known === undefined || same(known) !== same(approval)) {
    throw new ProblemError(409, 'Already used', 'This id belongs to another decision. Choose a new one.');
  }
  return { approval: known, isNew };
}

/** Decisions on pipelines that who asks may see. */
async function visible(c: WebContext): Promise<Approval[]> {
  const all = await listApprovals(c.var.parts.database);
  return all.filter(({ pipeline }) => may(c.var.person, 'view', evaluationOf(c, pipeline)));
}

async function page(c: WebContext, form: { readonly refusal?: string }) {
  const { parts, person } = c.var;
  const approvals = await visible(c);
  const newest = new Map<string, Approval>();
  for (const approval of approvals.toReversed())
    newest.set(`${approval.pipeline} ${approval.pipelineVersion}`, approval);
  const current = [...parts.pipelines].map(([pipeline, { version }]) => ({ pipeline, pipelineVersion: version }));
  const shown = new Map([...current, ...newest.values()].map((one) => [`${one.pipeline} ${one.pipelineVersion}`, one]));
  const versions = [...shown]
    .filter(([, { pipeline }]) => may(person, 'view', evaluationOf(c, pipeline)))
    .map(([key, { pipeline, pipelineVersion }]) => ({
      pipeline,
      pipelineVersion,
      newest: newest.get(key),
      mayDecide: may(person, 'approve', evaluationOf(c, pipeline)),
      id: randomUUID(),
    }));
  return approvalsPage(parts, viewerOf(c), { versions, approvals, ...form });
}
