import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiToken, audit } from '../../schemas/database/web.ts';
import type { Role } from '../../schemas/rights.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { createApp } from '../app.ts';
import { type Browser, makeBrowser, makeWorld, PASSWORD, type World } from '../testing/world.ts';
import { setDisabled } from './accounts.ts';

let postgres: TestPostgres;
let world: World;
let names = 0;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url);
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

async function person(role: Role): Promise<{ name: string; browser: Browser }> {
  names += 1;
  const name = `token-owner-${names}`;
  return { name, browser: await world.signedIn(name, role) };
}

/** Asks for a token on the account page. */
async function ask(browser: Browser, rights: string, evaluation = '*', days = '30'): Promise<Response> {
  const formToken = await browser.field('/account', 'form-token');
  return browser.post('/account/tokens', {
    'form-token': formToken,
    label: 'nightly export',
    rights,
    evaluation,
    days,
  });
}

async function tokenOf(answer: Response): Promise<string> {
  expect(answer.status).toBe(201);
  return /<code class="token">(overread_[\w-]{43})<\/code>/.exec(await answer.text())?.[1] ?? 'none shown';
}

async function statusOf(token: string, path: string): Promise<number> {
  return (await world.app.request(path, { headers: { authorization: `Bearer ${token}` } })).status;
}

describe('an API token', () => {
  it('is shown once, and kept as a hash only', async () => {
    const { name, browser } = await person('reader');
    const token = await tokenOf(await ask(browser, 'view'));
    expect(await statusOf(token, '/api/v1/runs')).toBe(200);
    const page = await (await browser.get('/account')).text();
    expect(page).toContain('nightly export');
    expect(page).not.toContain(token);
    const rows = await world.database.db.select().from(apiToken).where(eq(apiToken.account, name));
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(token.slice('overread_'.length));
  });

  it('does no more than its scope, whatever its owner may', async () => {
    const { browser } = await person('administrator');
    const run = await world.run();
    const liver = await world.run({ segmentation: {} });
    const viewing = await tokenOf(await ask(browser, 'view', 'liver-transplant-segmentation'));
    expect(await statusOf(viewing, `/api/v1/runs/${liver.id}`)).toBe(200);
    expect(await statusOf(viewing, `/api/v1/runs/${run.id}`), 'of another evaluation').toBe(404);
    expect(await statusOf(viewing, '/quarantine'), 'another right').toBe(403);
    const deciding = await tokenOf(await ask(browser, 'quarantine'));
    expect(await statusOf(deciding, '/quarantine')).toBe(200);
    expect(await statusOf(deciding, '/api/v1/runs')).toBe(403);
  });

  it('cannot carry a right that its owner does not have, nor lose none', async () => {
    const { browser } = await person('reader');
    const refused = await ask(browser, 'manage-accounts');
    expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining('yourself')]);
    expect((await ask(browser, 'view', '*', '3000')).status).toBe(422);
    expect((await ask(browser, 'no-such-right')).status).toBe(422);
    const token = await browser.field('/account', 'form-token');
    const fields = { 'form-token': token, label: 'a\0b', rights: 'view', evaluation: '*', days: '30' };
    expect((await browser.post('/account/tokens', fields)).status, 'a character that no text has').toBe(400);
  });

  it('loses what its owner loses, and everything when they are disabled', async () => {
    const { name, browser } = await person('pacs-administrator');
    const token = await tokenOf(await ask(browser, 'quarantine'));
    expect(await statusOf(token, '/quarantine')).toBe(200);
    await world.database.sql`update web.role_grant set role = 'reader' where account = ${name}`;
    expect(await statusOf(token, '/quarantine')).toBe(403);
    await setDisabled(world.database, name, world.parts.now());
    expect(await statusOf(token, '/api/v1/runs')).toBe(401);
  });

  it('ends when it is revoked, by its owner alone', async () => {
    const [owner, other] = [await person('reader'), await person('reader')];
    const token = await tokenOf(await ask(owner.browser, 'view'));
    const [row] = await world.database.db.select().from(apiToken).where(eq(apiToken.account, owner.name));
    const revoke = async ({ browser }: { browser: Browser }) => {
      const formToken = await browser.field('/account', 'form-token');
      return (await browser.post(`/account/tokens/${row?.id}/revoke`, { 'form-token': formToken })).status;
    };
    expect(await revoke(other)).toBe(404);
    expect(await statusOf(token, '/api/v1/runs')).toBe(200);
    expect(await revoke(owner)).toBe(303);
    expect(await statusOf(token, '/api/v1/runs')).toBe(401);
    const entries = await world.database.db.select().from(audit).where(eq(audit.subject, owner.name));
    expect(entries.map(({ action, detail }) => [action, detail])).toEqual(
      expect.arrayContaining([
        ['token-made', 'view'],
        ['token-revoked', 'view'],
      ]),
    );
  });

  it('ends at its time', async () => {
    const { browser } = await person('reader');
    const token = await tokenOf(await ask(browser, 'view', '*', '1'));
    world.later(23 * 60 * 60_000);
    expect(await statusOf(token, '/api/v1/runs')).toBe(200);
    world.later(61 * 60_000);
    expect(await statusOf(token, '/api/v1/runs')).toBe(401);
  });

  it('makes no other token: a form needs a session', async () => {
    const { browser } = await person('administrator');
    const token = await tokenOf(await ask(browser, 'manage-accounts'));
    const answer = await world.app.request('/account/tokens', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: new URLSearchParams({ label: 'more', rights: 'view', evaluation: '*', days: '30' }),
    });
    expect(answer.status).toBe(403);
  });
});

describe('a session', () => {
  it('ends after the site’s own idle time', async () => {
    const app = createApp({ ...world.parts, sessions: { idleMinutes: 5, hours: 12 } });
    const { name } = await person('reader');
    const browser = makeBrowser(app);
    await browser.post('/sign-in', { name, password: PASSWORD });
    world.later(4 * 60_000);
    expect((await browser.get('/account')).status).toBe(200);
    world.later(6 * 60_000);
    expect((await browser.get('/account')).status).toBe(303);
  });

  it('ends when its browser signs in anew', async () => {
    const { name, browser } = await person('reader');
    const earlier = browser.cookies.get('overread-8000') ?? '';
    await browser.post('/sign-in', { name, password: PASSWORD });
    const thief = world.browser();
    thief.cookies.set('overread-8000', earlier);
    expect((await thief.get('/account')).status).toBe(303);
  });
});
