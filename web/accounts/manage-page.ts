import { html } from 'hono/html';
import { Role } from '../../schemas/rights.ts';
import { whyNoReader } from '../blinded/readers.ts';
import { type Html, layout, moment, type Viewer } from '../pages/layout.ts';
import { everyEvaluation, type Parts } from '../parts.ts';
import type { HeldGrant } from './grants.ts';
import { SHORTEST_PASSWORD } from './password.ts';
import { may, mayReadBlinded, ROLE_WORDS } from './rights.ts';

interface AccountRow {
  readonly name: string;
  readonly origin: 'local' | 'directory';
  readonly grants: readonly HeldGrant[];
  readonly createdAt: Date;
  readonly disabledAt: Date | null;
}

/** `/accounts`: who may sign in, and what they are; for administrators. */
export function accountsPage(
  parts: Pick<Parts, 'assets' | 'site' | 'evaluations' | 'blinded' | 'pipelines'>,
  viewer: Viewer,
  { accounts, refusal, isPasswordSet = false }: AccountsPage,
): Html {
  return layout({
    parts,
    viewer,
    title: 'Accounts',
    body: html`<div class="page-title"><h1>Accounts</h1></div>
${isPasswordSet ? html`<p class="notice" role="status">The new password holds. Tell it to the person, who changes it under <em>Your account</em>; where they were signed in they are signed out.</p>` : ''}
${refusal === undefined ? '' : html`<p class="notice is-failed" role="alert">${refusal}</p>`}
<div class="scroll"><table><thead><tr><th scope="col">Name</th><th scope="col">Roles</th><th scope="col">Made</th><th scope="col">State</th><th scope="col"><span class="skip">Change</span></th></tr></thead>
<tbody>${accounts.map((account) => row(account, parts, viewer))}</tbody></table></div>
<section class="card entry"><h2>New account</h2>
<form method="post" action="/accounts" autocomplete="off">
<input type="hidden" name="form-token" value="${viewer.formToken}">
<label>Name <input name="name" maxlength="40" autocapitalize="none" spellcheck="false" required></label>
${roleFields(parts)}
<label>First password, at least ${SHORTEST_PASSWORD} characters <input type="password" name="password" autocomplete="new-password" minlength="${SHORTEST_PASSWORD}" maxlength="200" required></label>
<button class="primary">Make the account</button>
</form></section>`,
  });
}

export interface AccountsPage {
  readonly accounts: readonly AccountRow[];
  /** Why nothing was done. */
  readonly refusal?: string | undefined;
  /** Somebody was given a new password a moment ago. */
  readonly isPasswordSet?: boolean;
}

/** What roles are given for. */
type Evaluated = Pick<Parts, 'evaluations' | 'blinded' | 'pipelines'>;

function roleFields(parts: Evaluated): Html {
  return html`<label>Role <select name="role" required><option value="">Choose</option>${Role.options.map((role) => html`<option value="${role}">${ROLE_WORDS[role]}</option>`)}</select></label>
<label>For <select name="evaluation" required><option value="*">all evaluations</option>${everyEvaluation(parts).map(({ name, title }) => html`<option value="${name}">${title}</option>`)}</select></label>`;
}

function row(account: AccountRow, parts: Evaluated, viewer: Viewer): Html {
  const { name, origin, grants, createdAt, disabledAt } = account;
  const isOwn = name === viewer.person?.name;
  const token = html`<input type="hidden" name="form-token" value="${viewer.formToken}">`;
  return html`<tr><th scope="row">${name}${origin === 'directory' ? html` <span class="muted">directory</span>` : ''}</th>
<td><ul class="grants">${grants.map((grant) => html`<li>${heldGrant(account, grant, isOwn ? undefined : token)}</li>`)}</ul>
${sighted(account, parts)}
${
  isOwn
    ? ''
    : html`<details class="entry"><summary>Add a role</summary><form method="post" action="/accounts/${name}/grant">${token}${roleFields(parts)}
<button class="quiet">Add for ${name}</button></form></details>`
}${isOwn || origin === 'directory' ? '' : newPassword(name, token)}</td><td>${moment(createdAt.toISOString())}</td>
<td>${disabledAt === null ? 'may sign in' : html`disabled ${moment(disabledAt.toISOString())}`}</td>
<td>${
    isOwn
      ? html`<span class="muted">you</span>`
      : html`<form method="post" action="/accounts/${name}/${disabledAt === null ? 'disable' : 'enable'}">${token}<button class="quiet">${disabledAt === null ? 'Disable' : 'Enable'}</button></form>`
  }</td></tr>`;
}

/** For who has forgotten theirs. */
function newPassword(name: string, token: Html): Html {
  return html`<details class="entry"><summary>Set a new password</summary><form method="post" action="/accounts/${name}/password" autocomplete="off">${token}
<label>New password, at least ${SHORTEST_PASSWORD} characters <input type="password" name="password" autocomplete="new-password" minlength="${SHORTEST_PASSWORD}" maxlength="200" required></label>
<button class="quiet">Set for ${name}</button></form></details>`;
}

/** A reader who can see who made what, by another role, reads nothing blinded: said where the roles are given. */
function sighted({ name, grants }: AccountRow, parts: Evaluated): Html {
  const isReader = grants.some(({ role }) => role === 'reader');
  const person = { name, grants };
  const names = everyEvaluation(parts).map((evaluation) => evaluation.name);
  const there = names.filter((one) => {
    const blinded = parts.blinded.get(one);
    const can = blinded === undefined ? mayReadBlinded(person, one) : whyNoReader(parts, person, blinded) === undefined;
    return may(person, 'read', one) && !can;
  });
  if (!isReader || there.length === 0) return html``;
  const where = there.length === names.length ? 'anywhere' : `in ${there.join(', ')}`;
  return html`<span class="second">No blinded reader ${where}: what else they may see shows who made what.</span>`;
}

/** A role of an account, with the way to take it; one from the directory is taken there. */
function heldGrant({ name }: AccountRow, { role, evaluation, origin }: HeldGrant, token: Html | undefined): Html {
  const words = html`${role} <span class="muted">${evaluation ?? 'all evaluations'}</span>`;
  if (origin === 'directory') return html`${words} <span class="muted">by its group</span>`;
  if (token === undefined) return words;
  return html`${words} <form method="post" action="/accounts/${name}/withdraw">${token}<input type="hidden" name="role" value="${role}"><input type="hidden" name="evaluation" value="${evaluation ?? '*'}"><button class="quiet" aria-label="Withdraw the role ${role} (${evaluation ?? 'all evaluations'}) from ${name}">Withdraw</button></form>`;
}
