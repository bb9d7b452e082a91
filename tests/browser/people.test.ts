import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshUid } from '../../web/testing/results.ts';
import { PASSWORD } from '../../web/testing/world.ts';
import { expectAccessible } from './accessible.ts';
import { HAS_CHROMIUM, screenshot } from './chromium.ts';
import { type House, openHouse } from './house.ts';

/** Looks at a page as a person and as axe would, in both themes. */
async function looksRight(page: Page, name: string): Promise<void> {
  for (const theme of ['Light', 'Dark']) {
    await screenshot(page, `${name}-${theme === 'Light' ? 'dark' : 'light'}`);
    await expectAccessible(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    expect(wide, `${name} must not scroll sideways`).toBe(false);
    await page.getByRole('button', { name: `${theme} theme` }).click();
    await page.locator(`html[data-theme="${theme.toLowerCase()}"]`).waitFor();
  }
}

describe.skipIf(!HAS_CHROMIUM)('the pages about people in Chromium', () => {
  let house: House;
  beforeAll(async () => {
    house = await openHouse();
  });
  afterAll(() => house.close());

  it('should let an administrator make an account, give it a second role and take the first', async () => {
    const { context, page, complaints } = await house.signedIn('boss');
    await page.getByRole('link', { name: 'Accounts' }).click();
    const made = page.locator('section', { hasText: 'New account' });
    await made.getByLabel('Name').fill('nora');
    await made.locator('select[name=role]').selectOption('reader');
    await made.locator('select[name=evaluation]').selectOption('hip-fracture-detection');
    await made.getByLabel('First password').fill(PASSWORD);
    await made.getByRole('button', { name: 'Make the account' }).click();
    const row = page.getByRole('row', { name: /^nora/ });
    await row.getByText('Add a role').click();
    await looksRight(page, 'accounts');
    await row.getByText('Add a role').click();
    await row.locator('select[name=role]').selectOption('evaluation-lead');
    await row.getByRole('button', { name: 'Add for nora' }).click();
    await row.getByRole('button', { name: 'Withdraw the role reader (hip-fracture-detection) from nora' }).click();
    await expect
      .poll(() => row.locator('.grants li').allInnerTexts())
      .toEqual([expect.stringMatching(/^evaluation-lead all evaluations/)]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('should show a token once, and revoke it', async () => {
    const { context, page } = await house.signedIn('boss');
    await page.getByRole('link', { name: 'boss' }).click();
    await page.getByLabel('What it is for').fill('Nightly export to the registry');
    await page.locator('input[value=export]').check();
    await page.locator('input[value=view]').check();
    await page.getByRole('button', { name: 'Make the token' }).click();
    const token = await page.locator('code.token').textContent();
    expect(token).toMatch(/^overread_[\w-]{43}$/);
    await screenshot(page, 'account-token-made');
    await expectAccessible(page);
    await page.goto('/account');
    expect(await page.content()).not.toContain(token ?? 'none');
    await looksRight(page, 'account');
    await page.getByRole('button', { name: 'Revoke the token Nightly export to the registry' }).click();
    await page.getByRole('cell', { name: 'revoked' }).waitFor();
    await context.close();
  });

  it('should find in the audit what somebody did', async () => {
    const run = await house.world.run();
    const reader = await house.signedIn('reader');
    await reader.page.goto(`/runs/${run.id}`);
    await reader.context.close();
    const { context, page } = await house.signedIn('boss');
    await page.getByRole('link', { name: 'Audit' }).click();
    await looksRight(page, 'audit');
    await page.getByLabel('Person').fill('reader');
    await page.getByLabel('Action').selectOption('run-viewed');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByRole('link', { name: `run ${run.id.slice(0, 12)}` }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Export as CSV' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('audit.csv');
    await context.close();
  });

  it('should open from the PACS everything about an exam, and wait for one that is under way', async () => {
    const study = freshUid();
    house.madePatient(study);
    house.world.archive.accessions.set('BOTH', [study]);
    await house.world.run({ study });
    const liver = await house.world.run({ study, segmentation: {} });
    const { context, page } = await house.signedIn('reader');
    await page.goto('/launch?accession=BOTH');
    expect(page.url()).not.toContain('BOTH');
    await looksRight(page, 'launch-panel');
    await page.locator('li', { hasText: 'Liver' }).getByRole('link', { name: 'Form' }).click();
    await page.waitForURL(/\/runs\/[0-9a-f]{64}#feedback$/);
    expect(page.url()).toContain(liver.id);
    await context.close();
  });

  it('should say on a page of its own why a link of the PACS is not followed', async () => {
    const { context, page } = await house.signedIn('reader');
    await page.goto('/launch?accession=BOTH&user=reader&expires=1&nonce=0123456789abcdef&signature=00');
    await page.getByRole('heading', { name: 'Signed links are not allowed here' }).waitFor();
    await screenshot(page, 'launch-refused');
    await expectAccessible(page);
    await context.close();
  });

  it('should sign in by the keyboard alone', async () => {
    const { context, page } = await house.signedIn('reader');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL('**/sign-in');
    await screenshot(page, 'sign-in');
    await expectAccessible(page);
    await page.keyboard.type('reader');
    await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await context.close();
  });

  it('should say what was wrong, and keep the name', async () => {
    const { context, page } = await house.signedIn('reader');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL('**/sign-in');
    await page.getByLabel('Name').fill('reader');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    expect(await page.getByRole('alert').textContent()).toContain('do not belong together');
    expect(await page.getByLabel('Name').inputValue()).toBe('reader');
    await context.close();
  });
});
