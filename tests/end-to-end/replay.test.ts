import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { type Exams, makeExams } from '../exams.ts';
import { type Site, startSite } from '../site.ts';

let site: Site;
let exams: Exams;
let run: string;

const Compared = z.array(
  z.object({
    comparison: z.object({
      replay: z.string(),
      outputs: z.array(z.object({ step: z.string(), output: z.string(), bytes: z.string() })),
      images: z.array(z.object({ leastIou: z.number(), sameClasses: z.boolean() })),
    }),
    problems: z.array(z.string()),
  }),
);

beforeAll(async () => {
  exams = makeExams({ count: 1, seed: 11 });
  await exams.ready;
  site = await startSite();
  const exam = exams.next();
  await exam.send(site);
  const [ended] = await site.untilEnded(exam.studyInstanceUid);
  run = ended?.id ?? '';
}, 120_000);
afterAll(async () => {
  await site.stop();
  await site.remove();
  exams.remove();
});

it('replays a run on its stored inputs: every file before the publication has the same bytes', async () => {
  const { status, stdout, stderr } = await site.overread('replay', run, '--json');
  expect(status, stderr).toBe(0);
  const [compared] = Compared.parse(JSON.parse(stdout));
  const { outputs, images, replay } = compared?.comparison ?? { outputs: [], images: [], replay: '' };
  const before = outputs.filter(({ step }) => !['publish-results', 'report-writer', 'register-results'].includes(step));
  expect(before.length).toBeGreaterThan(5);
  expect(before.filter(({ bytes }) => bytes !== 'same')).toEqual([]);
  expect(images).not.toEqual([]);
  for (const image of images) expect(image).toMatchObject({ leastIou: 1, sameClasses: true });

  const { replayOf, amends, triggers } = await (await site.api(`/runs/${replay}`)).json();
  expect({ replayOf, amends, trigger: triggers[0]?.kind }).toEqual({ replayOf: run, amends: null, trigger: 'replay' });
  const again = await site.overread('replay', run.slice(0, 12));
  expect(again.stdout).toContain(`replay ${replay.slice(0, 12)}`);
  expect(again.stdout).toContain('As expected.');
}, 120_000);

it('fails a cohort that expects something else, and says what', async () => {
  const file = path.join(site.data, 'cohort.yaml');
  writeFileSync(
    file,
    `name: hips\nruns:\n  - run: ${run}\n    about: a wrong hope\n    expect: { status: out-of-scope }\n`,
  );
  const { status, stdout, stderr } = await site.overread('replay', '--cohort', file);
  expect(status).toBe(1);
  expect(stdout).toContain('NOT AS EXPECTED: It ended succeeded; out-of-scope was expected.');
  expect(stderr).toContain('1 of 1 replays are not as expected.');
}, 120_000);

it.each([
  [['replay'], 'give a run, or --cohort FILE'],
  [['replay', '0'.repeat(64)], 'There is no run 0000'],
  [['replay', 'beef'], 'No run of the list (`overread runs`) begins with beef.'],
  [['replay', '--cohort', '/nowhere.yaml'], 'cannot be read as YAML'],
])('refuses %j', async (parameters, message) => {
  const { status, stderr } = await site.overread(...parameters);
  expect(status).toBe(2);
  expect(stderr).toContain(message);
});

it('refuses a model that the store does not hold', async () => {
  const { status, stderr } = await site.overread('replay', run, '--model', 'hip-fracture@9.9.9');
  expect(status).toBe(2);
  expect(stderr).toContain('The store holds no model hip-fracture@9.9.9');
});
