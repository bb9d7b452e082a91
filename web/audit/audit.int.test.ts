import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { audit } from '../../schemas/database/web.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { BLINDED_EVALUATION, HIP_EVALUATION, LIVER_EVALUATION } from '../testing/pipelines.ts';
import { type Browser, makeWorld, type World } from '../testing/world.ts';
import { AuditQuery, everyEntry } from './search.ts';

let postgres: TestPostgres;
let world: World;
let administrator: Browser;
let reader: Browser;
/** Runs that the reader looked at. */
let hip: string;
let liver: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url, [HIP_EVALUATION, LIVER_EVALUATION, BLINDED_EVALUATION]);
  administrator = await world.signedIn('boss', 'administrator');
  reader = await world.signedIn('rada');
  hip = (await world.run()).id;
  liver = (await world.run({ segmentation: {} })).id;
  for (const path of [`/runs/${hip}`, `/runs/${liver}`, `/runs/${liver}/files/seg`]) await reader.get(path);
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

async function found(browser: Browser, query: Record<string, string>) {
  const answer = await browser.get(`/api/v1/audit?${new URLSearchParams(query)}`);
  expect(answer.status).toBe(200);
  const { entries } = await answer.json();
  return entries.map(({ actor, action, subject }: Record<string, string>) => [actor, action, subject]);
}

describe('the audit', () => {
  it('is searched by person, action, subject and time', async () => {
    const viewed = [
      ['rada', 'run-viewed', liver],
      ['rada', 'run-viewed', hip],
    ];
    expect(await found(administrator, { actor: 'Rada', action: 'run-viewed' })).toEqual(viewed);
    expect(await found(administrator, { subject: liver }), 'with its files').toEqual([
      ['rada', 'result-downloaded', `${liver}/seg`],
      ['rada', 'run-viewed', liver],
    ]);
    const today = world.parts.now().toISOString().slice(0, 10);
    expect(await found(administrator, { action: 'run-viewed', from: today, to: today })).toEqual(viewed);
    expect(await found(administrator, { action: 'run-viewed', to: '2020-01-01' })).toEqual([]);
    expect(await found(administrator, { action: 'run-viewed', from: '2999-01-01T00:00:00Z' })).toEqual([]);
    for (const query of ['action=no-such', 'subject=%00', 'actor=a%00', 'from=yesterday', 'before=x', 'other=1']) {
      expect((await administrator.get(`/api/v1/audit?${query}`)).status, query).toBe(400);
    }
  });

  it('has a look that could not be written down at first: nothing was shown then, and it is no second look', async () => {
    const looking = await world.signedIn('unlucky', 'reader');
    const { sql } = world.database;
    await sql`create function web.fail() returns trigger language plpgsql as $$ begin raise 'full'; end $$`;
    await sql`create trigger fail before insert on web.audit for each statement execute function web.fail()`;
    expect((await looking.get('/')).status).toBe(500);
    await sql`drop function web.fail cascade`;
    expect((await looking.get('/')).status).toBe(200);
    expect(await found(administrator, { actor: 'unlucky', action: 'worklist-viewed' })).toHaveLength(1);
  });

  it('has every look, by a page or by the API, once in ten minutes', async () => {
    const looking = await world.signedIn('looking', 'reader');
    const at = `/api/v1/runs/${liver}`;
    world.archive.exams.push([{ studyInstanceUid: '1.2.3', studyDate: null, studyTime: null, studyDescription: null }]);
    for (const path of [at, at, `/runs/${liver}`, `/runs/${liver}/trend`, `${at}/trend`, '/', '/'])
      await looking.get(path);
    const looks = (await found(administrator, { actor: 'looking' })).map(([, action]: string[]) => action);
    expect(looks).toEqual(['worklist-viewed', 'trend-viewed', 'run-viewed', 'run-viewed', 'signed-in', 'role-granted']);
  });

  it('is a page with the way to runs, and to older entries', async () => {
    const text = await (await administrator.get('/audit?actor=rada')).text();
    expect(text).toContain(`/runs/${liver}`);
    expect(text).toContain('value="rada"');
    await world.database.db.insert(audit).values(
      Array.from({ length: 150 }, (_, index) => ({
        at: world.parts.now(),
        actor: 'busy',
        action: 'run-viewed',
        subject: `s${index}`,
      })),
    );
    const first = await (await administrator.get('/audit?actor=busy')).text();
    expect(first).toContain('s149');
    expect(first).not.toContain('>s49<');
    const older = /href="(\/audit\?actor=busy&amp;before=\d+)"/.exec(first)?.[1]?.replace('&amp;', '&') ?? '';
    expect(await (await administrator.get(older)).text()).toContain('>s49<');
  });

  it('leads from a blinded copy nowhere: it is no run', async () => {
    const copy = 'c0'.repeat(32);
    await world.database.db.insert(audit).values([
      { at: world.parts.now(), actor: 'blind', action: 'copy-viewed', subject: copy },
      {
        at: world.parts.now(),
        actor: 'blind',
        action: 'feedback-sent',
        subject: copy,
        evaluation: BLINDED_EVALUATION.name,
      },
    ]);
    const text = await (await administrator.get('/audit?actor=blind')).text();
    expect(text.match(/copy c0c0c0c0c0c0/g)).toHaveLength(2);
    expect(text).not.toContain(`/runs/${copy}`);
  });

  it('is exported as CSV, whole, and that is an entry too', async () => {
    const answer = await administrator.get('/audit.csv?actor=busy');
    expect(answer.headers.get('content-type')).toContain('text/csv');
    const lines = (await answer.text()).trim().split('\r\n');
    expect(lines[0]).toBe('id,at,actor,action,subject,detail,evaluation');
    expect(lines).toHaveLength(151);
    expect(await found(administrator, { action: 'audit-exported' })).toEqual([['boss', 'audit-exported', 'audit']]);
  });

  it('is exported in batches that miss nothing and hold nothing twice', async () => {
    await world.database.sql`insert into web.audit (at, actor, action, subject)
      select now(), 'many', 'run-viewed', n::text from generate_series(1, 12001) n`;
    const ids: number[] = [];
    for await (const batch of everyEntry(world.database, {
      ...AuditQuery.parse({ actor: 'many' }),
      sight: undefined,
    })) {
      ids.push(...batch.map(({ id }) => id));
    }
    expect(new Set(ids).size).toBe(12_001);
  });

  it('shows who leads one evaluation what concerns it, and nothing else', async () => {
    const lead = await world.signedIn('lea', 'evaluation-lead', 'liver-transplant-segmentation');
    const entries = await found(lead, {});
    expect(entries).toContainEqual(['rada', 'run-viewed', liver]);
    expect(entries).toContainEqual(['rada', 'result-downloaded', `${liver}/seg`]);
    expect(entries).toContainEqual(['lea', 'role-granted', 'lea']);
    expect(JSON.stringify(entries)).not.toContain(hip);
    expect(JSON.stringify(entries)).not.toContain('signed-in');
  });

  it('is not for readers', async () => {
    for (const path of ['/audit', '/audit.csv', '/api/v1/audit']) expect((await reader.get(path)).status).toBe(403);
  });

  it('cannot be changed, nor emptied, by the database itself', async () => {
    await expect(world.database.sql`delete from web.audit`).rejects.toThrow('rows of web.audit are never changed');
    await expect(world.database.sql`update web.audit set actor = 'x'`).rejects.toThrow('never changed');
    await expect(world.database.sql`truncate web.audit`).rejects.toThrow('never changed');
  });
});
