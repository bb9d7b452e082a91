import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { audit } from '../../schemas/database/web.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { makeWorld, PASSWORD, type World } from '../testing/world.ts';
import { keepDirectoryAccount } from './accounts.ts';

let postgres: TestPostgres;
let world: World;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url);
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

const HIP = 'hip-fracture-detection';

function send(method: string, path: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return world.api(`/api/v1${path}`, { method, headers, body: JSON.stringify(body) });
}

describe('the API of accounts', () => {
  it('makes an account with several roles, which signs in and is told what it may', async () => {
    const grants = [
      { role: 'reader', evaluation: HIP },
      { role: 'data-scientist', evaluation: null },
    ];
    const made = await send('POST', '/accounts', { name: 'Mia', password: PASSWORD, grants });
    expect(made.status).toBe(201);
    expect(await made.json()).toMatchObject({ name: 'mia', origin: 'local', disabledAt: null });
    const browser = world.browser();
    expect((await browser.post('/sign-in', { name: 'mia', password: PASSWORD })).status).toBe(303);
    const me = await (await browser.get('/api/v1/me')).json();
    expect(me).toEqual({
      name: 'mia',
      grants: [grants[1], grants[0]],
      rights: ['view', 'read', 'export', 'retry-runs', 'browse-data'],
    });
    expect((await send('POST', '/accounts', { name: 'mia', password: PASSWORD })).status, 'taken').toBe(409);
  });

  it('sets roles to what they shall be, with an entry in the audit for each that changes', async () => {
    const first = [{ role: 'reader' }, { role: 'quality-reviewer', evaluation: HIP }];
    await send('POST', '/accounts', { name: 'noa', password: PASSWORD, grants: first });
    const grants = [{ role: 'reader' }, { role: 'evaluation-lead', evaluation: HIP }];
    const answer = await send('PUT', '/accounts/noa/grants', { grants });
    expect((await answer.json()).grants).toEqual([
      { role: 'evaluation-lead', evaluation: HIP, origin: 'person' },
      { role: 'reader', evaluation: null, origin: 'person' },
    ]);
    expect((await send('PUT', '/accounts/noa/grants', { grants })).status, 'once more').toBe(200);
    const rows = await world.database.db.select().from(audit).where(eq(audit.subject, 'noa')).orderBy(audit.id);
    expect(rows.slice(3).map(({ actor, action, detail }) => [actor, action, detail])).toEqual([
      ['api-token', 'role-granted', 'evaluation-lead'],
      ['api-token', 'role-withdrawn', 'quality-reviewer'],
    ]);
    expect((await send('PUT', '/accounts/noa/grants', { grants: [] })).status).toBe(200);
    const { accounts } = await (await world.api('/api/v1/accounts')).json();
    expect(accounts).toContainEqual(expect.objectContaining({ name: 'noa', grants: [] }));
  });

  it('disables an account, whose sessions end at once, and lets it again', async () => {
    const browser = await world.signedIn('olga');
    const answer = await send('PUT', '/accounts/olga/disabled', { disabled: true });
    expect((await answer.json()).disabledAt).not.toBeNull();
    expect((await browser.get('/account')).status).toBe(303);
    await send('PUT', '/accounts/olga/disabled', { disabled: false });
    expect((await browser.post('/sign-in', { name: 'olga', password: PASSWORD })).status).toBe(303);
  });

  it('sets a new password in place of a forgotten one, also that of the last administrator', async () => {
    await world.signedIn('last', 'administrator');
    const password = 'a password of today';
    const answer = await send('PUT', '/accounts/last/password', { password });
    expect([answer.status, await answer.json()]).toMatchObject([200, { name: 'last' }]);
    expect((await world.browser().post('/sign-in', { name: 'last', password })).status).toBe(303);
    expect((await send('PUT', '/accounts/last/password', { password: 'short' })).status).toBe(422);
    await keepDirectoryAccount(world.database, 'elsewhere', world.parts.now());
    expect((await send('PUT', '/accounts/elsewhere/password', { password })).status).toBe(422);
  });

  it.each([
    [
      422,
      'a role that there is not',
      'POST',
      '/accounts',
      { name: 'x1', password: PASSWORD, grants: [{ role: 'king' }] },
    ],
    [
      422,
      'an evaluation that there is not',
      'PUT',
      '/accounts/mia/grants',
      { grants: [{ role: 'reader', evaluation: 'x' }] },
    ],
    [422, 'a short password', 'POST', '/accounts', { name: 'x2', password: 'short' }],
    [422, 'a name of the system’s own', 'POST', '/accounts', { name: 'api-token', password: PASSWORD }],
    [404, 'an account that there is not', 'PUT', '/accounts/nobody-here/disabled', { disabled: true }],
  ])('should be %i for %s', async (status, _, method, path, body) => {
    expect((await send(method, path, body)).status).toBe(status);
  });

  it('lets nobody change their own roles', async () => {
    const browser = await world.signedIn('pia', 'administrator');
    const answer = await world.app.request('http://127.0.0.1:8000/api/v1/accounts/pia/grants', {
      method: 'PUT',
      headers: {
        ...{ host: '127.0.0.1:8000', origin: 'http://127.0.0.1:8000', 'content-type': 'application/json' },
        cookie: `overread-8000=${browser.cookies.get('overread-8000')}`,
      },
      body: JSON.stringify({ grants: [{ role: 'reader' }] }),
    });
    expect([answer.status, (await answer.json()).title]).toEqual([409, 'Your own account']);
  });
});
