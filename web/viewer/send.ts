import { html } from 'hono/html';
import { z } from 'zod';
import { deliveriesOfRun, type SentObject, whyRefused } from '../../lib/archive/deliveries.ts';
import { whyRetracted } from '../../lib/archive/retraction.ts';
import { MalformedDicomError, readPart10 } from '../../lib/dicom/dataset.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import { sha256 } from '../../lib/runs/canonical.ts';
import { ObjectNotFoundError } from '../../lib/store/store.ts';
import type { RunView } from '../../schemas/api.ts';
import { audit } from '../../schemas/database/web.ts';
import type { ShownExams } from '../../schemas/delivery.ts';
import { requireFormToken } from '../accounts/gate.ts';
import { evaluationOf, may, requireRight } from '../accounts/rights.ts';
import { jsonBody, notFound, parseOrRefuse } from '../api/parse.ts';
import { queueForAll, receiversNamed } from '../deliveries/queue.ts';
import { withdrawnPipelines } from '../dicomweb/images.ts';
import { type Html, viewerOf } from '../pages/layout.ts';
import type { WebContext } from '../parts.ts';
import { requireRevealed } from '../reading/sight.ts';
import { runOfRequest } from '../runs/api.ts';
import { findRun } from '../runs/runs.ts';

/** Body of `POST /api/v1/runs/<id>/deliveries`. */
export const EditDeliverySubmission = z.strictObject({
  receivers: z.array(z.string().min(1).max(60)).min(1, 'at least one receiver').max(20),
});

/** Edits of edits are followed so far. */
const MOST_EDITS = 100;

/**
 * The form with which a reader sends the segmentation that was edited; nothing where the run is no edit, or is not theirs to
 * send. What is refused to a receiver says why.
 */
export async function sendCard(c: WebContext, run: RunView): Promise<Html | string> {
  const { parts, person } = c.var;
  if (!isSendable(run) || parts.receivers.length === 0) return '';
  if (!may(person, 'read', evaluationOf(c, pipelineOf(run)))) return '';
  const made = { pipeline: pipelineOf(run), versions: await versionsOf(c, run) };
  const retracted = await whyRetracted(parts.database, { pipeline: made.pipeline, shows: showsOf(run) });
  const rows = await Promise.all(
    parts.receivers.map(async (receiver) => ({
      ...receiver,
      refusal: await whyRefused(parts.database, receiver, made),
    })),
  );
  const { formToken } = viewerOf(c);
  const open = rows.filter(({ refusal }) => refusal === null);
  return html`<section class="card"><h2>Send the edited segmentation</h2>
<p>It goes out only if somebody sends it, marked INVESTIGATIONAL, under the same rule as the model’s results.</p>
${retracted === null ? '' : html`<p class="muted">${retracted}</p>`}
${rows.map(({ refusal }) => (refusal === null ? '' : html`<p class="muted">${refusal}</p>`))}
${
  retracted !== null || open.length === 0
    ? ''
    : html`<form method="post" action="/runs/${run.id}/deliveries"><input type="hidden" name="form-token" value="${formToken}">
<fieldset class="group"><legend>To</legend>${open.map(({ name, kind }) => html`<label class="check"><input type="checkbox" name="receivers" value="${name}"> <span>${name} <span class="muted">(${kind})</span></span></label>`)}</fieldset>
<div class="actions"><button class="primary">Send</button></div></form>`
}</section>`;
}

/** `POST /runs/<id>/deliveries`: from the page. */
export async function postEditDeliveryForm(c: WebContext) {
  const form = await c.req.parseBody({ all: true });
  requireFormToken(c, form['form-token']);
  const run = await runOfRequest(c);
  await send(c, run, { receivers: [form.receivers ?? []].flat() });
  return c.redirect(`/runs/${run.id}`, 303);
}

/** `POST /api/v1/runs/<id>/deliveries`: 202 with what became of it, by receiver. */
export async function postEditDelivery(c: WebContext) {
  const run = await runOfRequest(c);
  requireRight(c, 'read', evaluationOf(c, pipelineOf(run)));
  await send(c, run, await jsonBody(c));
  return c.json({ deliveries: await deliveriesOfRun(c.var.parts.database, run.id) }, 202);
}

/** Queues the edit for each receiver, with the audit, in one transaction: all of them or none. */
async function send(c: WebContext, run: RunView, given: unknown): Promise<void> {
  const { parts, person } = c.var;
  const pipeline = pipelineOf(run);
  const evaluation = evaluationOf(c, pipeline);
  requireRight(c, 'read', evaluation);
  await requireRevealed(c, run);
  const { receivers } = parseOrRefuse(EditDeliverySubmission, given, { status: 422, title: 'Not sent' });
  const chosen = receiversNamed(parts, receivers);
  const sent = await editOf(c, run);
  const now = parts.now();
  await parts.database.db.transaction(async (transaction) => {
    const queued = await queueForAll(transaction, sent, { receivers: chosen, now });
    if (queued.length === 0) return;
    const entry = { at: now, actor: person.name, action: 'edit-sent', subject: run.id, evaluation };
    await transaction.insert(audit).values({ ...entry, detail: `to ${queued.join(', ')}` });
  });
}

/** The segmentation of an edit as an object to be sent. @throws {ProblemError} 409: there is none, or none of an edit */
async function editOf(c: WebContext, run: RunView): Promise<SentObject> {
  const key = isSendable(run) ? run.result?.objects.seg : undefined;
  if (key === undefined) {
    throw new ProblemError(
      409,
      'Not an edit',
      'Only what a reader has edited, and what was measured, is sent by hand.',
    );
  }
  const withdrawn = await withdrawnPipelines(c.var.parts.database, run.studyInstanceUid, new Set([pipelineOf(run)]));
  if (withdrawn.size > 0)
    throw new ProblemError(409, 'Withdrawn', 'Somebody has withdrawn this exam: nothing of it is sent.');
  const bytes = await read(c, key);
  const versions = await versionsOf(c, run);
  const object = {
    bucket: 'results' as const,
    key,
    sha256: sha256(bytes),
    size: bytes.length,
    contentType: 'application/dicom',
  };
  const of = { run: run.id, pipeline: pipelineOf(run), versions, shows: showsOf(run) };
  return { SOPInstanceUID: uidOf(bytes), object, ...of };
}

async function read(c: WebContext, key: string): Promise<Buffer> {
  try {
    return await c.var.parts.store.get('results', key);
  } catch (error) {
    if (error instanceof ObjectNotFoundError) throw notFound('file');
    throw error;
  }
}

function uidOf(bytes: Buffer): string {
  try {
    const uid = readPart10(bytes, { untilPixelData: true }).dataset.text('SOPInstanceUID');
    if (uid !== undefined) return uid;
  } catch (error) {
    if (!(error instanceof MalformedDicomError)) throw error;
  }
  throw new ProblemError(409, 'Not sent', 'What is stored of the edit is no DICOM object.');
}

/** Versions of the pipeline that made what was edited, through edits of edits; none where a person drew it from nothing. */
async function versionsOf(c: WebContext, run: RunView): Promise<string[]> {
  let made: RunView | undefined = run;
  for (let step = 0; made?.imported != null && step < MOST_EDITS; step++) {
    const { edits }: { edits: string | null } = made.imported;
    made = edits === null ? undefined : await findRun(c.var.parts.database, edits);
  }
  return made === undefined || made.imported != null ? [] : [made.pipelineVersion];
}

function isSendable({ imported, result }: RunView): boolean {
  return imported?.edits != null && result?.objects.seg !== undefined;
}

const showsOf = (run: RunView): ShownExams => ({ exams: [run.studyInstanceUid] });

const pipelineOf = (run: RunView): string => run.imported?.pipeline ?? run.pipeline;
