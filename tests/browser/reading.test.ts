import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOME } from '../../lib/platform/configuration.ts';
import { giveRole } from '../../web/accounts/grants.ts';
import { loadEvaluations } from '../../web/evaluations/load.ts';
import { listFeedback } from '../../web/feedback/entries.ts';
import { freshUid } from '../../web/testing/results.ts';
import { expectAccessible } from './accessible.ts';
import { HAS_CHROMIUM, screenshot } from './chromium.ts';
import { type House, openHouse } from './house.ts';

/** How far the top of something is below the bottom of what stays in sight above it, px. */
async function topBelow(page: Page, what: Locator, above: string): Promise<number> {
  const bottom = await page.locator(above).evaluate((element) => element.getBoundingClientRect().bottom);
  return (await what.evaluate((element) => element.getBoundingClientRect().top)) - bottom;
}

describe.skipIf(!HAS_CHROMIUM)('reading in Chromium', () => {
  let house: House;
  let run: string;

  beforeAll(async () => {
    const evaluations = [...loadEvaluations([path.join(HOME, 'pipelines')]).values()];
    const people = { quinn: 'quality-reviewer', ann: 'reader', bob: 'reader', lea: 'evaluation-lead' } as const;
    house = await openHouse({ evaluations, people: { ...people, both: 'reader' } });
    const also = { role: 'quality-reviewer', evaluation: null, account: 'both', by: 'boss' } as const;
    await giveRole(house.world.database.db, { ...also, now: house.world.parts.now() });
    const study = freshUid();
    house.madePatient(study);
    ({ id: run } = await house.world.run({ study }));
  });
  afterAll(() => house.close());

  const sent = () => listFeedback(house.world.database, { run, evaluation: 'hip-fracture-detection' });
  const seen = async (page: Page, name: string) => {
    await page.evaluate(() => window.scrollTo(0, 0));
    await screenshot(page, name);
    await expectAccessible(page);
  };

  it('lets a quality reviewer judge an image by one key, and send', async () => {
    const { page, context } = await house.signedIn('quinn');
    await page.goto('/reading');
    await seen(page, 'reading-list');
    await page.getByRole('link', { name: 'Open the next' }).click();
    await page.locator('.question.is-current').waitFor();
    await seen(page, 'reading-quality');
    await page.keyboard.press('1');
    await page.keyboard.press('Control+Enter');
    await page.getByText('Sent by').waitFor();
    expect((await sent())[0]).toMatchObject({ stage: 'quality', author: 'quinn' });
    await context.close();
  });

  it('takes an unaided read by one key a hip, then shows the model, and agreement by one click', async () => {
    const { page, context, complaints } = await house.signedIn('ann');
    await page.goto(`/runs/${run}`);
    await page.locator('.question.is-current').waitFor();
    expect(await page.locator('.box').count(), 'no box is drawn').toBe(0);
    await seen(page, 'reading-unaided');
    await page.keyboard.press('1');
    await page.keyboard.press('2');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: 'Agree with all' }).waitFor();
    expect(await page.locator('.box').count(), 'the boxes are drawn').toBeGreaterThan(0);
    await seen(page, 'reading-aided');
    await page.getByRole('button', { name: 'Agree with all' }).click();
    await page.getByText('agreed with all').waitFor();
    await seen(page, 'reading-sent');
    const entries = (await sent()).filter(({ author }) => author === 'ann');
    const agreed = Object.fromEntries(entries.map(({ stage, agreedWithAll }) => [stage, agreedWithAll]));
    expect(agreed).toEqual({ unaided: false, aided: true });
    for (const { reviewTime } of entries) {
      expect(reviewTime, 'how long it took was counted').toMatchObject({ activeSeconds: expect.any(Number) });
    }
    expect(entries.find(({ stage }) => stage === 'unaided')?.reviewTime?.firstActionAt).not.toBeNull();
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('keeps the form and the first of several images in sight after each of them is sent', async () => {
    const study = freshUid();
    house.madePatient(study);
    const { id } = await house.world.run({ study, images: [{}, {}, {}] });
    const { page, context } = await house.signedIn('both');
    const heading = (stage: string) => page.locator('#feedback', { hasText: stage }).getByRole('heading').first();
    const send = async (keys: string, next: string) => {
      await page.locator('.question.is-current').waitFor();
      await page.mouse.wheel(0, 900);
      for (const key of keys) await page.keyboard.press(key);
      await Promise.all([page.waitForEvent('load'), page.keyboard.press('Control+Enter')]);
      await heading(next).waitFor();
      const top = await topBelow(page, heading(next), '.patient');
      expect(top, `${next}: below the patient`).toBeGreaterThanOrEqual(0);
      expect(top, `${next}: with its questions in sight`).toBeLessThan(500);
      const image = page.locator('#image-1 .viewport');
      expect(await topBelow(page, image, '.patient'), `${next}: the first image`).toBeGreaterThanOrEqual(0);
    };
    await page.goto(`/runs/${id}`);
    await page.locator('.question.is-current').waitFor();
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
    await page.keyboard.press('Control+Enter');
    const first = page.locator('#feedback .question').first();
    await page.locator('#feedback .question input:focus').first().waitFor();
    expect(await topBelow(page, first, '.patient'), 'the answer that is missing').toBeGreaterThanOrEqual(0);
    await send('111', 'Your read, without the model');
    await send('12', 'With the model’s result');
    await page.getByRole('link', { name: 'Correct this' }).click();
    await page.getByRole('button', { name: 'Send the correction' }).waitFor();
    expect(await topBelow(page, heading('Quality of the images'), '.patient')).toBeGreaterThanOrEqual(0);
    await context.close();
  });

  it('lists the keys on a question mark', async () => {
    const { page, context } = await house.signedIn('bob');
    await page.goto(`/runs/${run}`);
    await page.locator('.question.is-current').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await seen(page, 'reading-keys');
    await page.keyboard.press('Escape');
    await page.keyboard.press('2');
    await page.keyboard.press('2');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: 'Agree with all' }).waitFor();
    await context.close();
  });

  it('brings what they differ on before somebody who settles it', async () => {
    const { page, context } = await house.signedIn('lea');
    await page.goto('/reading');
    await page.getByText('Decision between readers').waitFor();
    await page.getByRole('link', { name: 'Open the next' }).click();
    await page.getByText('The readers differ').waitFor();
    await seen(page, 'reading-decision');
    await page.keyboard.press('1');
    await page.keyboard.press('2');
    await page.keyboard.press('Control+Enter');
    await page.getByText('Sent by').waitFor();
    expect((await sent()).map(({ stage }) => stage)).toContain('adjudication');
    await context.close();
  });
});
