import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { eq } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { HOME } from '../../lib/platform/configuration.ts';
import { describeError } from '../../lib/platform/log.ts';
import { audit } from '../../schemas/database/web.ts';
import { Directory as Configuration } from '../../schemas/people.ts';
import { makeCertificate } from '../../tests/peers/certificate.ts';
import { describeWith } from '../../tests/peers/skip.ts';
import { SERVICE, startSlapd } from '../../tests/peers/slapd.ts';
import { freePort } from '../../tests/ports.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { createApp } from '../app.ts';
import { makeBrowser, makeWorld, PASSWORD, type World } from '../testing/world.ts';
import { createAccount, findAccount, setDisabled } from './accounts.ts';
import { DirectoryError, ldapDirectory } from './directory.ts';

const slapd = await startSlapd();
afterAll(() => slapd?.remove());

describeWith('a real OpenLDAP', slapd, 'slapd, as root on Debian, and openssl', (server) => {
  let postgres: TestPostgres;
  let world: World;
  const passwordFile = path.join(server.folder, 'service-password');
  const roles = [
    { group: `cn=Radiologists, ${server.groups}`, role: 'reader' },
    { group: `cn=leads,${server.groups}`, role: 'evaluation-lead', evaluation: 'hip-fracture-detection' },
  ];
  const base = { caFile: server.certificate.certificate, roles, timeoutSeconds: 2 };
  const serviceAccount = { dn: SERVICE.dn, passwordFile };
  const people = { baseDn: server.people, filter: '(&(objectClass=person)(uid={name}))' };
  const groups = { baseDn: server.groups, filter: '(&(objectClass=groupOfNames)(member={dn}))' };
  const secure = { ...base, url: server.secureUrl, serviceAccount, people };
  const startTls = { ...secure, url: server.url, startTls: true };
  const direct = { ...base, url: server.secureUrl, directBind: `uid={name},${server.people}`, people };
  const open = (given: object) => ldapDirectory(Configuration.parse(given));

  beforeAll(async () => {
    writeFileSync(passwordFile, `${SERVICE.password}\n`);
    await server.addPerson('rada', 'password of rada');
    await server.addPerson('lea', 'password of lea');
    await server.addPerson('guest', 'password of guest');
    await server.setGroup('radiologists', ['rada', 'lea']);
    await server.setGroup('leads', ['lea']);
    postgres = await startTestPostgres();
    world = await makeWorld(postgres.url);
  });
  afterAll(async () => {
    await world.close();
    await postgres.stop();
  });
  beforeEach(() => world.later(2 * 60 * 60_000));

  /** A browser at a site with this directory. */
  const browserAt = (directory: object) => makeBrowser(createApp({ ...world.parts, directory: open(directory) }));
  const signIn = (directory: object, name: string, password: string) =>
    browserAt(directory).post('/sign-in', { name, password });

  it.each([
    ['LDAPS, groups in memberOf', secure],
    ['StartTLS, groups that name their members', { ...startTls, groups }],
    ['the person’s own bind', direct],
  ])('tells who belongs to what by %s', async (_, directory) => {
    const asked = open(directory);
    expect(await asked.check('rada', 'password of rada')).toEqual([{ role: 'reader', evaluation: null }]);
    expect(await asked.check('lea', 'password of lea')).toEqual([
      { role: 'reader', evaluation: null },
      { role: 'evaluation-lead', evaluation: 'hip-fracture-detection' },
    ]);
    expect(await asked.check('guest', 'password of guest')).toEqual([]);
    expect(await asked.check('rada', 'password of lea')).toBeUndefined();
    expect(await asked.check('nobody-of-there', 'x')).toBeUndefined();
  });

  it('can be asked for somebody without their password by a service account alone, until they have left', async () => {
    expect(open(direct).look).toBeUndefined();
    await server.addPerson('tess', 'password of tess');
    for (const directory of [secure, { ...startTls, groups }]) {
      const { look } = open(directory);
      expect(await look?.('rada')).toEqual([{ role: 'reader', evaluation: null }]);
      expect(await look?.('tess')).toEqual([]);
      expect(await look?.('nobody-of-there')).toBeUndefined();
    }
  });

  it('is never asked without a password, which it would take for nobody’s', async () => {
    for (const directory of [secure, startTls, direct]) expect(await open(directory).check('rada', '')).toBeUndefined();
  });

  it('takes what somebody types for a name and for nothing else', async () => {
    for (const name of ['*', 'rada)(uid=*', 'ra*', 'rada)(|(uid=*']) {
      expect(await open(secure).check(name, 'password of rada'), name).toBeUndefined();
    }
    expect(await open(direct).check(`lea,${server.people},uid=rada`, 'password of lea')).toBeUndefined();
  });

  it('is not believed with a certificate of somebody else, by LDAPS and by StartTLS', async () => {
    const other = await makeCertificate(server.folder, 'another');
    for (const directory of [secure, startTls]) {
      const asking = open({ ...directory, caFile: other?.certificate }).check('rada', 'password of rada');
      await expect(asking).rejects.toThrow(DirectoryError);
      await expect(asking).rejects.toThrow('DEPTH_ZERO_SELF_SIGNED_CERT');
    }
  });

  it('sends no password where the connection breaks after StartTLS: nothing is opened again in the clear', async () => {
    const cert = readFileSync(server.certificate.certificate);
    const key = readFileSync(server.certificate.key);
    let connections = 0;
    let clear = Buffer.alloc(0);
    const breaking = net.createServer((socket) => {
      connections += 1;
      socket.on('error', () => {});
      socket.once('data', (request) => {
        clear = Buffer.concat([clear, request]);
        // Success of a StartTLS request (RFC 4511 4.14.2).
        socket.write(Buffer.from('300c02010178070a010004000400', 'hex'));
        const secure = new tls.TLSSocket(socket, { isServer: true, cert, key });
        secure.on('error', () => {}).once('secure', () => secure.destroy());
      });
    });
    breaking.listen(0, '127.0.0.1');
    await once(breaking, 'listening');
    const address = breaking.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const directory = open({ ...direct, url: `ldap://127.0.0.1:${port}`, startTls: true });
    await expect(directory.check('rada', 'password of rada')).rejects.toThrow(DirectoryError);
    await new Promise((resolve) => breaking.close(resolve));
    expect([connections, clear.includes('password of rada')]).toEqual([1, false]);
  });

  it('says what is wrong with the service account, without its password', async () => {
    const wrong = path.join(server.folder, 'wrong-password');
    writeFileSync(wrong, 'not this one');
    const asking = open({ ...secure, serviceAccount: { dn: SERVICE.dn, passwordFile: wrong } }).check('rada', 'x');
    await expect(asking).rejects.toThrow('It refuses the name or the password of `directory.serviceAccount`.');
    expect(() => open({ ...secure, serviceAccount: { dn: SERVICE.dn, passwordFile: '/nowhere' } })).toThrow(
      'directory.serviceAccount.passwordFile: /nowhere cannot be read (ENOENT).',
    );
  });

  it('signs people in, with roles that follow their groups, in the audit too', async () => {
    expect((await signIn(secure, 'Rada', 'password of rada')).status).toBe(303);
    expect(await findAccount(world.database, 'rada')).toMatchObject({
      origin: 'directory',
      grants: [{ role: 'reader', evaluation: null, origin: 'directory' }],
    });
    await server.setGroup('radiologists', ['lea']);
    await server.setGroup('leads', ['lea', 'rada']);
    expect((await signIn(secure, 'rada', 'password of rada')).status).toBe(303);
    await server.setGroup('radiologists', ['rada', 'lea']);
    expect((await findAccount(world.database, 'rada'))?.grants).toEqual([
      { role: 'evaluation-lead', evaluation: 'hip-fracture-detection', origin: 'directory' },
    ]);
    const rows = await world.database.db.select().from(audit).where(eq(audit.subject, 'rada')).orderBy(audit.id);
    expect(rows.map(({ actor, action, detail }) => [actor, action, detail])).toEqual([
      ['directory', 'role-granted', 'reader'],
      ['rada', 'signed-in', null],
      ['directory', 'role-granted', 'evaluation-lead'],
      ['directory', 'role-withdrawn', 'reader'],
      ['rada', 'signed-in', null],
    ]);
  });

  it('lets nobody in without a role, nor who was disabled here', async () => {
    const answer = await signIn(secure, 'guest', 'password of guest');
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('you have no role here yet')]);
    expect(await findAccount(world.database, 'guest')).toBeUndefined();
    await signIn(secure, 'lea', 'password of lea');
    await setDisabled(world.database, 'lea', world.parts.now());
    expect((await signIn(secure, 'lea', 'password of lea')).status).toBe(401);
    await setDisabled(world.database, 'lea', null);
  });

  it('cannot take the name of a local account', async () => {
    await server.addPerson('admin', 'password of another admin');
    await createAccount(world.database, { name: 'admin', password: PASSWORD, role: 'administrator', now: new Date() });
    expect((await signIn(secure, 'admin', 'password of another admin')).status).toBe(401);
    expect((await signIn(secure, 'admin', PASSWORD)).status).toBe(303);
    await expect(
      createAccount(world.database, { name: 'rada', password: PASSWORD, role: 'reader', now: new Date() }),
    ).rejects.toThrow('There is an account rada already.');
  });

  it('makes wait after five wrong passwords, as a local account does', async () => {
    const browser = browserAt(secure);
    for (let tries = 0; tries < 5; tries += 1) await browser.post('/sign-in', { name: 'rada', password: 'guess' });
    expect((await browser.post('/sign-in', { name: 'rada', password: 'password of rada' })).status).toBe(429);
  });

  it('is what the service asks that the site’s file names it to', async () => {
    const site = path.join(server.folder, 'overread.yaml');
    writeFileSync(site, JSON.stringify({ directory: startTls }));
    const port = await freePort();
    const child = fork(path.join(HOME, 'web/main.ts'), {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: {
        PATH: process.env.PATH,
        OVERREAD_CONFIG: site,
        OVERREAD_DATA: path.join(server.folder, 'data-of-overread'),
        OVERREAD_WEB_PORT: String(port),
        DATABASE_URL: await postgres.fresh(),
      },
    });
    const ended = once(child, 'exit');
    await Promise.race([once(child, 'message'), ended.then(() => Promise.reject(new Error('It did not start.')))]);
    const signed = async (password: string) => {
      const body = new URLSearchParams({ name: 'rada', password });
      return (await fetch(`http://127.0.0.1:${port}/sign-in`, { method: 'POST', body, redirect: 'manual' })).status;
    };
    expect([await signed('password of rada'), await signed('password of lea')]).toEqual([303, 401]);
    child.kill('SIGTERM');
    await ended;
  });

  it('may be away: who comes from it is told so, without a failure counted; local accounts work', async () => {
    await server.stop();
    const told: string[] = [];
    const log = pino({ serializers: { err: describeError } }, { write: (line: string) => void told.push(line) });
    const browser = makeBrowser(createApp({ ...world.parts, log, directory: open(secure) }));
    for (let tries = 0; tries < 7; tries += 1) {
      const answer = await browser.post('/sign-in', { name: 'rada', password: 'password of rada' });
      expect(answer.status).toBe(503);
      expect(await answer.text()).toContain('directory does not answer');
    }
    expect((await browser.post('/sign-in', { name: 'admin', password: PASSWORD })).status).toBe(303);
    expect(told.join(''), 'the log says why').toContain('ECONNREFUSED');
    expect(told.join(''), 'and no password').not.toMatch(/password of|service of the test/);
  });
});
