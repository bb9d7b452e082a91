import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../../schemas/database/web.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { makeWorld, PASSWORD, type World } from '../testing/world.ts';
import { createFirstAdministrator, findAccount, keepDirectoryAccount } from './accounts.ts';

let postgres: TestPostgres;
let world: World;
let names = 0;

/** An account that no other test uses. */
async function account(role: 'administrator' | 'reader' = 'reader'): Promise<string> {
  names += 1;
  const name = `person-${names}`;
  await world.account(name, role);
  return name;
}

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url);
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});
// Tests fail on purpose from one address: an hour later that is forgotten.
beforeEach(() => world.later(2 * 60 * 60_000));

describe('sign-in', () => {
  it('leads back to where somebody wanted to go', async () => {
    const name = await account();
    const browser = world.browser();
    const sent = await browser.get('/runs/abc');
    expect([sent.status, sent.headers.get('location')]).toEqual([303, '/sign-in?next=%2Fruns%2Fabc']);
    const answer = await browser.post('/sign-in', { name: name.toUpperCase(), password: PASSWORD, next: '/runs/abc' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/runs/abc']);
    expect(answer.headers.get('set-cookie')).toMatch(/^overread-8000=[\w-]{43}; .*HttpOnly; SameSite=Lax/);
  });

  it('never leads to another site', async () => {
    const name = await account();
    const answer = await world.browser().post('/sign-in', { name, password: PASSWORD, next: '//evil.example/' });
    expect(answer.headers.get('location')).toBe('/');
  });

  it('gives a new session, whatever cookie was planted before', async () => {
    const name = await account();
    const browser = world.browser();
    browser.cookies.set('overread-8000', 'planted');
    await browser.post('/sign-in', { name, password: PASSWORD });
    expect(browser.cookies.get('overread-8000')).not.toBe('planted');
    const planted = world.browser();
    planted.cookies.set('overread-8000', 'planted');
    expect((await planted.get('/')).status).toBe(303);
  });

  it('says the same of a wrong password and of a wrong name', async () => {
    const name = await account();
    const [wrong, unknown] = await Promise.all([
      world.browser().post('/sign-in', { name, password: 'wrong' }),
      world.browser().post('/sign-in', { name: 'nobody-here', password: 'wrong' }),
    ]);
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(await wrong.text()).toContain('do not belong together');
    expect(await unknown.text()).toContain('do not belong together');
    const next = await (await world.browser().post('/sign-in', { name, password: 'wrong' })).text();
    expect(next, 'what to do').toContain('an administrator of Overread sets a new one');
  });

  it('should be 403 with what to do instead if the password would cross the network in the clear', async () => {
    const name = await account();
    const browser = world.browser('10.1.2.3');
    expect(await (await browser.get('/sign-in')).text()).toContain('ssh -L 8000:127.0.0.1:8000');
    const answer = await browser.post('/sign-in', { name, password: PASSWORD });
    expect([answer.status, browser.cookies.size]).toEqual([403, 0]);
  });

  it('should be 403 if another site sends the form', async () => {
    const name = await account();
    const answer = await world
      .browser()
      .post('/sign-in', { name, password: PASSWORD }, { origin: 'http://evil.example' });
    expect(answer.status).toBe(403);
  });
});

describe('brute force', () => {
  it('has to wait after five failures, even with the right password then, and longer each time', async () => {
    const name = await account();
    const browser = world.browser();
    for (let tries = 0; tries < 5; tries += 1) await browser.post('/sign-in', { name, password: 'guess' });
    const refused = await browser.post('/sign-in', { name, password: PASSWORD });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '15']);
    expect(await refused.text()).toContain('Wait 15 seconds');
    world.later(16_000);
    await browser.post('/sign-in', { name, password: 'guess' });
    expect((await browser.post('/sign-in', { name, password: PASSWORD })).headers.get('retry-after')).toBe('30');
    world.later(31_000);
    expect((await browser.post('/sign-in', { name, password: PASSWORD })).status).toBe(303);
  });

  it('counts tries that are made at the same moment', async () => {
    const name = await account();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => world.browser().post('/sign-in', { name, password: 'guess' })),
    );
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
  });
});

describe('a session', () => {
  it('ends when nothing was asked for half an hour; what a page asks by itself does not count', async () => {
    const browser = await world.signedIn(`idle-${Date.now()}`);
    world.later(20 * 60_000);
    expect((await browser.get('/')).status, 'a person has asked').toBe(200);
    world.later(20 * 60_000);
    expect((await browser.get('/', { 'overread-background': '1' })).status, 'the page has asked').toBe(200);
    world.later(20 * 60_000);
    expect((await browser.get('/')).status, 'forty minutes after the person').toBe(303);
  });

  it('ends after twelve hours in any case', async () => {
    const browser = await world.signedIn(`long-${Date.now()}`);
    for (let quarter = 0; quarter < 47; quarter += 1) {
      world.later(15 * 60_000);
      await browser.get('/account');
    }
    expect((await browser.get('/')).status).toBe(200);
    world.later(16 * 60_000);
    expect((await browser.get('/')).status).toBe(303);
  });

  it('ends with sign-out, for whoever has copied the cookie too', async () => {
    const browser = await world.signedIn(`out-${Date.now()}`);
    const copied = browser.cookies.get('overread-8000') ?? '';
    const token = await browser.field('/', 'form-token');
    expect((await browser.post('/sign-out', { 'form-token': token })).status).toBe(303);
    const thief = world.browser();
    thief.cookies.set('overread-8000', copied);
    expect((await thief.get('/')).status).toBe(303);
  });

  it('refuses a form that was made for another session', async () => {
    const browser = await world.signedIn(`csrf-${Date.now()}`);
    const answer = await browser.post('/sign-out', { 'form-token': 'of-somebody-else' });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('out of date');
    expect((await browser.get('/')).status, 'still signed in').toBe(200);
  });

  it('ends everywhere else when its owner says so', async () => {
    const name = `everywhere-${Date.now()}`;
    const browser = await world.signedIn(name);
    const elsewhere = world.browser();
    await elsewhere.post('/sign-in', { name, password: PASSWORD });
    expect(await (await browser.get('/account')).text()).toContain('signed in with another browser too');
    const token = await browser.field('/account', 'form-token');
    expect((await browser.post('/account/sessions/end', { 'form-token': token })).status).toBe(303);
    expect(await (await browser.get('/account?elsewhere')).text()).toContain('signed in here only');
    expect((await elsewhere.get('/')).status).toBe(303);
  });

  it('ends everywhere else when the password is changed', async () => {
    const name = `change-${Date.now()}`;
    const browser = await world.signedIn(name);
    const elsewhere = world.browser();
    await elsewhere.post('/sign-in', { name, password: PASSWORD });
    const token = await browser.field('/account', 'form-token');
    const fields = {
      'form-token': token,
      present: PASSWORD,
      password: 'another long password',
      again: 'another long password',
    };
    expect((await browser.post('/account/password', { ...fields, present: 'wrong' })).status).toBe(422);
    expect((await browser.post('/account/password', fields)).status).toBe(303);
    expect((await browser.get('/')).status).toBe(200);
    expect((await elsewhere.get('/')).status).toBe(303);
  });
});

describe('accounts', () => {
  it('are made and disabled by administrators only', async () => {
    const administrator = await world.signedIn(`admin-${Date.now()}`, 'administrator');
    const reader = await world.signedIn(`reader-${Date.now()}`);
    expect((await reader.get('/accounts')).status).toBe(403);
    const token = await administrator.field('/accounts', 'form-token');
    const fields = { 'form-token': token, name: 'new-one', role: 'reader', evaluation: '*', password: PASSWORD };
    expect((await administrator.post('/accounts', fields)).status).toBe(303);
    expect(await (await administrator.post('/accounts', fields)).text()).toContain(
      'There is an account new-one already.',
    );
    const made = world.browser();
    expect((await made.post('/sign-in', { name: 'new-one', password: PASSWORD })).status).toBe(303);
    await administrator.post('/accounts/new-one/disable', { 'form-token': token });
    expect((await made.get('/')).status, 'the session ends at once').toBe(303);
    expect((await made.post('/sign-in', { name: 'new-one', password: PASSWORD })).status).toBe(401);
  });

  it('are given a new password by an administrator where the old one is forgotten, which ends every session', async () => {
    const administrator = await world.signedIn(`helping-${Date.now()}`, 'administrator');
    const name = await account();
    const browser = world.browser();
    await browser.post('/sign-in', { name, password: PASSWORD });
    const token = await administrator.field('/accounts', 'form-token');
    const set = (whose: string, password: string) =>
      administrator.post(`/accounts/${whose}/password`, { 'form-token': token, password });
    const short = await set(name, 'short');
    expect([short.status, await short.text()]).toEqual([422, expect.stringContaining('this one has 5')]);
    const answer = await set(name, 'a password of today');
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/accounts?password-set']);
    expect(await (await administrator.get('/accounts?password-set')).text()).toContain('The new password holds.');
    expect((await browser.get('/account')).status, 'the session ends at once').toBe(303);
    expect((await browser.post('/sign-in', { name, password: PASSWORD })).status).toBe(401);
    expect((await browser.post('/sign-in', { name, password: 'a password of today' })).status).toBe(303);
    const rows = await world.database.db.select().from(audit).where(eq(audit.subject, name)).orderBy(audit.id);
    expect(rows.filter(({ actor }) => actor.startsWith('helping')).map(({ action }) => action)).toEqual([
      'password-set',
    ]);
  });

  it('of the directory have their password there, and one’s own is changed by who knows it', async () => {
    const own = `own-${Date.now()}`;
    const administrator = await world.signedIn(own, 'administrator');
    await keepDirectoryAccount(world.database, 'of-the-directory', world.parts.now());
    const fields = { 'form-token': await administrator.field('/accounts', 'form-token'), password: PASSWORD };
    const theirs = await administrator.post('/accounts/of-the-directory/password', fields);
    expect([theirs.status, await theirs.text()]).toEqual([422, expect.stringContaining('the hospital’s directory')]);
    expect((await administrator.post(`/accounts/${own}/password`, fields)).status).toBe(409);
    const row = /<th scope="row">of-the-directory.*?<\/tr>/s.exec(await (await administrator.get('/accounts')).text());
    expect(row?.[0]).not.toContain('Set a new password');
  });

  it('are given roles for one evaluation, and lose them, with an entry in the audit each', async () => {
    const administrator = await world.signedIn(`granting-${Date.now()}`, 'administrator');
    const name = await account();
    const token = await administrator.field('/accounts', 'form-token');
    const fields = { 'form-token': token, role: 'evaluation-lead', evaluation: 'hip-fracture-detection' };
    expect((await administrator.post(`/accounts/${name}/grant`, fields)).status).toBe(303);
    expect((await administrator.post(`/accounts/${name}/grant`, fields)).status, 'a second time').toBe(303);
    const held = [
      { role: 'evaluation-lead', evaluation: 'hip-fracture-detection', origin: 'person' },
      { role: 'reader', evaluation: null, origin: 'person' },
    ];
    expect((await findAccount(world.database, name))?.grants).toEqual(held);
    expect((await administrator.post(`/accounts/${name}/withdraw`, fields)).status).toBe(303);
    expect((await findAccount(world.database, name))?.grants).toEqual(held.slice(1));
    const rows = await world.database.db.select().from(audit).where(eq(audit.subject, name)).orderBy(audit.id);
    expect(rows.map(({ action, detail, evaluation }) => [action, detail, evaluation])).toEqual([
      ['role-granted', 'reader', null],
      ['role-granted', 'evaluation-lead', 'hip-fracture-detection'],
      ['role-withdrawn', 'evaluation-lead', 'hip-fracture-detection'],
    ]);
  });

  it('say of a reader who is given the buckets that they read nothing blinded there any more', async () => {
    const administrator = await world.signedIn(`blinding-${Date.now()}`, 'administrator');
    const name = await account();
    const token = await administrator.field('/accounts', 'form-token');
    const rowOf = async () => {
      const page = await (await administrator.get('/accounts')).text();
      return new RegExp(`<th scope="row">${name}</th>.*?</tr>`, 's').exec(page)?.[0] ?? '';
    };
    expect(await rowOf()).not.toContain('No blinded reader');
    const fields = { 'form-token': token, role: 'data-scientist', evaluation: 'hip-fracture-detection' };
    await administrator.post(`/accounts/${name}/grant`, fields);
    expect(await rowOf()).toContain('No blinded reader in hip-fracture-detection');
  });

  it('refuse a role that there is not, an evaluation that there is not, and one’s own', async () => {
    const own = `selfish-${Date.now()}`;
    const administrator = await world.signedIn(own, 'administrator');
    const name = await account();
    const token = await administrator.field('/accounts', 'form-token');
    const grant = async (of: string, role: string, evaluation: string) =>
      (await administrator.post(`/accounts/${of}/grant`, { 'form-token': token, role, evaluation })).status;
    expect(await grant(name, 'emperor', '*')).toBe(422);
    expect(await grant(name, 'reader', 'no-such-evaluation')).toBe(422);
    expect(await grant(own, 'reader', '*')).toBe(409);
    expect(await grant('nobody-of-this-name', 'reader', '*')).toBe(404);
  });

  it('begin with one administrator, made once', async () => {
    const database = world.database;
    const again = await createFirstAdministrator(database, { configured: 'x', secrets: '/nowhere', now: new Date() });
    expect(again, 'there are accounts already').toBeUndefined();
  });
});

describe('the audit', () => {
  it('cannot be changed, by the database itself', async () => {
    await expect(world.database.sql`delete from web.audit`).rejects.toThrow('rows of web.audit are never changed');
    await expect(world.database.sql`update web.audit set actor = 'x'`).rejects.toThrow('never changed');
    const rows = await world.database.db.select().from(audit);
    expect(new Set(rows.map(({ action }) => action))).toContain('sign-in-refused');
  });
});
