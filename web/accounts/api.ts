import { z } from 'zod';
import { ProblemError } from '../../lib/platform/problem.ts';
import { Right, Role } from '../../schemas/rights.ts';
import { Instant, Slug } from '../../schemas/scalars.ts';
import { jsonBody, notFound, parseOrRefuse } from '../api/parse.ts';
import { record } from '../audit/audit.ts';
import { everyEvaluation, type WebContext } from '../parts.ts';
import { AccountName, createAccount, findAccount, listAccounts, setDisabled } from './accounts.ts';
import { setRoles } from './grants.ts';
import { requireOthers, setPassword } from './manage.ts';
import { LONGEST_PASSWORD, SHORTEST_PASSWORD } from './password.ts';
import { may, requireRight } from './rights.ts';
import { endSessionsOf } from './sessions.ts';

const GrantBody = z.strictObject({
  role: Role,
  /** Name of the evaluation; null: all of them. */
  evaluation: Slug.nullable().default(null),
});
const GrantView = z.object({ role: Role, evaluation: z.string().nullable() });

/** Answer of `GET /api/v1/me`. */
export const Me = z.object({
  name: z.string(),
  grants: z.array(GrantView),
  /** What they, or the token they use, may for any evaluation at all. */
  rights: z.array(Right),
});

/** An account as the API has it. */
export const AccountView = z.object({
  name: z.string(),
  origin: z.enum(['local', 'directory']),
  createdAt: Instant,
  /** Null: may sign in. */
  disabledAt: Instant.nullable(),
  /** `origin`: a person gave it, or a group of the directory. */
  grants: z.array(GrantView.extend({ origin: z.enum(['person', 'directory']) })),
});

/** Answer of `GET /api/v1/accounts`. */
export const AccountList = z.object({ accounts: z.array(AccountView) });

/** Body of `POST /api/v1/accounts`. */
export const AccountSubmission = z.strictObject({
  name: AccountName,
  password: z.string().min(SHORTEST_PASSWORD).max(LONGEST_PASSWORD),
  grants: z.array(GrantBody).max(100).default([]),
});

/** Body of `PUT /api/v1/accounts/<name>/grants`. */
export const GrantsSubmission = z.strictObject({ grants: z.array(GrantBody).max(100) });

/** Body of `PUT /api/v1/accounts/<name>/disabled`. */
export const DisabledSubmission = z.strictObject({ disabled: z.boolean() });

/** Body of `PUT /api/v1/accounts/<name>/password`. */
export const PasswordSubmission = z.strictObject({
  password: z.string().min(SHORTEST_PASSWORD).max(LONGEST_PASSWORD),
});

/** `GET /api/v1/me`: who asks */
export function getMe(c: WebContext) {
  const { person } = c.var;
  const grants = person.grants.map(({ role, evaluation }) => ({ role, evaluation }));
  const rights = Right.options.filter((right) => may(person, right));
  return c.json({ name: person.name, grants, rights } satisfies z.infer<typeof Me>);
}

/** `GET /api/v1/accounts` */
export async function getAccountList(c: WebContext) {
  requireRight(c, 'manage-accounts');
  const accounts = await listAccounts(c.var.parts.database);
  return c.json({ accounts: accounts.map(viewOf) } satisfies z.infer<typeof AccountList>);
}

/** `POST /api/v1/accounts`: a local account, with its roles */
export async function postAccountSubmission(c: WebContext) {
  requireRight(c, 'manage-accounts');
  const { parts, person } = c.var;
  const body = await bodyAs(c, AccountSubmission);
  requireKnown(c, body.grants);
  await createAccount(parts.database, { ...body, by: person.name, now: parts.now() });
  await record(parts.database, { actor: person.name, action: 'account-made', subject: body.name, at: parts.now() });
  return c.json(await accountView(c, body.name), 201);
}

/** `PUT /api/v1/accounts/<name>/grants`: these are the roles that a person gives them, and no others */
export async function putGrants(c: WebContext) {
  const { parts, person } = c.var;
  const name = await requireOthers(c);
  const { grants } = await bodyAs(c, GrantsSubmission);
  requireKnown(c, grants);
  const change = { account: name, origin: 'person', given: grants, by: person.name, now: parts.now() } as const;
  await setRoles(parts.database.db, change);
  return c.json(await accountView(c, name));
}

/** `PUT /api/v1/accounts/<name>/disabled` */
export async function putDisabled(c: WebContext) {
  const { parts, person } = c.var;
  const name = await requireOthers(c);
  const { disabled } = await bodyAs(c, DisabledSubmission);
  await setDisabled(parts.database, name, disabled ? parts.now() : null);
  if (disabled) await endSessionsOf(parts.database, name);
  const action = disabled ? 'account-disabled' : 'account-enabled';
  await record(parts.database, { actor: person.name, action, subject: name, at: parts.now() });
  return c.json(await accountView(c, name));
}

/** `PUT /api/v1/accounts/<name>/password`: another one, for who has forgotten theirs; their sessions end */
export async function putPassword(c: WebContext) {
  const name = await requireOthers(c);
  const { password } = await bodyAs(c, PasswordSubmission);
  await setPassword(c, name, password);
  return c.json(await accountView(c, name));
}

async function bodyAs<Schema extends z.ZodType>(c: WebContext, schema: Schema): Promise<z.output<Schema>> {
  return parseOrRefuse(schema, await jsonBody(c), { status: 422, title: 'Not accepted' });
}

/** @throws {ProblemError} 422: one is for an evaluation that there is not */
function requireKnown(c: WebContext, grants: readonly z.output<typeof GrantBody>[]): void {
  const known = new Set(everyEvaluation(c.var.parts).map(({ name }) => name));
  const unknown = grants.find(({ evaluation }) => evaluation !== null && !known.has(evaluation));
  if (unknown === undefined) return;
  throw new ProblemError(422, 'Not accepted', `There is no evaluation ${unknown.evaluation}.`);
}

async function accountView(c: WebContext, name: string): Promise<z.infer<typeof AccountView>> {
  const found = await findAccount(c.var.parts.database, name);
  if (found === undefined) throw notFound('account');
  return viewOf(found);
}

type Found = Awaited<ReturnType<typeof listAccounts>>[number];

function viewOf({ createdAt, disabledAt, ...account }: Found): z.infer<typeof AccountView> {
  return { ...account, createdAt: createdAt.toISOString(), disabledAt: disabledAt?.toISOString() ?? null };
}
