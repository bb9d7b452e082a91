import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordQuarantine } from '../../lib/archive/catalogue.ts';
import { readFacts } from '../../lib/archive/facts.ts';
import { decisionKey, quarantineKey } from '../../lib/archive/keys.ts';
import { studyView } from '../../lib/archive/read.ts';
import { ADVISORY_LOCK } from '../../lib/database/locks.ts';
import { writePart10 } from '../../lib/dicom/write.ts';
import { sha256 as digestOf } from '../../lib/runs/canonical.ts';
import { audit } from '../../schemas/database/web.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { hold, whenWaiting } from '../testing/locks.ts';
import { freshUid } from '../testing/results.ts';
import { type Browser, makeWorld, type World } from '../testing/world.ts';

let postgres: TestPostgres;
let world: World;
let boss: Browser;
beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url);
  boss = await world.signedIn('boss', 'administrator');
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

/** Puts an instance into quarantine that says this; answers its digest and study. */
async function quarantined(elements: Record<string, string> = {}): Promise<{ sha256: string; study: string }> {
  const study = freshUid();
  const identifiers = { SOPInstanceUID: freshUid(), StudyInstanceUID: study, SeriesInstanceUID: freshUid() };
  const SOPClassUID = '1.2.840.10008.5.1.4.1.1.1';
  const bytes = Buffer.from(writePart10({ SOPClassUID, ...identifiers, PatientName: 'Doe^Jane', ...elements }));
  const sha256 = digestOf(bytes);
  const object = await world.store.put('dicom', quarantineKey(sha256), bytes);
  const facts = readFacts(bytes, { keywords: [] });
  const reception = { entry: undefined, receivedAt: new Date(), facts, dataSetSha256: '' };
  await recordQuarantine(world.database.db, reception, object, 'It was sent under another SOPInstanceUID.');
  return { sha256, study };
}

describe('an instance in quarantine', () => {
  it('is shown beside what is held, to administrators', async () => {
    const { sha256 } = await quarantined();
    const text = await (await boss.get(`/quarantine/${sha256}`)).text();
    for (const words of ['Doe, Jane', 'sent under another SOPInstanceUID', 'Release', 'Discard']) {
      expect(text).toContain(words);
    }
    expect((await boss.get(`/quarantine/${'f'.repeat(64)}`)).status).toBe(404);
    const reader = await world.signedIn('reader');
    expect((await reader.get(`/quarantine/${sha256}`)).status).toBe(403);
    expect((await reader.post(`/quarantine/${sha256}`, { decision: 'release', reason: 'x' })).status).toBe(403);
  });

  it.each(['release', 'discard'])('is decided once where two decide at one moment, here it is to %s', async (other) => {
    const { sha256, study } = await quarantined();
    const token = await boss.field(`/quarantine/${sha256}`, 'form-token');
    const decide = (decision: string) =>
      boss.post(`/quarantine/${sha256}`, { 'form-token': token, decision, reason: 'It is theirs.' });
    const release = await hold(world.database, `select pg_advisory_xact_lock(${ADVISORY_LOCK.archive})`);
    const first = decide('release');
    await whenWaiting(world.database, 1);
    const second = decide(other);
    await whenWaiting(world.database, 2);
    await release();
    expect([(await first).status, (await second).status]).toEqual([303, 404]);
    expect(await studyView(world.database, study)).toMatchObject({ instances: 1, quarantined: 0 });
    const kept = JSON.parse((await world.store.get('dicom', decisionKey(sha256))).toString('utf8'));
    expect(kept).toMatchObject({ decision: 'release' });
  });

  it('waits on, and keeps nobody waiting, while the index is made anew', async () => {
    const { sha256 } = await quarantined();
    const token = await boss.field(`/quarantine/${sha256}`, 'form-token');
    const decision = { 'form-token': token, decision: 'release', reason: 'It is theirs.' };
    const release = await hold(world.database, `select pg_advisory_xact_lock(${ADVISORY_LOCK.archive})`);
    const answer = await boss.post(`/quarantine/${sha256}`, decision);
    expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('is being made anew')]);
    await release();
    expect((await boss.post(`/quarantine/${sha256}`, decision)).status).toBe(303);
  });

  it('says once that nothing is held where nothing of its exam is', async () => {
    const { sha256 } = await quarantined({ PatientID: 'P1', PatientBirthDate: '19500101', StudyDate: '20260105' });
    const text = await (await boss.get(`/quarantine/${sha256}`)).text();
    expect(text.match(/nothing held/g)).toHaveLength(1);
    const said = /<table class="comparison">.*<\/table>/s.exec(text)?.[0] ?? '';
    expect(said.match(/not given/g), 'description, accession and series, of this instance').toHaveLength(3);
  });

  it('goes in when it is released with a reason, and who did it is recorded', async () => {
    const { sha256, study } = await quarantined();
    const at = `/quarantine/${sha256}`;
    const token = await boss.field(at, 'form-token');
    const hasty = await boss.post(at, { 'form-token': token, decision: 'release', reason: ' ' });
    expect([hasty.status, await hasty.text()]).toEqual([422, expect.stringContaining('Give a reason')]);
    const done = await boss.post(at, { 'form-token': token, decision: 'release', reason: 'Checked with the ward.' });
    expect(done.headers.get('location')).toBe('/quarantine?decided=released');
    expect(await (await boss.get('/quarantine?decided=released')).text()).toContain('is released');
    expect(await studyView(world.database, study)).toMatchObject({ instances: 1, quarantined: 0 });
    const rows = await world.database.db.select().from(audit).where(eq(audit.subject, sha256));
    expect(rows.map(({ actor, action }) => `${actor} ${action}`)).toContain('boss quarantine-released');
  });

  it('is discarded by the API, and cannot be released without identifiers', async () => {
    const { sha256 } = await quarantined({ SeriesInstanceUID: '' });
    const decide = (decision: string) =>
      world.api(`/api/v1/quarantine/${sha256}/decision`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ decision, reason: 'Cannot be told apart.' }),
      });
    expect(await (await boss.get(`/quarantine/${sha256}`)).text()).toContain('It cannot be released');
    const refused = await decide('release');
    expect([refused.status, (await refused.json()).detail]).toEqual([
      409,
      expect.stringContaining('SeriesInstanceUID'),
    ]);
    expect(await (await decide('discard')).json()).toEqual({ outcome: 'discarded' });
    expect((await decide('discard')).status).toBe(404);
  });
});

describe('an error page', () => {
  it('keeps the way to everything else for whoever is signed in', async () => {
    expect(await (await boss.get('/runs/none')).text()).toContain('href="/quarantine"');
    expect(await (await world.browser().get('/launch')).text()).not.toContain('Sign out');
  });
});

describe('GET /quarantine', () => {
  const [study, reason] = ['1.2.3', 'Its study is known under another patient.'];
  const made = (studyInstanceUid: string | null, sha256: string) => ({
    ...{ sha256, studyInstanceUid, sopInstanceUid: null, reason, calledAETitle: 'HIP<b>' },
    receivedAt: '2026-01-05T08:00:00.000Z',
  });

  it('tells administrators what stays out of every run and why, also of what belongs to no exam', async () => {
    world.archive.quarantined.push(made(null, 'a'), made(study, 'b'));
    const page = await (await boss.get('/quarantine')).text();
    expect(page.match(/Its study is known under another patient\./g)).toHaveLength(2);
    expect(page).toContain('HIP&lt;b&gt;');
    expect(page).toContain(`/studies/${study}`);
    const api = await world.api(`/api/v1/quarantine?studyInstanceUid=${study}`);
    expect(await api.json()).toEqual({ instances: [made(study, 'b')] });
  });

  it('is not for readers', async () => {
    const looker = await world.signedIn('looker');
    expect((await looker.get('/quarantine')).status).toBe(403);
  });
});
