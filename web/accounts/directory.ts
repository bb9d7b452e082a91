import type { ConnectionOptions } from 'node:tls';
import { Client, type Entry, InvalidCredentialsError, NoSuchObjectError, SizeLimitExceededError } from 'ldapts';
import { readConfigured } from '../../lib/platform/configured.ts';
import { errorCode } from '../../lib/platform/error-code.ts';
import type { Directory as DirectoryConfiguration } from '../../schemas/people.ts';
import type { Grant } from './grants.ts';

/** The directory could not be asked. The message says why, for the log; it holds no name and no password. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError';
}

/** The hospital's directory of people. */
export interface Directory {
  /**
   * The roles that a person's groups give them; undefined where name and password do not belong together.
   *
   * @throws {DirectoryError} it does not answer, or not as it should
   */
  check(name: string, password: string): Promise<readonly Grant[] | undefined>;
  /**
   * The roles that a person's groups give them, without their password; undefined where there is nobody of this name (any
   * more). Only a directory with a service account can be asked so.
   *
   * @throws {DirectoryError} as `check` does
   */
  readonly look: ((name: string) => Promise<readonly Grant[] | undefined>) | undefined;
  /** After how long somebody is to be looked up again, milliseconds. */
  readonly recheckMs: number;
}

/**
 * A directory reached by LDAP, over TLS only. Each check has connections of its own: none is ever used for two people.
 *
 * @throws {ConfigurationError} a file that the configuration names cannot be read
 */
export function ldapDirectory(configuration: DirectoryConfiguration): Directory {
  const { serviceAccount, caFile } = configuration;
  const ca = caFile === undefined ? undefined : readConfigured(caFile, 'directory.caFile');
  const servicePassword =
    serviceAccount === undefined
      ? ''
      : readConfigured(serviceAccount.passwordFile, 'directory.serviceAccount.passwordFile').trim();
  const connected = <Value>(work: (client: Client) => Promise<Value>) => withClient(configuration, ca, work);
  const asService = <Value>({ dn }: { dn: string }, work: (service: Client) => Promise<Value>) =>
    connected(async (service) => {
      if (await bound(service, dn, servicePassword)) return work(service);
      throw new DirectoryError('It refuses the name or the password of `directory.serviceAccount`.');
    });

  return {
    recheckMs: configuration.recheckMinutes * 60_000,
    look:
      serviceAccount &&
      ((name) =>
        asService(serviceAccount, async (service) => {
          const person = await findPerson(service, configuration, name);
          return person && rolesOf(service, configuration, person);
        })),
    check: async (name, password) => {
      // A bind without a password succeeds as nobody (RFC 4513 5.1.2): it proves nothing.
      if (password === '') return undefined;
      if (serviceAccount === undefined) {
        return connected(async (client) => {
          if (!(await bound(client, directName(configuration, name), password))) return undefined;
          return rolesOf(client, configuration, await findPerson(client, configuration, name));
        });
      }
      return asService(serviceAccount, async (service) => {
        const person = await findPerson(service, configuration, name);
        if (person === undefined) return undefined;
        const isRight = await connected((client) => bound(client, person.dn, password));
        return isRight ? rolesOf(service, configuration, person) : undefined;
      });
    },
  };
}

/** Puts a value into a filter so that it can be nothing but a value (RFC 4515 3). */
export function inFilter(template: string, place: `{${string}}`, value: string): string {
  const escaped = value.replace(/[\\*()\0]/g, (one) => `\\${one.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return template.replaceAll(place, () => escaped);
}

/** Puts a name into a DN so that it can be nothing but a value (RFC 4514 2.4); into a user principal name as it is. */
export function directName(
  { directBind = '{name}' }: Pick<DirectoryConfiguration, 'directBind'>,
  name: string,
): string {
  const isDn = directBind.includes('=');
  const escaped = name.replace(/[\\,+"<>;=#\0]/g, (one) => `\\${one.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return directBind.replaceAll('{name}', () => (isDn ? escaped : name));
}

/** Whether two DNs are one, as far as case and spaces go. */
function isSameDn(one: string, other: string): boolean {
  const plain = (dn: string) => dn.toLowerCase().replace(/\s*([,=])\s*/g, '$1');
  return plain(one) === plain(other);
}

async function withClient<Value>(
  { url, startTls, timeoutSeconds }: DirectoryConfiguration,
  ca: string | undefined,
  work: (client: Client) => Promise<Value>,
): Promise<Value> {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  const tls: ConnectionOptions = { host, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) };
  const client = new Client({
    url,
    timeout: timeoutSeconds * 1000,
    connectTimeout: timeoutSeconds * 1000,
    ...(startTls ? {} : { tlsOptions: tls }),
  });
  try {
    if (startTls) await client.startTLS(tls);
    return await work(client);
  } catch (error) {
    if (error instanceof DirectoryError) throw error;
    throw new DirectoryError(`It cannot be asked: ${reasonOf(error)}.`, { cause: error });
  } finally {
    await client.unbind().catch(() => {});
  }
}

/** Whether name and password belong together. */
async function bound(client: Client, dn: string, password: string): Promise<boolean> {
  try {
    await client.bind(dn, password);
    return true;
  } catch (error) {
    // Active Directory answers the same for an account that is locked, disabled or expired.
    if (error instanceof InvalidCredentialsError) return false;
    throw error;
  }
}

/** The one entry of a name. @throws {DirectoryError} there are several */
async function findPerson(client: Client, { people, groups }: DirectoryConfiguration, name: string) {
  const entries = await found(client, people.baseDn, {
    filter: inFilter(people.filter, '{name}', name),
    attributes: 'attribute' in groups ? [groups.attribute] : ['dn'],
    sizeLimit: 2,
  });
  if (entries.length > 1) throw new DirectoryError('`directory.people.filter` finds more than one entry for a name.');
  return entries[0];
}

async function rolesOf(
  client: Client,
  { groups, roles }: DirectoryConfiguration,
  person: Entry | undefined,
): Promise<readonly Grant[]> {
  if (person === undefined)
    throw new DirectoryError('`directory.people` finds no entry for a name that could sign in.');
  const dns =
    'attribute' in groups
      ? [person[groups.attribute] ?? []].flat().map(String)
      : (
          await found(client, groups.baseDn, { filter: inFilter(groups.filter, '{dn}', person.dn), attributes: ['dn'] })
        ).map(({ dn }) => dn);
  const given = roles.filter(({ group }) => dns.some((dn) => isSameDn(dn, group)));
  return given.map(({ role, evaluation }) => ({ role, evaluation: evaluation ?? null }));
}

async function found(
  client: Client,
  baseDn: string,
  search: { filter: string; attributes: string[]; sizeLimit?: number },
): Promise<Entry[]> {
  try {
    const { searchEntries } = await client.search(baseDn, { scope: 'sub', ...search });
    return searchEntries;
  } catch (error) {
    if (error instanceof SizeLimitExceededError) throw new DirectoryError('A search finds more entries than it may.');
    if (error instanceof NoSuchObjectError) throw new DirectoryError(`There is no ${baseDn}.`);
    throw error;
  }
}

/** A word for the log. What the library or the server says may quote what was sent, so it is not passed on. */
function reasonOf(error: unknown): string {
  const kind = error instanceof Error ? error.constructor.name : 'unknown';
  return `${kind} ${errorCode(error)}`.trim();
}
