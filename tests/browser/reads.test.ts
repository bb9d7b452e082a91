import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOME } from '../../lib/platform/configuration.ts';
import { Evaluation } from '../../schemas/evaluation.ts';
import { EvaluationReport } from '../../schemas/report.ts';
import { loadEvaluations } from '../../web/evaluations/load.ts';
import { listFeedback } from '../../web/feedback/entries.ts';
import { freshUid } from '../../web/testing/results.ts';
import { PASSWORD } from '../../web/testing/world.ts';
import { expectAccessible } from './accessible.ts';
import { HAS_CHROMIUM, screenshot } from './chromium.ts';
import { type House, openHouse } from './house.ts';
import { SignInPage } from './pages/sign-in.ts';

const NAME = 'hip-fracture-detection';
const REMARK = 'Line below the left trochanter; see the second image.';

/** The hips' evaluation without its quality review, and with a remark at every stage. */
function evaluation(): Evaluation {
  const hips = loadEvaluations([path.join(HOME, 'pipelines')]).get(NAME);
  if (hips === undefined) throw new Error('There is no evaluation of hips.');
  return Evaluation.parse({
    ...hips,
    reading: { ...hips.reading, qualityReview: undefined },
    questions: hips.questions.map((one) => (one.name === 'remarks' ? { ...one, stages: undefined } : one)),
  });
}

describe.skipIf(!HAS_CHROMIUM)('reads that can be trusted, in Chromium', () => {
  let house: House;

  beforeAll(async () => {
    const people = { ann: 'reader', bob: 'reader', lea: 'evaluation-lead' } as const;
    house = await openHouse({ evaluations: [evaluation()], people });
  });
  afterAll(() => house.close());

  const made = async (of: { study: string; amends?: string }) => {
    house.madePatient(of.study);
    return (await house.world.run(of)).id;
  };
  const sent = (run: string) => listFeedback(house.world.database, { run, evaluation: NAME });
  const seen = async (page: Page, name: string) => {
    await page.evaluate(() => window.scrollTo(0, 0));
    await screenshot(page, name);
    await expectAccessible(page);
  };
  const formOf = (page: Page) => page.locator('form[data-draft]');
  const remark = (page: Page) => formOf(page).getByLabel('Remarks');
  const opened = async (page: Page, run: string) => {
    await page.goto(`/runs/${run}`);
    await page.locator('.question.is-current').waitFor();
  };
  /** Answers about a hip by a click. */
  const choose = async (page: Page, hip: string, answer: string) => {
    await formOf(page).locator('fieldset', { hasText: hip }).getByRole('radio', { name: answer, exact: true }).check();
  };
  const isChosen = (page: Page, hip: string, answer: string) =>
    formOf(page).locator('fieldset', { hasText: hip }).getByRole('radio', { name: answer, exact: true }).isChecked();

  it('tells of a newer run at once, loses nothing that was entered, and lets the reader decide', async () => {
    const study = freshUid();
    const run = await made({ study });
    const { page, context, complaints } = await house.signedIn('ann');
    await opened(page, run);
    await page.locator('[data-live-open]').waitFor();
    await choose(page, 'Right hip', 'Fracture');
    await remark(page).pressSequentially(REMARK.slice(0, 20));
    const newer = await made({ study, amends: run });
    await page.getByRole('status', { name: 'A newer run of this exam' }).waitFor();
    await remark(page).pressSequentially(REMARK.slice(20));
    expect(await remark(page).inputValue(), 'what was typed before and after stays, in one text').toBe(REMARK);
    await seen(page, 'reading-amended');
    await page.reload();
    expect(await remark(page).inputValue(), 'also when the page is opened anew at once').toBe(REMARK);
    expect(await isChosen(page, 'Right hip', 'Fracture')).toBe(true);
    await formOf(page).getByText('Draft saved').waitFor();

    await page.getByRole('link', { name: 'See the newer run' }).click();
    await page.waitForURL(`**/runs/${newer}`);
    expect(await remark(page).inputValue(), 'nothing is chosen beforehand').toBe('');
    await seen(page, 'reading-amended-new');
    await page.getByRole('link', { name: 'Take over what you entered' }).click();
    await page.getByText('What you had entered about the earlier run is filled in').waitFor();
    expect([await remark(page).inputValue(), await isChosen(page, 'Right hip', 'Fracture')]).toEqual([REMARK, true]);

    await opened(page, run);
    await choose(page, 'Left hip', 'No fracture');
    await page.keyboard.press('Control+Enter');
    await page.getByText('Sent by').waitFor();
    expect((await sent(run))[0]?.answers).toContainEqual({ question: 'remarks', subject: 'exam', value: REMARK });
    expect(await sent(newer), 'the answers stay with the run that they were given to').toEqual([]);
    await page.goto('/reading');
    await page.getByText('With the model’s result').waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('brings a reader whose session ended in the middle of a form back to it, with everything', async () => {
    const run = await made({ study: freshUid() });
    const { page, context } = await house.signedIn('bob');
    await opened(page, run);
    await choose(page, 'Right hip', 'No fracture');
    await remark(page).fill(REMARK.slice(0, 20));
    await formOf(page).getByText('Draft saved').waitFor();
    house.world.later(31 * 60_000);
    await remark(page).pressSequentially(REMARK.slice(20));
    await page.getByText('You are signed out').waitFor();
    await seen(page, 'reading-signed-out');
    await choose(page, 'Left hip', 'Hardware');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await new SignInPage(page).signInAgain(PASSWORD);
    expect(new URL(page.url()).pathname).toBe(`/runs/${run}`);
    await page.getByText('Your answers are kept').waitFor();
    expect(await remark(page).inputValue()).toBe(REMARK);
    expect([await isChosen(page, 'Right hip', 'No fracture'), await isChosen(page, 'Left hip', 'Hardware')]).toEqual([
      true,
      true,
    ]);
    expect(await sent(run), 'nothing was sent without a second look').toEqual([]);
    await page.keyboard.press('Control+Enter');
    await page.getByText('Sent by').waitFor();
    expect((await sent(run))[0]?.answers).toHaveLength(3);
    await context.close();
  });

  it('keeps two who read one exam at once from each other, counts both, and asks a third only after both', async () => {
    const run = await made({ study: freshUid() });
    const [ann, bob, lea] = [await house.signedIn('ann'), await house.signedIn('bob'), await house.signedIn('lea')];
    await Promise.all([opened(ann.page, run), opened(bob.page, run)]);
    await choose(ann.page, 'Right hip', 'Fracture');
    await choose(bob.page, 'Right hip', 'No fracture');
    await remark(ann.page).fill('Sees a line.');
    await remark(bob.page).fill('Sees no line.');
    await choose(bob.page, 'Left hip', 'Hardware');
    await formOf(bob.page).getByText('Draft saved').waitFor();
    await choose(ann.page, 'Left hip', 'Hardware');
    await ann.page.keyboard.press('Control+Enter');
    await ann.page.getByRole('button', { name: 'Agree with all' }).waitFor();

    await bob.page.reload();
    const [seen, answer] = await Promise.all([
      bob.page.content(),
      bob.page.request.get(`/api/v1/runs/${run}/feedback`).then((got) => got.text()),
    ]);
    for (const text of [seen, answer]) expect(text).not.toMatch(/Sees a line|"ann"|by <strong>ann/);
    expect(await isChosen(bob.page, 'Right hip', 'No fracture'), 'bob’s own is still there').toBe(true);
    await lea.page.goto(`/runs/${run}`);
    expect(await lea.page.content(), 'one has answered: nobody differs').not.toContain('The readers differ');

    await Promise.all([
      bob.page.getByRole('button', { name: 'Send', exact: true }).click(),
      ann.page.getByRole('button', { name: 'Agree with all' }).click(),
    ]);
    await bob.page.getByRole('button', { name: 'Agree with all' }).waitFor();
    await ann.page.getByText('agreed with all').waitFor();
    expect(await bob.page.content()).not.toContain('Sees a line');
    expect(await ann.page.content()).not.toContain('Sees no line');
    await lea.page.reload();
    await lea.page.getByText('The readers differ').waitFor();

    const entries = (await sent(run)).map(({ author, stage }) => `${author} ${stage}`).sort();
    expect(entries).toEqual(['ann aided', 'ann unaided', 'bob unaided']);
    const got = await lea.page.request.get(`/api/v1/evaluations/${NAME}/report`);
    const { agreement } = EvaluationReport.parse(await got.json());
    const reads = agreement.find(({ question, stage }) => question === 'read' && stage === 'unaided');
    const pair = reads?.pairs.find(({ readers }) => readers.join() === 'ann,bob');
    expect(pair).toMatchObject({ cases: 2, alike: 1 });
    for (const { context } of [ann, bob, lea]) await context.close();
  });
});
