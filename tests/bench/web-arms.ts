import { type SQL, sql } from 'drizzle-orm';
import type { Database } from '../../lib/database/connection.ts';
import { Evaluation } from '../../schemas/evaluation.ts';
import { createApp } from '../../web/app.ts';
import type { Parts } from '../../web/parts.ts';
import { designOf } from '../../web/reading/arms.ts';
import { giveOut } from '../../web/reading/give-out.ts';
import { makeBrowser, PASSWORD } from '../../web/testing/world.ts';
import { type Look, printLooks } from './web-looks.ts';

const ARMS = [
  { name: 'unaided', share: 1 },
  { name: 'shown', mode: 'model-shown' as const, share: 1 },
];

/** Each exam is given to two of them. */
export const READERS = ['dan', 'eve', 'fay', 'gus'];

/** The oldest exams, whose readers have sent everything; of those after them they have sent the read without the model. */
const READ = 0.2;
const BEGUN = 0.201;

/** The oldest exams, on which every difference is settled. */
const SETTLED = 0.19;

/**
 * Lists of an evaluation with arms, in which each exam of the database has come to an arm and was given to two of four
 * readers, who have read a fifth of theirs, the oldest first, and differ on a fifth of these.
 *
 * @param like whose form and pipeline it has
 */
export async function benchArms(
  print: (line: string) => void,
  parts: Parts,
  like: Evaluation,
  lead: string,
): Promise<void> {
  const { database } = parts;
  const evaluation = Evaluation.parse({
    ...like,
    name: `${like.name}-arms`,
    reading: { ...like.reading, qualityReview: undefined, readersPerCase: 2, arms: ARMS },
  });
  await fill(database, evaluation);
  const within = { ...parts, evaluations: new Map([[evaluation.pipeline, evaluation]]) };
  const app = createApp(within);
  const [reader, leader] = [makeBrowser(app), makeBrowser(app)];
  for (const [browser, name] of [
    [reader, 'dan'],
    [leader, lead],
  ] as const) {
    const answer = await browser.post('/sign-in', { name, password: PASSWORD });
    if (answer.status !== 303) throw new Error(`Sign-in answered ${answer.status}.`);
  }
  const given = async () => {
    await giveOut(within, evaluation);
    return new Response();
  };
  const looks: readonly Look[] = [
    ['what is to be read', () => reader.get('/reading')],
    ['API: what is to be read', () => reader.get('/api/v1/reading')],
    ['what is to be decided', () => leader.get('/reading')],
    ['readers, and what each has', () => leader.get(`/evaluations/${evaluation.name}/readers`)],
    ['whether there is anything to give out', given],
    [
      'an exam more, given out',
      async () => {
        await addExam(database);
        return given();
      },
    ],
    [
      'an exam more, and what is to be read',
      async () => {
        await addExam(database);
        return reader.get('/reading');
      },
    ],
  ];
  print('\nanswers in an evaluation with two arms and two readers an exam, which all exams were given to');
  await printLooks(print, looks);
}

async function fill({ db }: Database, { name, version, pipeline }: Evaluation): Promise<void> {
  const exams = sql`select r.id, r.study_instance_uid, row_number() over (order by r.created_at, r.id) - 1 as n,
    percent_rank() over (order by r.created_at, r.id) as rank from web.run r where r.pipeline = ${pipeline} and r.readable`;
  await db.execute(sql`insert into web.allocation (evaluation, study_instance_uid, arm, design, stratum, place, created_at)
    select ${name}, study_instance_uid, case when n % 2 = 0 then 'unaided' else 'shown' end, ${designOf(ARMS)}, '', n, now()
    from (${exams}) exam`);
  const readers = sql`(array[${sql.join(
    READERS.map((reader) => sql`${reader}`),
    sql`, `,
  )}])`;
  await db.execute(sql`insert into web.assignment (evaluation, study_instance_uid, reader, created_at)
    select ${name}, study_instance_uid, ${readers}[1 + (n / 2 + k) % 4], now() from (${exams}) exam, generate_series(0, 1) k`);
  const send = (stage: string, author: SQL, within: SQL) =>
    db.execute(sql`insert into web.feedback (id, run, evaluation, evaluation_version, stage, author, version, answers, created_at)
      select gen_random_uuid(), id, ${name}, ${version}, ${stage}, ${author}, 1,
        jsonb_build_array(jsonb_build_object('question', 'read', 'subject', 'left', 'value', case when random() < 0.9 then 'fracture' else 'no-fracture' end)),
        now() from (${exams}) exam cross join generate_series(0, 1) k where ${within}`);
  const reader = sql`${readers}[1 + (n / 2 + k) % 4]`;
  await send('unaided', reader, sql`n % 2 = 0 and rank < ${BEGUN}`);
  await send('aided', reader, sql`rank < ${READ}`);
  await send('adjudication', sql`'kay'`, sql`k = 0 and rank < ${SETTLED}`);
  await db.execute(sql`analyze`);
}

let added = 0;

/** An exam with a result, as others are. */
async function addExam({ db }: Database): Promise<void> {
  added += 1;
  const study = `1.2.3.${added}`;
  await db.execute(sql`insert into web.run (id, pipeline, study_instance_uid, status, created_at, amends, readable, view)
    select id, pipeline, ${study}, status, now(), amends, readable,
      jsonb_set(jsonb_set(view, '{id}', to_jsonb(id)), '{studyInstanceUid}', ${JSON.stringify(study)}::jsonb)
    from (select pipeline, status, amends, readable, view from web.run where readable limit 1) one,
      (select md5(${study}) || md5('x' || ${study}) as id) named`);
}
