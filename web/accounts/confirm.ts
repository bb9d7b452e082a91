import type { Parts } from '../parts.ts';
import { findAccount, keepConfirmed, type Person } from './accounts.ts';
import { type Directory, DirectoryError } from './directory.ts';
import { setRoles } from './grants.ts';
import { endSessionsOf } from './sessions.ts';
import { endTokensOf, findTokenOwner, type TokenOwner } from './tokens.ts';

const DAY_MS = 24 * 60 * 60_000;

/** How long after its owner's last sign-in a token works where nobody can be looked up without their password. */
export const WITHOUT_LOOK_MS = 7 * DAY_MS;

/** How long a directory that cannot be asked is believed. */
export const AWAY_MS = DAY_MS;

/** How long a directory that could not be asked is left alone. */
const REST_MS = 60_000;

type Asking = Pick<Parts, 'database' | 'directory' | 'log' | 'now'>;
type Look = (name: string) => Promise<'known' | 'gone' | 'away'>;

interface Looks {
  /** Who asks while a person is being looked up waits for the same answer. */
  readonly underWay: Map<string, ReturnType<Look>>;
  /** When somebody was last found, epoch ms: who read the account before that was kept need not look again. */
  readonly foundAt: Map<string, number>;
  restsUntil: number;
}

const looks = new WeakMap<Directory, Looks>();

/**
 * In whose name a token acts; undefined where it is none, or where the directory knows its owner no more: then their tokens
 * and sessions end for good. Their roles follow their groups at each look.
 */
export async function findTokenPerson(parts: Asking, token: string): Promise<Person | undefined> {
  const owner = await findTokenOwner(parts.database, token, parts.now());
  if (owner === undefined) return undefined;
  const known = await isStillKnown(parts, owner);
  if (known === 'as-read') return owner.person;
  if (known === 'no') return undefined;
  const { grants = [] } = (await findAccount(parts.database, owner.person.name)) ?? {};
  return { ...owner.person, grants };
}

async function isStillKnown(
  parts: Asking,
  { person, origin, confirmedAt }: TokenOwner,
): Promise<'as-read' | 'read-again' | 'no'> {
  if (origin === 'local') return 'as-read';
  const age = confirmedAt === null ? Number.POSITIVE_INFINITY : parts.now().getTime() - confirmedAt.getTime();
  const { directory } = parts;
  if (directory?.look === undefined) return age <= WITHOUT_LOOK_MS ? 'as-read' : 'no';
  if (age <= directory.recheckMs) return 'as-read';
  switch (await lookUp(parts, directory, directory.look, person.name)) {
    case 'known':
      return 'read-again';
    case 'gone':
      return 'no';
    case 'away':
      return age <= AWAY_MS ? 'as-read' : 'no';
  }
}

function lookUp(
  parts: Asking,
  directory: Directory,
  look: NonNullable<Directory['look']>,
  name: string,
): ReturnType<Look> {
  const state = looks.get(directory) ?? { underWay: new Map(), foundAt: new Map(), restsUntil: 0 };
  looks.set(directory, state);
  if (parts.now().getTime() < state.restsUntil) return Promise.resolve('away');
  const asked = state.underWay.get(name);
  if (asked !== undefined) return asked;
  const foundAt = state.foundAt.get(name) ?? Number.NEGATIVE_INFINITY;
  if (parts.now().getTime() - foundAt <= directory.recheckMs) return Promise.resolve('known');
  const answer = settle(parts, look, name)
    .then((outcome) => {
      if (outcome === 'away') state.restsUntil = parts.now().getTime() + REST_MS;
      if (outcome === 'known') state.foundAt.set(name, parts.now().getTime());
      return outcome;
    })
    .finally(() => state.underWay.delete(name));
  state.underWay.set(name, answer);
  return answer;
}

async function settle(
  { database, log, now }: Asking,
  look: NonNullable<Directory['look']>,
  name: string,
): ReturnType<Look> {
  try {
    const given = await look(name);
    const at = now();
    await setRoles(database.db, { account: name, origin: 'directory', given: given ?? [], by: 'directory', now: at });
    if (given === undefined) {
      await endTokensOf(database, name, at);
      await endSessionsOf(database, name);
      return 'gone';
    }
    await keepConfirmed(database, name, at);
    return 'known';
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    log.error({ reason: error.message }, 'the directory cannot be asked whether somebody is still there');
    return 'away';
  }
}
