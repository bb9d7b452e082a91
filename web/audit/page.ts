import { html } from 'hono/html';
import { type Html, layout, moment, type Viewer } from '../pages/layout.ts';
import type { Parts } from '../parts.ts';
import { AUDIT_ACTIONS } from './audit.ts';
import type { AuditEntry } from './search.ts';

export interface AuditPage {
  /** Newest first. */
  readonly entries: readonly AuditEntry[];
  /** The query as it was sent. */
  readonly asked: Readonly<Record<string, string>>;
  /** `before` of the next page; null where this is the last. */
  readonly next: number | null;
  /** Whether entries of every evaluation are shown. */
  readonly all: boolean;
}

/** `/audit`: who did and saw what. */
export function auditPage(parts: Pick<Parts, 'assets' | 'site' | 'blinded'>, viewer: Viewer, page: AuditPage): Html {
  const { entries, asked, next, all } = page;
  const { before, ...filter } = asked;
  const query = (more: Record<string, string> = {}) => new URLSearchParams({ ...filter, ...more }).toString();
  return layout({
    parts,
    viewer,
    title: 'Audit',
    body: html`<div class="page-title"><h1>Audit</h1><a class="button" href="/audit.csv?${query()}">Export as CSV</a></div>
<p class="muted">Who did and saw what. Entries are only ever added; the database refuses to change them.${all ? '' : ' You see those of your evaluations.'}</p>
${filters(asked)}
${entries.length === 0 ? html`<section class="message"><h2>Nothing found</h2><p>No entry matches.</p></section>` : table(parts, entries)}
<p>${before === undefined ? '' : html`<a href="/audit?${query()}">Newest</a> `}${next === null ? '' : html`<a class="button" href="/audit?${query({ before: String(next) })}">Older</a>`}</p>`,
  });
}

function filters(asked: Readonly<Record<string, string>>): Html {
  return html`<form class="filters" method="get" action="/audit">
<label>Person <input name="actor" value="${asked.actor ?? ''}" maxlength="60" autocapitalize="none" spellcheck="false"></label>
<label>Action <select name="action"><option value="">All</option>${AUDIT_ACTIONS.map((action) => html`<option${action === asked.action ? html` selected` : ''}>${action}</option>`)}</select></label>
<label>Subject <input name="subject" value="${asked.subject ?? ''}" maxlength="200" placeholder="run, exam" spellcheck="false"></label>
<label>From (UTC) <input type="date" name="from" value="${asked.from ?? ''}"></label>
<label>To (UTC) <input type="date" name="to" value="${asked.to ?? ''}"></label>
<button>Show</button>
</form>`;
}

function table({ blinded }: Pick<Parts, 'blinded'>, entries: readonly AuditEntry[]): Html {
  return html`<div class="scroll"><table><thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">Did</th><th scope="col">To what</th><th scope="col">Detail</th></tr></thead>
<tbody>${entries.map(
    ({
      at,
      actor,
      action,
      subject,
      detail,
      evaluation,
    }) => html`<tr><td class="number">${moment(at)}</td><td>${actor}</td>
<td>${action}</td><td>${subjectLink(subject, { isCopy: action === 'copy-viewed' || blinded.has(evaluation ?? '') })}</td>
<td>${detail ?? ''} ${evaluation === null ? '' : html`<span class="muted">${evaluation}</span>`}</td></tr>`,
  )}</tbody></table></div>`;
}

/** The way to a run or an exam; it says no more than its beginning or end. A blinded copy has no page for all who read this. */
function subjectLink(subject: string, { isCopy }: { readonly isCopy: boolean }): Html {
  const [, run, kind = ''] = /^([0-9a-f]{64})(\/\w+)?$/.exec(subject) ?? [];
  if (run !== undefined && isCopy) return html`copy ${run.slice(0, 12)}`;
  if (run !== undefined) return html`<a href="/runs/${run}">run ${run.slice(0, 12)}</a>${kind}`;
  if (/^[0-9.]{10,64}$/.test(subject)) return html`<a href="/studies/${subject}">exam …${subject.slice(-12)}</a>`;
  return html`${subject}`;
}
