import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { account, audit } from '../../schemas/database/web.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { createApp } from '../app.ts';
import { hold, whenWaiting } from '../testing/locks.ts';
import { makeBrowser, makeWorld, type World } from '../testing/world.ts';
import { AWAY_MS, WITHOUT_LOOK_MS } from './confirm.ts';
import { type Directory, DirectoryError } from './directory.ts';
import type { Grant } from './grants.ts';

const MINUTE = 60_000;
const READER: Grant = { role: 'reader', evaluation: null };
const SCIENTIST: Grant = { role: 'data-scientist', evaluation: null };

let postgres: TestPostgres;
let world: World;
let looked: number;
let answer: () => readonly Grant[] | undefined;
beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url);
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});
beforeEach(() => {
  looked = 0;
  answer = () => [READER];
});

/** A site with a directory that says what a test wants, somebody who signed in there, and what asks with their token. */
async function tokenOf(name: string, withLook = true) {
  const directory: Directory = {
    check: async () => [READER],
    recheckMs: 15 * MINUTE,
    look: withLook
      ? async () => {
          looked += 1;
          return answer();
        }
      : undefined,
  };
  const app = createApp({ ...world.parts, directory });
  const browser = makeBrowser(app);
  expect((await browser.post('/sign-in', { name, password: 'theirs' })).status).toBe(303);
  const wish = { label: 'nightly', rights: 'view', evaluation: '*', days: '300' };
  const made = await browser.post('/account/tokens', {
    'form-token': await browser.field('/account', 'form-token'),
    ...wish,
  });
  const token = /overread_[\w-]{43}/.exec(await made.text())?.[0] ?? '';
  const ask = async () => (await app.request('/api/v1/runs', { headers: { authorization: `Bearer ${token}` } })).status;
  return { ask, browser };
}

it('writes a role down once that two sign-ins at one moment give', async () => {
  const check = async () => [READER];
  const directory: Directory = { check, recheckMs: MINUTE, look: undefined };
  const browser = makeBrowser(createApp({ ...world.parts, directory }));
  const release = await hold(world.database, 'lock table web.role_grant in share mode');
  const signIns = [1, 2].map(() => browser.post('/sign-in', { name: 'dora', password: 'hers' }));
  await whenWaiting(world.database, 2);
  await release();
  for (const { status } of await Promise.all(signIns)) expect(status).toBe(303);
  const rows = await world.database.db.select().from(audit).where(eq(audit.subject, 'dora'));
  expect(rows.filter(({ action }) => action === 'role-granted')).toHaveLength(1);
});

describe('the token of somebody of the directory', () => {
  it('has them looked up once in a while, however many ask at once, and follows their groups', async () => {
    const { ask } = await tokenOf('rada');
    expect([await ask(), looked]).toEqual([200, 0]);
    world.later(16 * MINUTE);
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([200, 200, 200]);
    expect(await ask()).toBe(200);
    expect(looked).toBe(1);
    world.later(16 * MINUTE);
    answer = () => [];
    expect(await ask(), 'of no group any more').toBe(403);
    world.later(16 * MINUTE);
    answer = () => [SCIENTIST];
    expect(await ask()).toBe(200);
  });

  it('ends for good when they have left, with their sessions', async () => {
    const { ask, browser } = await tokenOf('lars');
    world.later(16 * MINUTE);
    answer = () => undefined;
    expect(await ask()).toBe(401);
    answer = () => [READER];
    expect([await ask(), looked]).toEqual([401, 1]);
    expect((await browser.get('/account')).status).toBe(303);
    const rows = await world.database.db.select().from(audit).where(eq(audit.action, 'token-revoked'));
    expect(rows.map(({ actor, subject }) => [actor, subject])).toEqual([['directory', 'lars']]);
  });

  it('works for a day while the directory is away, which is not asked at every request', async () => {
    const { ask } = await tokenOf('dana');
    answer = () => {
      throw new DirectoryError('It cannot be asked: ECONNREFUSED.');
    };
    world.later(16 * MINUTE);
    expect([await ask(), await ask(), looked]).toEqual([200, 200, 1]);
    world.later(AWAY_MS);
    expect(await ask()).toBe(401);
    world.later(2 * MINUTE);
    answer = () => [READER];
    expect(await ask(), 'and again once it answers').toBe(200);
  });

  it('rests a week after their last sign-in where nobody can be looked up', async () => {
    const { ask, browser } = await tokenOf('wim', false);
    world.later(WITHOUT_LOOK_MS - MINUTE);
    expect(await ask()).toBe(200);
    world.later(2 * MINUTE);
    expect(await ask()).toBe(401);
    await browser.post('/sign-in', { name: 'wim', password: 'theirs' });
    expect(await ask()).toBe(200);
    const [row] = await world.database.db.select().from(account).where(eq(account.name, 'wim'));
    expect(row?.confirmedAt).toEqual(world.parts.now());
  });
});
