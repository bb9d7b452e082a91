import { describe, expect, it } from 'vitest';
import { Directory } from '../../schemas/people.ts';
import { directName, inFilter } from './directory.ts';

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
