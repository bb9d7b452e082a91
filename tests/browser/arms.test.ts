import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOME } from '../../lib/platform/configuration.ts';
import { allocation } from '../../schemas/database/web.ts';
import { Evaluation } from '../../schemas/evaluation.ts';
import { loadEvaluations } from '../../web/evaluations.ts';
import { sendFeedback } from '../../web/feedback/entries.ts';
import { freshUid } from '../../web/testing/results.ts';
import { expectAccessible } from './accessible.ts';
import { HAS_CHROMIUM, screenshot } from './chromium.ts';
import { type House, openHouse } from './house.ts';

const NAME = 'hip-fracture-detection';

/** The hips' evaluation in two arms, each exam read by one reader. */
function evaluation(): Evaluation {
  const hips = loadEvaluations([path.join(HOME, 'pipelines')]).get(NAME);
  const arms = [{ name: 'read-first' }, { name: 'model-first', mode: 'model-shown' }];
  const reading = { ...hips?.reading, qualityReview: undefined, readersPerCase: 1, arms };
  return Evaluation.parse({ ...hips, reading });
}

describe.skipIf(!HAS_CHROMIUM)('an evaluation with arms in Chromium', () => {
  let house: House;
  let lea: Awaited<ReturnType<House['signedIn']>>;

  beforeAll(async () => {
    const people = { ann: 'reader', bob: 'reader', lea: 'evaluation-lead' } as const;
    house = await openHouse({ evaluations: [evaluation()], people });
    for (const study of Array.from({ length: 8 }, freshUid)) {
      house.madePatient(study);
      await house.world.run({ study });
    }
    lea = await house.signedIn('lea');
  });
  afterAll(async () => {
    await lea.context.close();
    await house.close();
  });

  /** In both themes, as a person and as axe would; nothing runs off to the side. */
  const looksRight = async (page: Page, name: string) => {
    for (const theme of ['Light', 'Dark']) {
      await screenshot(page, `${name}-${theme === 'Light' ? 'dark' : 'light'}`);
      await expectAccessible(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), name).toBe(true);
      await page.getByRole('button', { name: `${theme} theme` }).click();
      await page.locator(`html[data-theme="${theme.toLowerCase()}"]`).waitFor();
    }
  };

  it('shows who leads it what was given to whom, and lets unread exams be given to others', async () => {
    const { page, complaints } = lea;
    await page.getByRole('link', { name: 'Evaluations' }).click();
    await page.locator(`a[href="/evaluations/${NAME}"]`).click();
    await page.getByRole('link', { name: 'Readers and their exams' }).click();
    const cells = async (reader: string) =>
      page
        .getByRole('row', { name: new RegExp(`^${reader}`) })
        .getByRole('cell')
        .allInnerTexts();
    // The reader of the house reads too: eight exams, four of each arm, among three.
    const unread = await Promise.all(['ann', 'bob', 'reader'].map(async (name) => Number((await cells(name))[1])));
    expect(unread.sort()).toEqual([2, 3, 3]);
    await looksRight(page, 'readers');
    await page.locator('select[name=from]').selectOption('ann');
    await page.locator('select[name=to]').selectOption('bob');
    await page.getByLabel('Reason, for the audit').fill('On leave until March.');
    await page.getByRole('button', { name: 'Give them away' }).click();
    await page.getByText('taken from ann').waitFor();
    expect((await cells('ann')).slice(0, 2)).toEqual(['0', '0']);
    expect(complaints).toEqual([]);
  });

  it('reports each arm for itself', async () => {
    const { page } = lea;
    const rows = await house.world.database.db.select().from(allocation);
    const runs = await house.world.api(`/api/v1/runs?pipeline=${NAME}&limit=50`).then((answer) => answer.json());
    for (const { id, studyInstanceUid } of runs.runs) {
      const isShown = rows.find((row) => row.studyInstanceUid === studyInstanceUid)?.arm === 'model-first';
      const of = { id: randomUUID(), run: id, evaluation: evaluation(), author: 'bob', now: new Date() };
      const answers = ['right', 'left'].map((subject) => ({ question: 'read', subject, value: 'no-fracture' }));
      const rest = { agreedWithAll: false, reviewTime: null, reason: null };
      await sendFeedback(house.world.database, { ...of, ...rest, answers, stage: isShown ? 'aided' : 'unaided' });
    }
    await page.goto(`/evaluations/${NAME}?anew=1`);
    const arm = page.getByRole('region', { name: 'Arm model-first' });
    await arm.getByText('Readers see the model’s result from the start').waitFor();
    expect(await arm.getByRole('columnheader', { name: 'Sent: with the model in view' }).count()).toBe(1);
    expect(await arm.getByRole('columnheader', { name: 'Sent: before' }).count(), 'nothing of the other arm').toBe(0);
    await looksRight(page, 'report-arms');
  });
});
