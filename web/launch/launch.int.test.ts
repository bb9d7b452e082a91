import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { audit } from '../../schemas/database/web.ts';
import { blocksOf } from '../../tests/documents.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { setDisabled } from '../accounts/accounts.ts';
import { createApp } from '../app.ts';
import { freshUid } from '../testing/results.ts';
import { type Browser, makeBrowser, makeWorld, type World } from '../testing/world.ts';
import { signatureOf } from './signed.ts';

const SECRET = 'a secret that the PACS and the site share';

let postgres: TestPostgres;
let world: World;
let study: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url);
  for (const name of ['rada', 'gone']) await world.account(name);
  await setDisabled(world.database, 'gone', world.parts.now());
  study = freshUid();
  world.archive.accessions.set('A1', [study]);
  await world.run({ study });
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

/** A browser at a site that allows signed links. */
const browser = (address?: string): Browser =>
  makeBrowser(createApp({ ...world.parts, signedLaunch: { secret: SECRET, longestSeconds: 300 } }), address);

/** What a PACS makes: good, once, for two minutes; `wrong` is changed after signing. */
function link(overrides: Record<string, string> = {}, wrong: Record<string, string> = {}): string {
  const expires = String(Math.floor(world.parts.now().getTime() / 1000) + 120);
  const query = { accession: 'A1', user: 'rada', expires, nonce: randomBytes(16).toString('hex'), ...overrides };
  const signed = { ...query, signature: signatureOf(SECRET, query), ...wrong };
  return `/launch?${new URLSearchParams(signed)}`;
}

async function refusal(path: string, from = browser()): Promise<string | undefined> {
  const answer = await from.get(path);
  expect([answer.status, from.cookies.size], path).toEqual([403, 0]);
  return /<h1>([^<]*)<\/h1>/.exec(await answer.text())?.[1];
}

describe('a signed launch', () => {
  it('signs the person in, goes on at once to an address that tells nothing, and to the result', async () => {
    const pacs = browser();
    const answer = await pacs.get(link());
    const location = answer.headers.get('location') ?? '';
    expect([answer.status, location]).toEqual([303, expect.stringMatching(/^\/launch\/[\w-]+$/)]);
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect((await pacs.get(location)).headers.get('location')).toMatch(/^\/runs\//);
    const page = await (await pacs.get('/account')).text();
    expect(page).toContain('Signed in as rada');
    expect(page, 'with the rights of that person').not.toContain('/accounts"');
    const rows = await world.database.db.select().from(audit).where(eq(audit.action, 'signed-in-by-launch'));
    expect(rows).toMatchObject([{ actor: 'rada', subject: 'rada' }]);
  });

  it('is good once', async () => {
    const path = link();
    expect((await browser().get(path)).status).toBe(303);
    expect(await refusal(path)).toBe('This link was used already');
    const again = await Promise.all(
      Array.from({ length: 5 }, () => link())
        .flatMap((each) => [each, each])
        .map((each) => browser().get(each)),
    );
    expect(
      again.filter(({ status }) => status === 303),
      'of two at the same moment one',
    ).toHaveLength(5);
  });

  it.each<[string, Record<string, string>]>([
    ['user', { user: 'gone' }],
    ['exam', { accession: 'A2' }],
    ['end', { expires: '4000000000' }],
    ['nonce', { nonce: 'f'.repeat(32) }],
    ['signature', { signature: '0'.repeat(64) }],
    ['signature, by a word that is none', { signature: 'none' }],
    ['query, by one more parameter', { evaluation: 'hip-fracture-detection' }],
  ])('is refused when its %s was changed', async (_, wrong) => {
    expect(await refusal(link({}, wrong))).toBe('This link was changed');
  });

  it('is refused without a signature, and with a parameter twice', async () => {
    expect(await refusal('/launch?accession=A1&user=rada')).toBe('This link was changed');
    expect(await refusal(`${link()}&user=rada`)).toBe('This link was changed');
  });

  it('is refused after its end, and where it lasts longer than the site allows', async () => {
    const past = String(Math.floor(world.parts.now().getTime() / 1000));
    expect(await refusal(link({ expires: past }))).toBe('This link has expired');
    const far = String(Math.floor(world.parts.now().getTime() / 1000) + 3600);
    expect(await refusal(link({ expires: far }))).toBe('This link is good for too long');
  });

  it('is refused for who has no account, or a disabled one, with an entry in the audit', async () => {
    expect(await refusal(link({ user: 'gone' }))).toBe('You have no account here');
    expect(await refusal(link({ user: 'stranger' }))).toBe('You have no account here');
    const rows = await world.database.db.select().from(audit).where(eq(audit.action, 'launch-refused'));
    expect(rows).toContainEqual(
      expect.objectContaining({ actor: 'nobody', subject: 'gone', detail: 'unknown-person' }),
    );
  });

  it('is refused where the site does not allow it, and over a network in the clear', async () => {
    expect(await refusal(link(), world.browser())).toBe('Signed links are not allowed here');
    expect(await refusal(link(), browser('10.1.2.3'))).toBe('Sign-in works on this machine only');
  });

  it('leaves links that name nobody as they are: who opens one signs in', async () => {
    const pacs = browser();
    const location = (await pacs.get('/launch?accession=A1')).headers.get('location') ?? '';
    expect((await pacs.get(location)).headers.get('location')).toContain('/sign-in?next=');
  });
});

describe('the link of the documents', () => {
  it('is followed, made by its own commands: openssl rand, openssl dgst, cut, echo', async () => {
    const block = blocksOf('docs/administrator.md').find(({ text }) => text.includes('launch-secret)'));
    const folder = mkdtempSync(path.join(tmpdir(), 'overread-launch-'));
    const file = path.join(folder, 'launch-secret');
    writeFileSync(file, `${SECRET}\n`);
    const commands = (block?.text ?? '').replace('.overread/secrets/launch-secret', file);
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', commands]);
    rmSync(folder, { recursive: true });
    const { pathname, search } = new URL(stdout.trim());
    const answer = await browser().get(`${pathname}${search}`);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, expect.stringMatching(/^\/launch\//)]);
  });
});

describe('what the PACS opens', () => {
  it('is everything about the exam as buttons: results, forms, course, with the patient to check', async () => {
    const exam = freshUid();
    world.archive.accessions.set('BOTH', [exam]);
    world.archive.patients.set(exam, { name: 'Doe^Jane', patientId: 'P1', birthDate: '19500131', sex: 'F' });
    const [hip, liver] = [await world.run({ study: exam }), await world.run({ study: exam, segmentation: {} })];
    const pacs = browser();
    const location = (await pacs.get(link({ accession: 'BOTH' }))).headers.get('location') ?? '';
    const text = await (await pacs.get(location)).text();
    for (const path of [
      `/runs/${hip.id}"`,
      `/runs/${liver.id}"`,
      `/runs/${liver.id}#feedback"`,
      `/runs/${liver.id}/trend"`,
    ]) {
      expect(text).toContain(`href="${path}`);
    }
    for (const words of ['Doe, Jane', '1950-01-31', 'P1']) expect(text).toContain(words);
  });

  it('is the result of the evaluation that the PACS names', async () => {
    const exam = freshUid();
    await world.run({ study: exam });
    const liver = await world.run({ study: exam, segmentation: {} });
    const pacs = browser();
    const query = { study: exam, evaluation: 'liver-transplant-segmentation' };
    const { accession, ...signed } = Object.fromEntries(new URL(link(query), 'http://x').searchParams);
    expect(accession).toBe('A1');
    const path = `/launch?${new URLSearchParams({ ...signed, signature: signatureOf(SECRET, signed) })}`;
    const location = (await pacs.get(path)).headers.get('location') ?? '';
    expect((await pacs.get(location)).headers.get('location')).toBe(`/runs/${liver.id}`);
  });

  it('shows nothing of the exam to who has no role in its evaluation', async () => {
    const exam = freshUid();
    world.archive.patients.set(exam, { name: 'Doe^Jane', patientId: 'P1', birthDate: '19500131', sex: 'F' });
    await world.run({ study: exam });
    const elsewhere = await world.signedIn('elsewhere', 'reader', 'brain-tumor-segmentation');
    const location = (await elsewhere.get(`/launch?study=${exam}`)).headers.get('location') ?? '';
    const text = await (await elsewhere.get(location)).text();
    expect(text).toContain('Nothing received yet');
    expect(text).not.toContain('Doe');
  });
});

describe('/launch', () => {
  let reader: Browser;
  beforeAll(async () => {
    reader = await world.signedIn('opener');
  });

  const accession = 'ACC-4711';
  const launch = async (query: string) => {
    const answer = await reader.get(`/launch?${query}`);
    return answer.headers.get('location') ?? '';
  };

  it('goes on at once to an address that does not tell the accession number, and asks who it is there', async () => {
    const answer = await world.browser().get(`/launch?accession=${accession}`);
    const location = answer.headers.get('location') ?? '';
    expect([answer.status, location]).toEqual([303, expect.stringMatching(/^\/launch\/[\w-]+$/)]);
    expect(location).not.toContain(accession);
    const asked = await world.browser().get(location);
    expect(asked.headers.get('location')).toBe(`/sign-in?next=${encodeURIComponent(location)}`);
  });

  it('opens the one run of the exam, the newest where it was amended', async () => {
    const study = freshUid();
    world.archive.accessions.set(accession, [study]);
    const first = await world.run({ study });
    expect((await reader.get(await launch(`accession=${accession}`))).headers.get('location')).toBe(
      `/runs/${first.id}`,
    );
    const second = await world.run({ study, amends: first.id });
    expect((await reader.get(await launch(`study=${study}`))).headers.get('location')).toBe(`/runs/${second.id}`);
  });

  it('lets choose where the accession number stands for two exams', async () => {
    const studies = [freshUid(), freshUid()];
    world.archive.accessions.set('TWO', studies);
    const runs = [await world.run({ study: studies[0] ?? '' }), await world.run({ study: studies[1] ?? '' })];
    const text = await (await reader.get(await launch('accession=TWO'))).text();
    for (const { id } of runs) expect(text).toContain(`/runs/${id}`);
  });

  it('waits on a clear page while there is nothing, or images only', async () => {
    expect(await (await reader.get(await launch('accession=NONE'))).text()).toContain('Nothing received yet');
    const study = freshUid();
    world.archive.accessions.set('SOME', [study]);
    const lastReceivedAt = new Date(world.parts.now().getTime() - 180_000).toISOString();
    world.archive.studies.set(study, {
      studyInstanceUid: study,
      state: 'receiving',
      instances: 214,
      series: 2,
      lastReceivedAt,
      quarantined: 0,
      routes: [],
    });
    const text = await (await reader.get(await launch('accession=SOME'))).text();
    expect(text).toContain('Waiting for images: 214 so far, the last one 3 min 0 s ago.');
    expect(text).toContain('http-equiv="refresh"');
  });

  it.each(['', 'accession=', 'study=abc', 'accession=A&study=1.2'])('should be 400 for ?%s', async (query) => {
    const answer = await reader.get(`/launch?${query}`);
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('The PACS named no exam')]);
  });

  it('should be 404 for an address that was tampered with', async () => {
    const at = await launch('accession=X');
    expect((await reader.get(`${at.slice(0, -3)}AAA`)).status).toBe(404);
  });
});
