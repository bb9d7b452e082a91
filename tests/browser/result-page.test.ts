import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccount } from '../../web/accounts/accounts.ts';
import { freshUid, hip } from '../../web/testing/runs.ts';
import { serveWorld } from '../../web/testing/serve.ts';
import { makeWorld, PASSWORD, type World } from '../../web/testing/world.ts';
import { freePort, startTestPostgres, type TestPostgres } from '../postgres.ts';
import { HAS_CHROMIUM, launchChromium, openWindow, screenshot } from './chromium.ts';
import { RunPage } from './pages/run.ts';
import { SignInPage } from './pages/sign-in.ts';
import { WorklistPage } from './pages/worklist.ts';

describe.skipIf(!HAS_CHROMIUM)('pages in Chromium', () => {
  let postgres: TestPostgres;
  let world: World;
  let site: Awaited<ReturnType<typeof serveWorld>>;
  let browser: Browser;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    world = await makeWorld(postgres.url);
    const now = new Date();
    await createAccount(world.database, { name: 'reader', password: PASSWORD, role: 'reader', now });
    await createAccount(world.database, { name: 'boss', password: PASSWORD, role: 'administrator', now });
    site = await serveWorld(world, await freePort());
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await site.close();
    await world.close();
    await postgres.stop();
  });

  async function signedIn(name: string, options: { javaScriptEnabled?: boolean } = {}) {
    const window = await openWindow(browser, { url: site.url, ...options });
    await window.page.goto('/');
    await new SignInPage(window.page).signIn(name, PASSWORD);
    return window;
  }

  /** An exam of somebody who does not exist. */
  function madePatient(study: string) {
    world.archive.patients.set(study, {
      name: 'Phantom, Pelvis',
      patientId: 'PHANTOM-1',
      birthDate: '1950-01-01',
      sex: 'F',
    });
  }

  it('should tell how to send the first exam while there is none', async () => {
    const { context, page } = await signedIn('boss');
    await page.getByText('No exam has arrived yet').waitFor();
    expect(await page.locator('.message').textContent()).toContain('CI2_CD_HIP_FRAC');
    await screenshot(page, 'worklist-empty');
    await context.close();
  });

  it('should show boxes, classes and confidences of each hip, and let the reader change window and zoom', async () => {
    const study = freshUid();
    madePatient(study);
    const { id } = await world.run({ study });
    const { context, page, foreign, complaints } = await signedIn('reader');
    const run = new RunPage(page);
    await run.open(id);
    const image = run.image(1);
    await image.rendered('gray16');
    expect(await image.labels()).toEqual(['Right hip: fracture 93 %', 'Left hip: no fracture 88 %']);
    await screenshot(page, 'run-result');

    const opening = await image.window();
    await image.drag(0.2, 0);
    await expect.poll(() => image.window(), { message: 'dragging must change the window' }).not.toBe(opening);
    const whole = await image.view();
    await image.wheel(-300);
    await expect
      .poll(async () => (await image.view())[2], { message: 'the wheel must zoom' })
      .toBeLessThan(whole[2] ?? 0);
    await image.press('0');
    await expect.poll(() => image.window(), { message: '0 must bring the first window back' }).toBe(opening);
    await expect.poll(() => image.view(), { message: '0 must bring the whole image back' }).toEqual(whole);

    expect(foreign, 'nothing may be asked of another host').toEqual([]);
    expect(complaints, 'scripts must run under the content security policy').toEqual([]);
    await context.close();
  });

  it('should send the form and show it again, to be read only', async () => {
    const study = freshUid();
    madePatient(study);
    const { id } = await world.run({ study });
    const { context, page } = await signedIn('reader');
    const run = new RunPage(page);
    await run.open(id);
    await run.form.answerAll();
    await run.form.write('Remarks', 'Clear <b>case</b>.');
    await run.form.send();
    expect(await run.form.root.textContent()).toContain('Clear <b>case</b>.');
    expect(await page.locator('#feedback input').count(), 'nothing can be changed any more').toBe(0);
    await screenshot(page, 'run-sent');
    await context.close();
  });

  it('should work without scripts: picture, boxes, form', async () => {
    const { id } = await world.run();
    const { context, page } = await signedIn('reader', { javaScriptEnabled: false });
    const run = new RunPage(page);
    await run.open(id);
    expect(await run.image(1).labels(), 'the boxes are in the page itself').toHaveLength(2);
    expect(await page.locator('.viewport image').getAttribute('href')).toMatch(/\.png$/);
    await run.form.answerAll();
    await screenshot(page, 'run-without-scripts');
    await run.form.send();
    await context.close();
  });

  it('should show five states that cannot be mistaken for each other', async () => {
    await world.run({ status: 'queued' });
    await world.run({ status: 'running' });
    await world.run({
      status: 'failed',
      reason: 'The file of one image is cut off after 4,096 bytes, so its pixels cannot be read.',
    });
    await world.run({
      status: 'out-of-scope',
      reason: 'The pixels do not look like a pelvis radiograph (0.03, at least 0.50 is needed).',
    });
    await world.run({
      images: [
        {
          lossy: true,
          hips: [hip({ sideSource: 'contradictory' })],
          notes: ['The header says left, the position says right.'],
        },
        { hips: [] },
      ],
      qualityReview: ['Image 1 contradicts itself about the side.'],
    });
    const { context, page } = await signedIn('boss');
    await new WorklistPage(page).open();
    const words = await page.locator('tbody .status').allInnerTexts();
    expect(new Set(words).size, 'each state has its own sign and word').toBe(5);
    await screenshot(page, 'worklist');
    await context.close();
  });
});
