import { html } from 'hono/html';
import type { Evaluation } from '../../schemas/evaluation.ts';
import { type Html, layout, type Viewer } from '../pages/layout.ts';
import type { Parts } from '../parts.ts';
import type { ReadersView } from './readers.ts';

export interface ReadersPage {
  readonly evaluation: Evaluation;
  readonly view: ReadersView;
  /** What was done, or why nothing was. */
  readonly notice?: { readonly text: string; readonly failed: boolean } | undefined;
}

/** `/evaluations/<name>/readers`: who reads what, and a way to give it to others. */
export function readersPage(
  parts: Pick<Parts, 'assets' | 'site'>,
  viewer: Viewer,
  { evaluation, view, notice }: ReadersPage,
): Html {
  const { name, title } = evaluation;
  return layout({
    parts,
    viewer,
    title: `${title}: readers`,
    body: html`<div class="page-title"><h1>${title}: readers</h1><p class="muted"><a href="/evaluations/${name}">Report</a></p></div>
${notice === undefined ? '' : html`<p class="notice${notice.failed ? ' is-failed' : ''}" role="${notice.failed ? 'alert' : 'status'}">${notice.text}</p>`}
<p>${assignmentWords(view)}</p>
${view.readers.length === 0 ? html`<p class="muted">Nobody has the role reader in this evaluation yet.</p>` : table(view)}
${giveAway(view, viewer)}`,
  });
}

const WORDS: Readonly<Record<ReadersView['assignment'], (count: ReadersView['readersPerCase']) => string>> = {
  all: () => 'Every reader reads every exam: nothing is given out.',
  balanced: (count) =>
    `Each exam is read by ${count === 1 ? 'one reader' : `${count} readers`}: those with the fewest exams, and by lot where these are equal. It is given out when it is ready.`,
  random: (count) =>
    `Each exam is read by ${count === 1 ? 'one reader' : `${count} readers`}, drawn by lot alone. It is given out when it is ready.`,
};

/** Who reads what, as a sentence. */
export function assignmentWords({ assignment, readersPerCase }: Pick<ReadersView, 'assignment' | 'readersPerCase'>) {
  return WORDS[assignment](readersPerCase);
}

function table({ readers }: ReadersView): Html {
  const arms = [...new Set(readers.flatMap((one) => one.arms.map(({ arm }) => arm)))];
  const count = (exams: { readonly given: number; readonly unread: number } | null | undefined) =>
    html`<td class="number">${exams?.given ?? 'all'}</td><td class="number">${exams?.unread ?? '–'}</td>`;
  const heads = arms.flatMap((arm) => [`${arm}: exams`, 'not read yet']);
  return html`<div class="scroll"><table class="figures"><thead><tr>${['Reader', 'Exams', 'Not read yet', ...heads].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${readers.map(
    (
      one,
    ) => html`<tr><th scope="row">${one.reader}${one.reads ? '' : html` <span class="second">reads here no more</span>`}</th>${count(one.exams)}
${arms.map((arm) => count(one.arms.find((share) => share.arm === arm)))}</tr>`,
  )}</tbody></table></div>`;
}

function giveAway({ evaluation, readers }: ReadersView, { formToken }: Viewer): Html | string {
  const holders = readers.filter(({ exams }) => (exams?.unread ?? 0) > 0);
  if (holders.length === 0) return '';
  return html`<section class="card entry"><h2>Give unread exams to others</h2>
<p class="muted">For somebody who is away. What a reader has sent anything of stays theirs. Who loses the role reader, or whose account is
disabled, is relieved of their unread exams without this.</p>
<form method="post" action="/evaluations/${evaluation}/readers" autocomplete="off">
<input type="hidden" name="form-token" value="${formToken}">
<label>From <select name="from" required><option value="">Choose</option>${holders.map(({ reader, exams }) => html`<option value="${reader}">${reader} (${exams?.unread})</option>`)}</select></label>
<label>To <select name="to"><option value="">the other readers, shared out</option>${readers.filter(({ reads }) => reads).map(({ reader }) => html`<option value="${reader}">${reader}</option>`)}</select></label>
<label>Reason, for the audit <input name="reason" maxlength="500" required></label>
<button class="primary">Give them away</button>
</form></section>`;
}
