import { html } from 'hono/html';
import { SHORTEST_PASSWORD } from '../accounts/password.ts';
import type { Parts } from '../parts.ts';
import { type Html, layout, moment, type Viewer } from './layout.ts';

interface AccountRow {
  readonly name: string;
  readonly role: string;
  readonly createdAt: Date;
  readonly disabledAt: Date | null;
}

/** `/account`: one's own password. */
export function accountPage(
  parts: Pick<Parts, 'assets' | 'site'>,
  viewer: Viewer,
  { refusal, changed }: { refusal?: string | undefined; changed: boolean },
): Html {
  return layout({
    parts,
    viewer,
    title: 'Your account',
    body: html`<section class="card sign-in"><h1>Your account</h1>
<p>Signed in as <strong>${viewer.person?.name}</strong> (${viewer.person?.role}).</p>
<h2>Change the password</h2>
${changed ? html`<p class="notice" role="status">The password is changed. Other browsers in which you were signed in are signed out.</p>` : ''}
${refusal === undefined ? '' : html`<p class="notice is-failed" role="alert">${refusal}</p>`}
<form method="post" action="/account/password">
<input type="hidden" name="form-token" value="${viewer.formToken}">
<input type="hidden" name="username" value="${viewer.person?.name}" autocomplete="username">
<label>Present password <input type="password" name="present" autocomplete="current-password" required></label>
<label>New password, at least ${SHORTEST_PASSWORD} characters <input type="password" name="password" autocomplete="new-password" minlength="${SHORTEST_PASSWORD}" maxlength="200" required></label>
<label>New password again <input type="password" name="again" autocomplete="new-password" minlength="${SHORTEST_PASSWORD}" maxlength="200" required></label>
<button class="primary">Change</button>
</form></section>`,
  });
}

/** `/accounts`: who may sign in; for administrators. */
export function accountsPage(
  parts: Pick<Parts, 'assets' | 'site'>,
  viewer: Viewer,
  { accounts, refusal }: { accounts: readonly AccountRow[]; refusal?: string | undefined },
): Html {
  return layout({
    parts,
    viewer,
    title: 'Accounts',
    body: html`<div class="page-title"><h1>Accounts</h1></div>
<div class="scroll"><table><thead><tr><th scope="col">Name</th><th scope="col">Role</th><th scope="col">Made</th><th scope="col">State</th><th scope="col"><span class="skip">Change</span></th></tr></thead>
<tbody>${accounts.map((account) => row(account, viewer))}</tbody></table></div>
<section class="card sign-in"><h2>New account</h2>
${refusal === undefined ? '' : html`<p class="notice is-failed" role="alert">${refusal}</p>`}
<form method="post" action="/accounts" autocomplete="off">
<input type="hidden" name="form-token" value="${viewer.formToken}">
<label>Name <input name="name" maxlength="40" autocapitalize="none" spellcheck="false" required></label>
<label>Role <select name="role" required><option value="">Choose</option><option value="reader">reader: sees results, answers forms</option><option value="administrator">administrator: also retries runs, makes accounts</option></select></label>
<label>First password, at least ${SHORTEST_PASSWORD} characters <input type="password" name="password" autocomplete="new-password" minlength="${SHORTEST_PASSWORD}" maxlength="200" required></label>
<button class="primary">Make the account</button>
</form></section>`,
  });
}

function row({ name, role, createdAt, disabledAt }: AccountRow, viewer: Viewer): Html {
  return html`<tr><th scope="row">${name}</th><td>${role}</td><td>${moment(createdAt.toISOString())}</td>
<td>${disabledAt === null ? 'may sign in' : html`disabled ${moment(disabledAt.toISOString())}`}</td>
<td>${
    name === viewer.person?.name
      ? html`<span class="muted">you</span>`
      : html`<form method="post" action="/accounts/${name}/${disabledAt === null ? 'disable' : 'enable'}"><input type="hidden" name="form-token" value="${viewer.formToken}"><button class="quiet">${disabledAt === null ? 'Disable' : 'Enable'}</button></form>`
  }</td></tr>`;
}
