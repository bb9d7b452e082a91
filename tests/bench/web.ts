import { createHash } from 'node:crypto';
import path from 'node:path';
import { sql } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import { HOME } from '../../lib/platform/configuration.ts';
import { createAccount } from '../../web/accounts/accounts.ts';
import { createApp } from '../../web/app.ts';
import { archiveReader } from '../../web/archive.ts';
import { loadEvaluations } from '../../web/evaluations/load.ts';
import { serveWorld } from '../../web/testing/serve.ts';
import { makeWorld, PASSWORD } from '../../web/testing/world.ts';
import { freePort } from '../ports.ts';
import { startTestPostgres } from '../postgres.ts';
import { benchUsable } from './usable.ts';
import { benchArms, READERS } from './web-arms.ts';
import { type Look, printLooks } from './web-looks.ts';

const RESULTS = 100_000;

/**
 * How long the web takes to answer with 100,000 results in the database, a tenth of them read by two readers: pages and
 * API, in this process, without a network; then how long until pages can be used in a browser. The peer in the same run is a page that asks the database nothing but who is
 * signed in.
 */
export async function benchWeb(print: (line: string) => void): Promise<void> {
  const postgres = await startTestPostgres();
  const evaluations = loadEvaluations([path.join(HOME, 'pipelines')]);
  const world = await makeWorld(postgres.url, [...evaluations.values()]);
  const hips = evaluations.get('hip-fracture-detection');
  if (hips === undefined) throw new Error('There is no evaluation of hips.');
  try {
    const { id } = await world.run();
    await fill(world.database, id);
    const parts = { ...world.parts, archive: archiveReader(world.database) };
    const app = createApp(parts);
    for (const name of ['ann', ...READERS, 'lea']) {
      const role = name === 'lea' ? 'evaluation-lead' : 'reader';
      await createAccount(world.database, { name, password: PASSWORD, role, now: new Date() });
    }
    const [reader, lead] = [browserOf(app), browserOf(app)];
    await reader.signIn('ann');
    await lead.signIn('lea');
    const found = await lead.search(createHash('md5').update('4711').digest('hex').slice(0, 8));
    const looks: readonly Look[] = [
      ['account (the peer)', () => reader.get('/account')],
      ['worklist', () => lead.get('/')],
      ['worklist of a reader', () => reader.get('/')],
      ['worklist of a pipeline, failed', () => lead.get('/?pipeline=hip-fracture-detection&status=failed')],
      ['search by a name', () => lead.get(found)],
      ['run', () => lead.get(`/runs/${id}`)],
      ['exam', () => lead.get('/studies/1.2.4711')],
      ['what is to be read', () => reader.get('/reading')],
      ['what is to be decided', () => lead.get('/reading')],
      ['report', () => lead.get('/evaluations/hip-fracture-detection')],
      ['API: runs', () => lead.get('/api/v1/runs?limit=100')],
      ['API: what is to be read', () => reader.get('/api/v1/reading')],
    ];
    print(`\nanswers with ${RESULTS} results in the database`);
    await printLooks(print, looks);
    await benchArms(print, parts, hips, 'lea');
    const site = await serveWorld({ ...world, app }, await freePort());
    const pages = [
      ['worklist', '/', 'lea'],
      ['run with the form', `/runs/${id}`, 'ann'],
      ['what is to be read', '/reading', 'ann'],
      ['report', '/evaluations/hip-fracture-detection', 'lea'],
      ['sign-in', '/sign-in', 'ann'],
    ] as const;
    await benchUsable(print, { url: site.url, password: PASSWORD, pages }).finally(() => site.close());
  } finally {
    await world.close();
    await postgres.stop();
  }
}

/** Copies one run 100,000 times, with an exam and a patient for each, and reads of some of them. */
async function fill({ db }: Database, model: string): Promise<void> {
  await db.execute(sql`insert into archive.patient (patient_id, issuer, name, birth_date, sex)
    select 'P' || n, '', upper(md5(n::text)) || '^Test', '19500101', 'F' from generate_series(1, ${RESULTS}::int) n`);
  await db.execute(sql`insert into archive.study (study_instance_uid, patient, person, accession_number, study_description, study_date,
      study_time, first_received_at, last_received_at, complete_at)
    select '1.2.' || p.id, p.id, p.id, 'A' || p.id, 'Pelvis', '20260101', '120000', now(), now(), now() from archive.patient p`);
  await db.execute(sql`insert into web.run (id, pipeline, study_instance_uid, status, created_at, amends, readable, view)
    select md5(n::text) || md5('x' || n), pipeline, '1.2.' || n, case when n % 50 = 0 then 'failed' else status end,
      created_at - n * interval '1 second', null, n % 50 <> 0,
      jsonb_set(jsonb_set(view, '{id}', to_jsonb(md5(n::text) || md5('x' || n))), '{studyInstanceUid}', to_jsonb('1.2.' || n))
    from web.run, generate_series(1, ${RESULTS}::int) n where id = ${model}`);
  for (const author of ['bob', 'cem']) {
    await db.execute(sql`insert into web.feedback (id, run, evaluation, evaluation_version, stage, author, version, answers, created_at)
      select gen_random_uuid(), id, 'hip-fracture-detection', '2.0.0', 'unaided', ${author}, 1,
        jsonb_build_array(jsonb_build_object('question', 'read', 'subject', 'left', 'value', case when random() < 0.9 then 'fracture' else 'no-fracture' end)),
        now() from web.run where hashtext(id) % 10 = 0`);
  }
  await db.execute(sql`insert into web.feedback (id, run, evaluation, evaluation_version, stage, author, version, answers, created_at)
    select gen_random_uuid(), id, 'hip-fracture-detection', '2.0.0', 'quality', 'quinn', 1,
      jsonb_build_array(jsonb_build_object('question', 'usable', 'subject', '1.2', 'value', 'good')), now()
    from web.run where hashtext(id) % 5 = 0`);
  await db.execute(sql`analyze`);
}

function browserOf(app: ReturnType<typeof createApp>) {
  const origin = 'http://127.0.0.1:8000';
  const env = { incoming: { socket: { remoteAddress: '127.0.0.1' } } };
  let cookie = '';
  const ask = async (at: string, init: RequestInit = {}) => {
    const headers = { host: '127.0.0.1:8000', origin, cookie };
    const answer = await app.request(`${origin}${at}`, { ...init, headers }, env);
    cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    return answer;
  };
  const post = (at: string, fields: Record<string, string>) =>
    ask(at, { method: 'POST', body: new URLSearchParams(fields) });
  return {
    get: (at: string) => ask(at),
    signIn: async (name: string) => {
      const answer = await post('/sign-in', { name, password: PASSWORD });
      if (answer.status !== 303) throw new Error(`Sign-in answered ${answer.status}.`);
    },
    /** The address that a search leads to. */
    search: async (text: string) => {
      const token = /name="form-token" value="([^"]*)"/.exec(await (await ask('/')).text())?.[1] ?? '';
      const found = await post('/search', { 'form-token': token, text });
      return found.headers.get('location') ?? '/';
    },
  };
}
