import { html } from 'hono/html';
import type { Approval } from '../../schemas/approval.ts';
import { type Html, layout, moment, type Viewer } from '../pages/layout.ts';
import type { Parts } from '../parts.ts';

/** A version of a pipeline, and what was decided on it last. */
export interface DecidedVersion {
  readonly pipeline: string;
  readonly pipelineVersion: string;
  readonly newest: Approval | undefined;
  readonly mayDecide: boolean;
  /** Of the decision that the form makes. */
  readonly id: string;
}

export interface ApprovalsPage {
  readonly versions: readonly DecidedVersion[];
  /** Every decision, newest first. */
  readonly approvals: readonly Approval[];
  readonly refusal?: string;
}

type Shown = Pick<Parts, 'assets' | 'site' | 'pipelines' | 'receivers'>;

/** `/approvals` */
export function approvalsPage(parts: Shown, viewer: Viewer, { versions, approvals, refusal }: ApprovalsPage): Html {
  const clinical = parts.receivers.filter(({ kind }) => kind === 'clinical').map(({ name }) => name);
  return layout({
    parts,
    viewer,
    title: 'Approvals',
    body: html`<div class="page-title"><h1>Approvals for clinical receivers</h1></div>
${refusal === undefined ? '' : html`<p class="notice is-failed" role="alert">${refusal}</p>`}
<p>${clinical.length === 0 ? 'The site’s file names no clinical receiver: nothing goes to one, whatever is approved here.' : `Clinical receivers of this site: ${clinical.join(', ')}.`}
Results of a version that is not approved are never sent there. An approval holds for results from then on; a withdrawal stops at once what still waits.
What was made while a version was on trial keeps the word INVESTIGATIONAL.</p>
${versions.map((version) => card(parts, viewer, version))}
${history(parts, approvals)}`,
  });
}

function card({ pipelines }: Shown, viewer: Viewer, version: DecidedVersion): Html {
  const { pipeline, pipelineVersion, newest } = version;
  const isApproved = newest?.decision === 'approved';
  return html`<section class="card approval"><h2>${pipelines.get(pipeline)?.title ?? pipeline} ${pipelineVersion}</h2>
<p>${
    newest === undefined
      ? html`<strong>Not approved.</strong> <span class="muted">Nobody has decided on it yet.</span>`
      : html`<strong class="${isApproved ? '' : 'is-warning'}">${isApproved ? 'Approved' : 'Withdrawn'}</strong> by ${newest.author}, ${moment(newest.decidedAt)}: <span class="reason">${newest.reason}</span>`
  }</p>
${version.mayDecide ? decision(viewer, version, isApproved) : ''}</section>`;
}

function decision(viewer: Viewer, { pipeline, pipelineVersion, id }: DecidedVersion, isApproved: boolean): Html {
  const field = `reason-${id}`;
  return html`<details><summary>${isApproved ? 'Withdraw the approval' : 'Approve it'}</summary>
<form method="post" action="/approvals">
<input type="hidden" name="form-token" value="${viewer.formToken}">
<input type="hidden" name="id" value="${id}">
<input type="hidden" name="pipeline" value="${pipeline}">
<input type="hidden" name="pipelineVersion" value="${pipelineVersion}">
<div class="question"><label for="${field}">Reason<span class="required"> (required)</span></label>
<p class="help">${isApproved ? 'What has gone wrong? Nothing more of this version goes to clinical receivers.' : 'Whose decision is it, and on what evidence?'} No names or numbers of patients.</p>
<textarea id="${field}" name="reason" rows="2" maxlength="2000" required></textarea></div>
<div class="actions"><button class="primary" name="decision" value="${isApproved ? 'withdrawn' : 'approved'}">${isApproved ? 'Withdraw' : 'Approve'} version ${pipelineVersion}</button></div>
</form></details>`;
}

function history({ pipelines }: Shown, approvals: readonly Approval[]): Html | string {
  if (approvals.length === 0) return '';
  return html`<section class="card"><h2>All decisions</h2><div class="scroll"><table>
<thead><tr><th scope="col">When</th><th scope="col">Pipeline</th><th scope="col">Decision</th><th scope="col">By</th><th scope="col">Reason</th></tr></thead>
<tbody>${approvals.map(
    (
      one,
    ) => html`<tr><td>${moment(one.decidedAt)}</td><td>${pipelines.get(one.pipeline)?.title ?? one.pipeline} ${one.pipelineVersion}</td>
<td>${one.decision === 'approved' ? 'Approved' : 'Withdrawn'}</td><td>${one.author}</td><td>${one.reason}</td></tr>`,
  )}</tbody></table></div></section>`;
}
