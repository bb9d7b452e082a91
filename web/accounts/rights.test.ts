import { describe, expect, it } from 'vitest';
import { Right, Role } from '../../schemas/rights.ts';
import { may, mayReadBlinded, RIGHTS } from './rights.ts';

const person = (...grants: [Role, string | null][]) => ({
  name: 'somebody',
  grants: grants.map(([role, evaluation]) => ({ role, evaluation })),
});

describe('may', () => {
  it.each([
    [null, 'hip', true],
    [null, null, true],
    [null, undefined, true],
    ['hip', 'hip', true],
    ['hip', 'brain', false],
    ['hip', null, false],
    ['hip', undefined, true],
  ])('of a role granted for %s (null: all), about %s: %s', (granted, evaluation, expected) => {
    expect(may(person(['reader', granted]), 'read', evaluation)).toBe(expected);
  });

  it('never gives rights over the whole site by a grant for one evaluation', () => {
    expect(may(person(['administrator', 'hip']), 'manage-accounts')).toBe(false);
    expect(may(person(['pacs-administrator', 'hip']), 'quarantine', 'hip')).toBe(false);
    expect(may(person(['administrator', null]), 'manage-accounts')).toBe(true);
  });

  it('gives a token no more than its scope, and no more than its owner has', () => {
    const owner = person(['evaluation-lead', null]);
    const scope = { rights: ['lead' as const, 'manage-accounts' as const], evaluation: 'hip' };
    expect(may({ ...owner, scope }, 'lead', 'hip')).toBe(true);
    expect(may({ ...owner, scope }, 'lead', 'brain')).toBe(false);
    expect(may({ ...owner, scope }, 'view', 'hip')).toBe(false);
    expect(may({ ...owner, scope }, 'manage-accounts')).toBe(false);
  });

  it('lets nobody without a role do anything', () => {
    for (const right of Right.options) expect(may(person(), right), right).toBe(false);
  });
});

describe('mayReadBlinded', () => {
  it('lets a reader, and no one who can browse the buckets or resolve the sources there', () => {
    expect(mayReadBlinded(person(['reader', 'hip']), 'hip')).toBe(true);
    expect(mayReadBlinded(person(['reader', 'hip']), 'brain')).toBe(false);
    for (const role of ['data-scientist', 'ai-engineer', 'administrator', 'evaluation-lead'] as const) {
      expect(mayReadBlinded(person(['reader', null], [role, 'hip']), 'hip'), role).toBe(false);
      expect(mayReadBlinded(person(['reader', null], [role, null]), 'hip'), role).toBe(false);
      expect(mayReadBlinded(person(['reader', null], [role, 'brain']), 'hip'), `${role} elsewhere`).toBe(true);
    }
  });

  it('knows what the owner of a token can do without it', () => {
    const scope = { rights: ['read' as const], evaluation: null };
    expect(mayReadBlinded({ ...person(['administrator', null]), scope }, 'hip')).toBe(false);
  });
});

describe('the roles', () => {
  it('let each see results, and an administrator do everything', () => {
    for (const role of Role.options) expect(RIGHTS[role], role).toContain('view');
    expect(RIGHTS.administrator).toEqual(Right.options);
  });
});
