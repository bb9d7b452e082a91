import { z } from 'zod';
import { ProblemError } from '../../lib/platform/problem.ts';
import { notFound } from '../api/parse.ts';
import { record } from '../audit/audit.ts';
import { viewerOf } from '../pages/layout.ts';
import { everyEvaluation, type WebContext } from '../parts.ts';
import { changePassword, checkPassword, findAccount } from './accounts.ts';
import { requireFormToken } from './gate.ts';
import { beginSignIn, signInSucceeded } from './lockout.ts';
import { accountPage, type OwnAccount } from './own-page.ts';
import { countSessions, endSessionsOf } from './sessions.ts';
import { openSession } from './sign-in.ts';
import { listTokens, makeToken, revokeToken, TokenWish } from './tokens.ts';

/** `GET /account`: one's own roles, password and tokens */
export async function getAccount(c: WebContext) {
  const has = (name: string) => c.req.query(name) !== undefined;
  return c.html(await page(c, { passwordChanged: has('changed'), signedOutElsewhere: has('elsewhere') }));
}

/** `POST /account/password`: needs the present one, ends every other session. */
export async function postPassword(c: WebContext) {
  const { parts, person } = c.var;
  const { database, now } = parts;
  const form = await c.req.parseBody();
  requireFormToken(c, form['form-token']);
  const { password, again, present } = z
    .object({ password: z.string().default(''), again: z.string().default(''), present: z.string().default('') })
    .parse(form);
  const refuse = async (passwordRefusal: string) => c.html(await page(c, { passwordRefusal }), 422);
  if ((await findAccount(database, person.name))?.origin !== 'local') {
    return refuse('Your password is that of the hospital’s directory: change it there.');
  }
  if (password !== again) return refuse('The two new passwords are not the same.');
  const address = c.var.address ?? '';
  if ((await beginSignIn(database, person.name, address, now())) > 0) {
    return refuse('Too many failed tries. Wait a minute, then try again.');
  }
  if ((await checkPassword(database, person.name, present)) === undefined) {
    return refuse('The present password is not right.');
  }
  await signInSucceeded(database, person.name, address);
  try {
    await changePassword(database, person.name, password);
  } catch (error) {
    if (error instanceof ProblemError) return refuse(error.message);
    throw error;
  }
  await endSessionsOf(database, person.name);
  await openSession(c, person.name);
  await record(database, { actor: person.name, action: 'password-changed', subject: person.name, at: now() });
  return c.redirect('/account?changed', 303);
}

/** `POST /account/sessions/end`: signs the person out everywhere but here. */
export async function postEndSessions(c: WebContext) {
  const { parts, person } = c.var;
  const { 'form-token': token } = await c.req.parseBody();
  requireFormToken(c, token);
  await endSessionsOf(parts.database, person.name);
  await openSession(c, person.name);
  await record(parts.database, { actor: person.name, action: 'sessions-ended', subject: person.name, at: parts.now() });
  return c.redirect('/account?elsewhere', 303);
}

/** `POST /account/tokens`: makes one; this answer alone shows it. */
export async function postToken(c: WebContext) {
  const { parts, person } = c.var;
  const form = await c.req.parseBody({ all: true });
  requireFormToken(c, form['form-token']);
  const { label, rights, evaluation, days } = form;
  const wish = TokenWish.safeParse({
    ...{ label, days },
    rights: [rights ?? []].flat(),
    evaluation: evaluation === '*' ? null : evaluation,
  });
  if (!wish.success) {
    const tokenRefusal = wish.error.issues[0]?.message ?? 'Fill in the form.';
    return c.html(await page(c, { tokenRefusal }), 422);
  }
  try {
    const madeToken = await makeToken(parts.database, person, wish.data, parts.now());
    return c.html(await page(c, { madeToken }), 201);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return c.html(await page(c, { tokenRefusal: error.message }), error.problem.status === 409 ? 409 : 422);
  }
}

/** `POST /account/tokens/<id>/revoke` */
export async function postRevoke(c: WebContext) {
  const { parts, person } = c.var;
  const { 'form-token': token } = await c.req.parseBody();
  requireFormToken(c, token);
  const id = z.uuid().safeParse(c.req.param('id'));
  const isGone = id.success && (await revokeToken(parts.database, person.name, id.data, parts.now()));
  if (!isGone) throw notFound('token');
  return c.redirect('/account#tokens', 303);
}

async function page(c: WebContext, told: OwnAccount['told']) {
  const { parts, person } = c.var;
  const [account, tokens, sessions] = await Promise.all([
    findAccount(parts.database, person.name),
    listTokens(parts.database, person.name),
    countSessions(parts.database, person.name, { now: parts.now(), limits: parts.sessions }),
  ]);
  const shown = {
    isLocal: account?.origin === 'local',
    sessions,
    tokens,
    evaluations: everyEvaluation(parts),
    now: parts.now(),
    told,
  };
  return accountPage(parts, viewerOf(c), shown);
}
