import { html } from 'hono/html';
import type { Evaluation } from '../../schemas/evaluation.ts';
import { Right } from '../../schemas/rights.ts';
import { type Html, layout, moment, type Viewer } from '../pages/layout.ts';
import type { Parts } from '../parts.ts';
import { SHORTEST_PASSWORD } from './password.ts';
import { may, RIGHT_WORDS, ROLE_WORDS } from './rights.ts';
import { type ListedToken, stateOf } from './tokens.ts';

export interface OwnAccount {
  /** Whether the password is kept here, not in the hospital's directory. */
  readonly isLocal: boolean;
  /** Browsers in which one is signed in, this one too. */
  readonly sessions: number;
  readonly tokens: readonly ListedToken[];
  readonly evaluations: readonly Evaluation[];
  readonly now: Date;
  /** What became of what was just asked for. */
  readonly told: {
    readonly passwordChanged?: boolean;
    readonly signedOutElsewhere?: boolean;
    readonly passwordRefusal?: string;
    readonly tokenRefusal?: string;
    /** Shown this once. */
    readonly madeToken?: string;
  };
}

/** `/account`: what one is, one's password, one's tokens. */
export function accountPage(parts: Pick<Parts, 'assets' | 'site'>, viewer: Viewer, account: OwnAccount): Html {
  return layout({
    parts,
    viewer,
    title: 'Your account',
    body: html`<div class="page-title"><h1>Your account</h1></div>
<section class="card entry"><h2>Signed in as ${viewer.person?.name}</h2>${roles(viewer)}${elsewhere(viewer, account)}</section>
${password(viewer, account)}
${tokens(viewer, account)}`,
  });
}

/** Where else one is signed in, and the way out of there. */
function elsewhere({ formToken }: Viewer, { sessions, told }: OwnAccount): Html {
  const others = sessions - 1;
  if (told.signedOutElsewhere === true && others < 1) {
    return html`<p class="notice" role="status">You are signed in here only.</p>`;
  }
  if (others < 1) return html``;
  return html`<form class="aside" method="post" action="/account/sessions/end"><input type="hidden" name="form-token" value="${formToken}">
<p>You are signed in with ${others === 1 ? 'another browser' : `${others} other browsers`} too. <button class="quiet">Sign out everywhere else</button></p></form>`;
}

/** What one is, and for which evaluation. */
function roles({ person }: Viewer): Html {
  if (person === undefined || person.grants.length === 0)
    return html`<p>You have no role yet. Ask an administrator for one.</p>`;
  return html`<ul>${person.grants.map(({ role, evaluation }) => html`<li>${ROLE_WORDS[role]} (${evaluation ?? 'all evaluations'})</li>`)}</ul>`;
}

function password(viewer: Viewer, { isLocal, told }: OwnAccount): Html {
  if (!isLocal) {
    return html`<section class="card entry"><h2>Password</h2>
${refused(told.passwordRefusal)}
<p>Your password is that of the hospital’s directory; it is changed there.</p></section>`;
  }
  return html`<section class="card entry"><h2>Change the password</h2>
${told.passwordChanged === true ? html`<p class="notice" role="status">The password is changed. Other browsers in which you were signed in are signed out.</p>` : ''}
${refused(told.passwordRefusal)}
<form method="post" action="/account/password">
<input type="hidden" name="form-token" value="${viewer.formToken}">
<input type="hidden" name="username" value="${viewer.person?.name}" autocomplete="username">
<label>Present password <input type="password" name="present" autocomplete="current-password" required></label>
<label>New password, at least ${SHORTEST_PASSWORD} characters <input type="password" name="password" autocomplete="new-password" minlength="${SHORTEST_PASSWORD}" maxlength="200" required></label>
<label>New password again <input type="password" name="again" autocomplete="new-password" minlength="${SHORTEST_PASSWORD}" maxlength="200" required></label>
<button class="primary">Change</button>
</form></section>`;
}

function tokens(viewer: Viewer, account: OwnAccount): Html {
  const { told, tokens: rows } = account;
  return html`<section class="card entry is-wide" id="tokens"><h2>API tokens</h2>
<p>With a token a program uses the API in your name, within the rights chosen here: <code>Authorization: Bearer TOKEN</code>.</p>
${refused(told.tokenRefusal)}
${
  told.madeToken === undefined
    ? ''
    : html`<div class="notice" role="status"><p>The token is made. Copy it now: it is not shown again.</p>
<p><code class="token">${told.madeToken}</code></p></div>`
}
${
  rows.length === 0
    ? html`<p class="muted">You have none.</p>`
    : html`<div class="scroll"><table><thead><tr><th scope="col">For</th><th scope="col">Rights</th><th scope="col">Made</th><th scope="col">Expires</th><th scope="col">Last used</th><th scope="col">State</th></tr></thead>
<tbody>${rows.map((row) => tokenRow(row, viewer, account.now))}</tbody></table></div>`
}
${tokenForm(viewer, account)}</section>`;
}

function tokenRow(token: ListedToken, viewer: Viewer, now: Date): Html {
  const { id, label, rights, evaluation, createdAt, expiresAt, usedAt } = token;
  const state = stateOf(token, now);
  return html`<tr><th scope="row">${label}</th><td>${rights.join(', ')} <span class="muted">${evaluation ?? 'all evaluations'}</span></td>
<td>${moment(createdAt.toISOString())}</td><td>${moment(expiresAt.toISOString())}</td><td>${usedAt === null ? 'never' : moment(usedAt.toISOString())}</td>
<td>${
    state === 'valid'
      ? html`<form method="post" action="/account/tokens/${id}/revoke"><input type="hidden" name="form-token" value="${viewer.formToken}"><button class="quiet" aria-label="Revoke the token ${label}">Revoke</button></form>`
      : state
  }</td></tr>`;
}

function tokenForm({ person, formToken }: Viewer, { evaluations }: OwnAccount): Html {
  const own = Right.options.filter((right) => person !== undefined && may(person, right));
  if (own.length === 0) return html``;
  return html`<h3>New token</h3>
<form method="post" action="/account/tokens#tokens" autocomplete="off">
<input type="hidden" name="form-token" value="${formToken}">
<label>What it is for <input name="label" maxlength="80" required></label>
<fieldset><legend>Rights</legend>${own.map((right) => html`<label class="check"><input type="checkbox" name="rights" value="${right}"> <span>${right}<span class="second">${RIGHT_WORDS[right]}</span></span></label>`)}</fieldset>
<label>For <select name="evaluation"><option value="*">all evaluations</option>${evaluations.map(({ name, title }) => html`<option value="${name}">${title}</option>`)}</select></label>
<label>Expires after <select name="days"><option value="7">a week</option><option value="30" selected>30 days</option><option value="90">90 days</option><option value="365">a year</option></select></label>
<button class="primary">Make the token</button>
</form>`;
}

function refused(why: string | undefined): Html {
  return why === undefined ? html`` : html`<p class="notice is-failed" role="alert">${why}</p>`;
}
