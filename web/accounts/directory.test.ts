import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { Directory } from '../../schemas/people.ts';
import { DirectoryError, directName, inFilter, ldapDirectory } from './directory.ts';

describe('inFilter', () => {
  it('makes of whatever somebody types a value and nothing else', () => {
    expect(inFilter('(&(objectClass=person)(uid={name}))', '{name}', '*)(uid=*')).toBe(
      '(&(objectClass=person)(uid=\\2a\\29\\28uid=\\2a))',
    );
    expect(inFilter('(uid={name})', '{name}', 'a\\b\0c')).toBe('(uid=a\\5cb\\00c)');
    expect(inFilter('(uid={name})', '{name}', '$&')).toBe('(uid=$&)');
  });
});

describe('directName', () => {
  it.each([
    ['uid={name},ou=people,dc=test', 'jane', 'uid=jane,ou=people,dc=test'],
    ['uid={name},ou=people,dc=test', 'a,ou=admins', 'uid=a\\2cou\\3dadmins,ou=people,dc=test'],
    ['{name}@hospital.test', 'jane', 'jane@hospital.test'],
  ])('puts into %s the name %s', (directBind, name, expected) => {
    expect(directName({ directBind }, name)).toBe(expected);
  });
});

describe('a directory that does not answer', () => {
  /** Success of a StartTLS request (RFC 4511 4.14.2), after which the server says no more. */
  const STARTS_TLS = Buffer.from('300c02010178070a010004000400', 'hex');

  it.each([
    ['from the beginning, by LDAPS', 'ldaps', undefined],
    ['from the beginning, by StartTLS', 'ldap', undefined],
    ['once it should begin TLS', 'ldap', STARTS_TLS],
  ])('is given up: %s', async (_, protocol, answer) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {}).resume();
      if (answer !== undefined) socket.once('data', () => socket.write(answer));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const directory = ldapDirectory(
      Directory.parse({
        ...{ url: `${protocol}://127.0.0.1:${port}`, startTls: protocol === 'ldap', directBind: '{name}@test' },
        ...{ people: { baseDn: 'dc=test', filter: '(uid={name})' }, roles: [], timeoutSeconds: 0.2 },
      }),
    );
    await expect(directory.check('jane', 'password')).rejects.toThrow(DirectoryError);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('the configuration of a directory', () => {
  const people = { baseDn: 'dc=test', filter: '(uid={name})' };
  const base = { url: 'ldaps://dc.test', directBind: '{name}@test', people, roles: [] };
  const refusal = (overrides: object) => Directory.safeParse({ ...base, ...overrides }).error?.issues[0]?.message;

  it('takes LDAPS, and LDAP with StartTLS, and nothing in the clear', () => {
    expect(refusal({})).toBeUndefined();
    expect(refusal({ url: 'ldap://dc.test', startTls: true })).toBeUndefined();
    expect(refusal({ url: 'ldap://dc.test' })).toContain('passwords do not go through the network in the clear');
    expect(refusal({ url: 'https://dc.test' })).toBeDefined();
  });

  it('wants one way to find a person, with the place of the name', () => {
    const serviceAccount = { dn: 'cn=x', passwordFile: '/x' };
    expect(refusal({ serviceAccount })).toBe('give one of `serviceAccount` and `directBind`');
    expect(refusal({ directBind: undefined })).toBe('give one of `serviceAccount` and `directBind`');
    expect(refusal({ people: { baseDn: 'dc=test', filter: '(uid=x)' } })).toContain('{name}');
  });
});
