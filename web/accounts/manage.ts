import { ProblemError } from '../../lib/platform/problem.ts';
import { notFound } from '../api/parse.ts';
import { type AuditAction, record } from '../audit.ts';
import { accountPage, accountsPage } from '../pages/accounts.ts';
import { viewerOf } from '../pages/layout.ts';
import type { WebContext } from '../parts.ts';
import { themeOf } from '../theme.ts';
import {
  AccountName,
  changePassword,
  checkPassword,
  createAccount,
  listAccounts,
  Role,
  setDisabled,
} from './accounts.ts';
import { requireAdministrator, requireFormToken } from './gate.ts';
import { openSession } from './handlers.ts';
import { beginSignIn, signInSucceeded } from './lockout.ts';
import { endSessionsOf } from './sessions.ts';

/** `GET /account` */
export function getAccount(c: WebContext) {
  return c.html(accountPage(c.var.parts, viewerOf(c, themeOf(c)), { changed: c.req.query('changed') !== undefined }));
}

/** `POST /account/password`: needs the present one, ends every other session. */
export async function postPassword(c: WebContext) {
  const { parts, person } = c.var;
  const form = await textFields(c);
  requireFormToken(c, form['form-token']);
  const refuse = (refusal: string) =>
    c.html(accountPage(parts, viewerOf(c, themeOf(c)), { refusal, changed: false }), 422);
  if (form.password !== form.again) return refuse('The two new passwords are not the same.');
  const address = c.var.address ?? '';
  if ((await beginSignIn(parts.database, person.name, address, parts.now())) > 0) {
    return refuse('Too many failed tries. Wait a minute, then try again.');
  }
  if ((await checkPassword(parts.database, person.name, form.present ?? '')) === undefined) {
    return refuse('The present password is not right.');
  }
  await signInSucceeded(parts.database, person.name, address, parts.now());
  try {
    await changePassword(parts.database, person.name, form.password ?? '');
  } catch (error) {
    if (error instanceof ProblemError) return refuse(error.message);
    throw error;
  }
  await endSessionsOf(parts.database, person.name);
  await openSession(c, person.name);
  await note(c, 'password-changed', person.name);
  return c.redirect('/account?changed', 303);
}

/** `GET /accounts` */
export async function getAccounts(c: WebContext) {
  requireAdministrator(c.var.person);
  const accounts = await listAccounts(c.var.parts.database);
  return c.html(accountsPage(c.var.parts, viewerOf(c, themeOf(c)), { accounts }));
}

/** `POST /accounts` */
export async function postAccount(c: WebContext) {
  const { parts } = c.var;
  requireAdministrator(c.var.person);
  const form = await textFields(c);
  requireFormToken(c, form['form-token']);
  const refuse = async (refusal: string, status: 409 | 422) => {
    const accounts = await listAccounts(parts.database);
    return c.html(accountsPage(parts, viewerOf(c, themeOf(c)), { accounts, refusal }), status);
  };
  const name = AccountName.safeParse(form.name);
  const role = Role.safeParse(form.role);
  if (!name.success) return refuse(name.error.issues[0]?.message ?? 'The name is not valid.', 422);
  if (!role.success) return refuse('Choose a role.', 422);
  try {
    const account = { name: name.data, password: form.password ?? '', role: role.data, now: parts.now() };
    await createAccount(parts.database, account);
  } catch (error) {
    if (error instanceof ProblemError) return refuse(error.message, error.problem.status === 409 ? 409 : 422);
    throw error;
  }
  await note(c, 'account-made', name.data);
  return c.redirect('/accounts', 303);
}

/** `POST /accounts/<name>/disable` and `/enable` */
export async function postDisabled(c: WebContext) {
  const { parts, person } = c.var;
  requireAdministrator(person);
  const form = await textFields(c);
  requireFormToken(c, form['form-token']);
  const name = AccountName.safeParse(c.req.param('name'));
  const action = c.req.param('action');
  if (!name.success || (action !== 'disable' && action !== 'enable')) throw notFound('account');
  if (name.data === person.name) {
    throw new ProblemError(
      409,
      'Your own account',
      'Another administrator must do this: nobody can shut themselves out.',
    );
  }
  await setDisabled(parts.database, name.data, action === 'disable' ? parts.now() : null);
  if (action === 'disable') await endSessionsOf(parts.database, name.data);
  await note(c, action === 'disable' ? 'account-disabled' : 'account-enabled', name.data);
  return c.redirect('/accounts', 303);
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
