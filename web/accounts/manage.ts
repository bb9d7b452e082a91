import { ProblemError } from '../../lib/platform/problem.ts';
import { Role } from '../../schemas/rights.ts';
import { notFound } from '../api/parse.ts';
import { type AuditAction, record } from '../audit/audit.ts';
import { viewerOf } from '../pages/layout.ts';
import { everyEvaluation, type WebContext } from '../parts.ts';
import { AccountName, changePassword, createAccount, findAccount, listAccounts, setDisabled } from './accounts.ts';
import { requireFormToken } from './gate.ts';
import { type Grant, giveRole, takeRole } from './grants.ts';
import { type AccountsPage, accountsPage } from './manage-page.ts';
import { requireRight } from './rights.ts';
import { endSessionsOf } from './sessions.ts';

/** `GET /accounts` */
export async function getAccounts(c: WebContext) {
  requireRight(c, 'manage-accounts');
  return c.html(await accounts(c, { isPasswordSet: c.req.query('password-set') !== undefined }));
}

/** `POST /accounts` */
export async function postAccount(c: WebContext) {
  const { parts, person } = c.var;
  requireRight(c, 'manage-accounts');
  const form = await textFields(c);
  requireFormToken(c, form['form-token']);
  const refuse = async (refusal: string, status: 409 | 422) => c.html(await accounts(c, { refusal }), status);
  const name = AccountName.safeParse(form.name);
  const grant = grantIn(c, form);
  if (!name.success) return refuse(name.error.issues[0]?.message ?? 'The name is not valid.', 422);
  if (grant === undefined) return refuse('Choose a role, and what it is for.', 422);
  try {
    const account = { name: name.data, password: form.password ?? '', ...grant, by: person.name, now: parts.now() };
    await createAccount(parts.database, account);
  } catch (error) {
    if (error instanceof ProblemError) return refuse(error.message, error.problem.status === 409 ? 409 : 422);
    throw error;
  }
  await note(c, 'account-made', name.data);
  return c.redirect('/accounts', 303);
}

/** `POST /accounts/<name>/disable` and `/enable` */
export function postDisabled(action: 'disable' | 'enable') {
  return async (c: WebContext) => {
    const { parts } = c.var;
    const { name } = await othersAccount(c);
    await setDisabled(parts.database, name, action === 'disable' ? parts.now() : null);
    if (action === 'disable') await endSessionsOf(parts.database, name);
    await note(c, action === 'disable' ? 'account-disabled' : 'account-enabled', name);
    return c.redirect('/accounts', 303);
  };
}

/** `POST /accounts/<name>/grant` and `/withdraw`: a role, for all evaluations or for one */
export function postGrant(action: 'grant' | 'withdraw') {
  return async (c: WebContext) => {
    const { parts, person } = c.var;
    const { name, form } = await othersAccount(c);
    const grant = grantIn(c, form);
    if (grant === undefined) return c.html(await accounts(c, { refusal: 'Choose a role, and what it is for.' }), 422);
    const change = { ...grant, account: name, by: person.name, now: parts.now() };
    await (action === 'grant' ? giveRole : takeRole)(parts.database.db, change);
    return c.redirect('/accounts', 303);
  };
}

/** `POST /accounts/<name>/password`: another one, for who has forgotten theirs */
export async function postNewPassword(c: WebContext) {
  const { name, form } = await othersAccount(c);
  try {
    await setPassword(c, name, form.password ?? '');
  } catch (error) {
    if (error instanceof ProblemError) return c.html(await accounts(c, { refusal: error.message }), 422);
    throw error;
  }
  return c.redirect('/accounts?password-set', 303);
}

/**
 * Gives somebody's local account another password: who knew the old one is signed out everywhere.
 *
 * @throws {ProblemError} 422: the account is the directory's, or the password is too short or too long
 */
export async function setPassword(c: WebContext, name: string, password: string): Promise<void> {
  const { database } = c.var.parts;
  if ((await findAccount(database, name))?.origin !== 'local') {
    const rule = `The password of ${name} is that of the hospital’s directory: it is changed there.`;
    throw new ProblemError(422, 'Not possible', rule);
  }
  await changePassword(database, name, password);
  await endSessionsOf(database, name);
  await note(c, 'password-set', name);
}

async function accounts(c: WebContext, told: Pick<AccountsPage, 'refusal' | 'isPasswordSet'>) {
  const { parts } = c.var;
  const rows = await listAccounts(parts.database);
  return accountsPage(parts, viewerOf(c), { accounts: rows, ...told });
}

/** The account of the address, which must be another than one's own, and the form that was sent for it. */
async function othersAccount(c: WebContext): Promise<{ name: string; form: Record<string, string> }> {
  requireRight(c, 'manage-accounts');
  const form = await textFields(c);
  requireFormToken(c, form['form-token']);
  return { name: await requireOthers(c), form };
}

/**
 * The name of the account of the address, which must be another than one's own.
 *
 * @throws {ProblemError} 403, 404, 409: one's own
 */
export async function requireOthers(c: WebContext): Promise<string> {
  const { parts, person } = c.var;
  requireRight(c, 'manage-accounts');
  const name = AccountName.safeParse(c.req.param('name'));
  const account = name.success ? await findAccount(parts.database, name.data) : undefined;
  if (account === undefined) throw notFound('account');
  if (account.name === person.name) {
    const rule = 'Another administrator must do this: nobody can shut themselves out, or give themselves a role.';
    throw new ProblemError(409, 'Your own account', rule);
  }
  return account.name;
}

/** The role of a form and the evaluation that it is for (`*`: all); undefined where one of them is not chosen. */
function grantIn(c: WebContext, { role, evaluation }: Record<string, string>): Grant | undefined {
  const chosen = Role.safeParse(role);
  if (!chosen.success) return undefined;
  if (evaluation === '*') return { role: chosen.data, evaluation: null };
  const known = everyEvaluation(c.var.parts).some(({ name }) => name === evaluation);
  // A grant for an evaluation that is no more must still be there to be taken.
  const isNamed = known || (evaluation !== undefined && c.req.path.endsWith('/withdraw'));
  return isNamed && evaluation !== undefined ? { role: chosen.data, evaluation } : undefined;
}

async function note(c: WebContext, action: AuditAction, subject: string): Promise<void> {
  const { parts, person } = c.var;
  await record(parts.database, { actor: person.name, action, subject, at: parts.now() });
}

async function textFields(c: WebContext): Promise<Record<string, string>> {
  const texts = Object.entries(await c.req.parseBody()).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(texts);
}
