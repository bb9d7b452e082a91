import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible } from './accessible.ts';
import { ARMS_NAME, openHouseOfArms, readInArms } from './arms.ts';
import { HAS_CHROMIUM, screenshot } from './chromium.ts';
import type { House } from './house.ts';

describe.skipIf(!HAS_CHROMIUM)('an evaluation with arms in Chromium', () => {
  let house: House;
  let lea: Awaited<ReturnType<House['signedIn']>>;

  beforeAll(async () => {
    house = await openHouseOfArms();
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
    await page.locator(`a[href="/evaluations/${ARMS_NAME}"]`).click();
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
    await readInArms(house);
    await page.goto(`/evaluations/${ARMS_NAME}?anew=1`);
    const arm = page.getByRole('region', { name: 'Arm model-first' });
    await arm.getByText('Readers see the model’s result from the start').waitFor();
    expect(await arm.getByRole('columnheader', { name: 'Sent: with the model in view' }).count()).toBe(1);
    expect(await arm.getByRole('columnheader', { name: 'Sent: before' }).count(), 'nothing of the other arm').toBe(0);
    await looksRight(page, 'report-arms');
  });
});
