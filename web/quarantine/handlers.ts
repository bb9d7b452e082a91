import { z } from 'zod';
import type { QuarantinedFile } from '../../lib/archive/quarantine.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import { Sha256, Uid } from '../../schemas/scalars.ts';
import { requireFormToken } from '../accounts/gate.ts';
import { requireRight } from '../accounts/rights.ts';
import { jsonBody, notFound, parseOrRefuse } from '../api/parse.ts';
import { examOf } from '../archive.ts';
import { record } from '../audit/audit.ts';
import { viewerOf } from '../pages/layout.ts';
import type { WebContext } from '../parts.ts';
import { quarantinedPage, quarantinePage } from './page.ts';

/** Instances shown on the page of the quarantine, the newest. */
const MOST_SHOWN = 500;

/** Query of `GET /api/v1/quarantine`. */
const QuarantineQuery = z.object({
  studyInstanceUid: Uid.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

/** Body of `POST /api/v1/quarantine/<sha256>/decision`. */
export const QuarantineDecisionBody = z.strictObject({
  decision: z.enum(['release', 'discard']),
  reason: z.string().trim().min(1, 'a reason is needed').max(2000, 'at most 2000 characters'),
});

/** What became of it. */
export const QuarantineDecisionAnswer = z.object({
  /** `known`: the same instance is held already. */
  outcome: z.enum(['released', 'known', 'discarded']),
});

/** `GET /quarantine` */
export async function getQuarantinePage(c: WebContext) {
  const { parts } = c.var;
  requireRight(c, 'quarantine');
  const instances = await parts.archive.quarantinedInstances({ limit: MOST_SHOWN });
  const decided = QuarantineDecisionAnswer.shape.outcome.safeParse(c.req.query('decided')).data;
  return c.html(quarantinePage(parts, viewerOf(c), { instances, decided }));
}

/** `GET /quarantine/<sha256>`: one instance, and what to do about it. */
export async function getQuarantinedPage(c: WebContext) {
  requireRight(c, 'quarantine');
  return c.html(await quarantined(c, await fileOfRequest(c), {}));
}

/** `POST /quarantine/<sha256>`: the decision, from the page. */
export async function postQuarantineForm(c: WebContext) {
  requireRight(c, 'quarantine');
  const { 'form-token': token, decision, reason } = await c.req.parseBody();
  requireFormToken(c, token);
  const file = await fileOfRequest(c);
  const body = QuarantineDecisionBody.safeParse({ decision, reason });
  if (!body.success) return c.html(await quarantined(c, file, { refusal: 'Give a reason for the decision.' }), 422);
  const outcome = await decide(c, file.sha256, body.data);
  if (typeof outcome === 'string') return c.redirect(`/quarantine?decided=${outcome}`, 303);
  return c.html(await quarantined(c, file, { refusal: outcome.refused, reason: body.data.reason }), 409);
}

/** `GET /api/v1/quarantine` */
export async function getQuarantine(c: WebContext) {
  requireRight(c, 'view', null);
  const { studyInstanceUid: study, limit } = parseOrRefuse(QuarantineQuery, c.req.query());
  return c.json({ instances: await c.var.parts.archive.quarantinedInstances({ study, limit }) });
}

/** `POST /api/v1/quarantine/<sha256>/decision` */
export async function postQuarantineDecision(c: WebContext) {
  requireRight(c, 'quarantine');
  const { sha256 } = await fileOfRequest(c);
  const body = parseOrRefuse(QuarantineDecisionBody, await jsonBody(c), { status: 422, title: 'Not a decision' });
  const outcome = await decide(c, sha256, body);
  if (typeof outcome !== 'string') throw new ProblemError(409, 'Cannot be released', outcome.refused);
  return c.json({ outcome } satisfies z.infer<typeof QuarantineDecisionAnswer>);
}

async function decide(c: WebContext, sha256: string, body: z.infer<typeof QuarantineDecisionBody>) {
  const { parts, person } = c.var;
  const at = parts.now();
  const outcome = await parts.quarantine.decide(sha256, { ...body, by: person.name, at });
  if (outcome === undefined) throw notFound('instance in quarantine');
  const action = outcome === 'discarded' ? 'quarantine-discarded' : 'quarantine-released';
  if (typeof outcome === 'string') await record(parts.database, { actor: person.name, action, subject: sha256, at });
  return outcome;
}

async function fileOfRequest(c: WebContext): Promise<QuarantinedFile> {
  const sha256 = Sha256.safeParse(c.req.param('sha256'));
  const file = sha256.success ? await c.var.parts.quarantine.find(sha256.data) : undefined;
  if (file === undefined) throw notFound('instance in quarantine');
  return file;
}

async function quarantined(c: WebContext, file: QuarantinedFile, form: { refusal?: string; reason?: string }) {
  const { parts, person } = c.var;
  const exam = await examOf(parts, file.facts.StudyInstanceUID);
  const entry = { actor: person.name, action: 'quarantine-viewed', subject: file.sha256, at: parts.now() } as const;
  await record(parts.database, entry);
  return quarantinedPage(parts, viewerOf(c), { file, exam, ...form });
}
