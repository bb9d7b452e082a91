import type { Parts } from '../parts.ts';
import {
  AccountName,
  checkPassword,
  findAccount,
  keepConfirmed,
  keepDirectoryAccount,
  type Person,
} from './accounts.ts';
import { DirectoryError } from './directory.ts';
import { setRoles } from './grants.ts';

/** Why somebody is not who they say: name and password do not belong together, the directory cannot be asked, nothing was granted to them. */
export type NotIdentified = 'wrong' | 'directory-away' | 'no-role';

/**
 * Whose name and password these are. A local account is asked for first: nobody of the directory can take its name. Who
 * comes from the directory has the roles of their groups, as they are at this moment, and those that a person gave.
 */
export async function identify(
  { database, directory, log, now }: Pick<Parts, 'database' | 'directory' | 'log' | 'now'>,
  typed: string,
  password: string,
): Promise<Person | NotIdentified> {
  const parsed = AccountName.safeParse(typed);
  const known = parsed.success ? await findAccount(database, parsed.data) : undefined;
  if (directory === undefined || !parsed.success || known?.origin === 'local') {
    return (await checkPassword(database, typed, password)) ?? 'wrong';
  }
  const name = parsed.data;
  try {
    const given = await directory.check(name, password);
    if (given === undefined || (known !== undefined && known.disabledAt !== null)) return 'wrong';
    if (known === undefined && given.length === 0) return 'no-role';
    const kept = await keepDirectoryAccount(database, name, now());
    if (kept?.origin !== 'directory') return 'wrong';
    const roles = { account: name, origin: 'directory', given, by: 'directory', now: now() } as const;
    await setRoles(database.db, roles);
    await keepConfirmed(database, name, now());
    const { grants = [] } = (await findAccount(database, name)) ?? {};
    return { name, grants };
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    log.error({ reason: error.message }, 'the directory cannot be asked who somebody is');
    return 'directory-away';
  }
}
