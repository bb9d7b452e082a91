import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD } from '../../web/testing/world.ts';
import { HIP_READS, LIVER_READS, putHipReads, putLiverEdits } from '../conformance/statistics/reads.ts';
import { ADMIN_PASSWORD } from '../site.ts';
import { ALBUM, type DemoSite, openDemo, picture } from './album.ts';
import { ARMS_NAME, openHouseOfArms, readInArms } from './arms.ts';
import { HAS_CHROMIUM, launchChromium, openWindow, WITH_WEBGL } from './chromium.ts';
import { openHouse } from './house.ts';
import { EditorPage } from './pages/editor.ts';
import { ReadingPage } from './pages/reading.ts';
import { SignInPage } from './pages/sign-in.ts';

const MINUTES = 60_000;
const LIMIT_MS = 10 * MINUTES;
const HIP = 'Hip fracture';
/** The side monitor of a reading room, upright. */
const PORTRAIT = { width: 1080, height: 1920 };

/** The pictures in `docs/`, of phantoms alone: `npm run pictures` makes them anew. They cost minutes, and test nothing else. */
describe.skipIf(ALBUM === undefined || !HAS_CHROMIUM)('pictures of the pages', () => {
  let folder: string;
  let demo: DemoSite;
  let browser: Browser;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'overread-pictures-'));
    demo = await openDemo(folder, LIMIT_MS);
    browser = await launchChromium(WITH_WEBGL);
  }, LIMIT_MS);
  afterAll(async () => {
    await browser?.close();
    await demo?.site.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const signedIn = async (name: string, password = PASSWORD) => {
    const { context, page } = await openWindow(browser, { url: demo.site.web, limitMs: 3 * MINUTES });
    await page.goto('/sign-in');
    await new SignInPage(page).signIn(name, password);
    return { context, page, reading: new ReadingPage(page) };
  };
  const runOf = (beginning: string) => {
    const [, run] = [...demo.runs].find(([description]) => description.startsWith(beginning)) ?? [];
    if (run === undefined) throw new Error(`No phantom is called ${beginning} …`);
    return run;
  };
  const drawn = (page: Page) => page.locator('.viewport[data-rendered="gray16"]').first().waitFor();

  it('of hips', { timeout: LIMIT_MS }, async () => {
    const quinn = await signedIn('quinn');
    for (const _ of [1, 2]) {
      await quinn.reading.openNext(HIP);
      await drawn(quinn.page);
      await picture(quinn.page, 'hip-quality');
      const images = await quinn.page.locator('fieldset', { hasText: 'Image quality' }).count();
      await quinn.reading.answer(...Array.from({ length: images }, () => '1'));
    }
    await quinn.context.close();

    const rada = await signedIn('rada');
    await rada.page.goto('/reading');
    await rada.page.getByRole('heading', { name: HIP }).waitFor();
    await picture(rada.page, 'reading');
    const { id } = runOf('Pelvis and hip');
    await rada.page.goto(`/runs/${id}`);
    await drawn(rada.page);
    await picture(rada.page, 'hip-unaided');
    await rada.page.setViewportSize(PORTRAIT);
    await picture(rada.page, 'hip-portrait', PORTRAIT.width / 2);
    await rada.page.setViewportSize({ width: 1280, height: 1024 });
    await rada.reading.answer('2', '1');
    await drawn(rada.page);
    await rada.page.goto(`/runs/${id}`);
    await drawn(rada.page);
    await picture(rada.page, 'result-page');
    await rada.page.getByRole('button', { name: 'Agree with all' }).click();
    await rada.reading.sent();
    await rada.context.close();

    const rolf = await signedIn('rolf');
    await rolf.page.goto(`/runs/${id}`);
    await rolf.reading.answer('2', '2');
    await rolf.page.getByRole('button', { name: 'Agree with all' }).click();
    await rolf.reading.sent();
    await rolf.context.close();

    const lea = await signedIn('lea');
    await lea.reading.openNext(HIP);
    await drawn(lea.page);
    await picture(lea.page, 'hip-decision');
    await lea.context.close();
  });

  it('of a brain over time, and of an edit', { timeout: LIMIT_MS }, async () => {
    const { id } = runOf('FLAIR six months');
    const { page, context } = await signedIn('rada');
    await page.goto(`/runs/${id}/trend`);
    const acts = page.locator('section', { hasText: 'Change what is compared' });
    await acts.getByLabel('Exam').selectOption({ index: 1 });
    await acts.getByLabel('Reason').fill('First exam after the operation');
    await acts.getByRole('button', { name: 'Confirm as baseline' }).click();
    await page.getByText('confirmed by rada').waitFor();
    await picture(page, 'trend');
    await page.getByRole('link', { name: 'DICOM report' }).click();
    await page.waitForFunction(() => document.querySelector<HTMLImageElement>('main img')?.complete === true);
    await picture(page, 'trend-report');
    const editor = new EditorPage(page);
    await editor.openFromRun(id);
    const voxels = async () => Object.values(await editor.drawn()).reduce((sum, { length }) => sum + length, 0);
    await expect.poll(voxels, { timeout: 3 * MINUTES }).toBeGreaterThan(0);
    const before = await voxels();
    await editor.paint([0.6, 0.6], [0.66, 0.62]);
    await expect.poll(voxels, { timeout: MINUTES }).toBeGreaterThan(before);
    await picture(page, 'editor');
    await editor.save();
    await editor.saved.getByText('Saved and measured').waitFor();
    await picture(page, 'editor-saved');
    await page.goto(`/runs/${id}`);
    await page.getByRole('heading', { name: 'Edited by readers' }).waitFor();
    await picture(page, 'brain');
    await context.close();
  });

  it('of a blinded read', { timeout: LIMIT_MS }, async () => {
    const { page, context, reading } = await signedIn('bea');
    await page.goto('/reading');
    await page.getByRole('link', { name: 'Open the next' }).click();
    await page.getByRole('heading', { name: 'Segmentation 1 of 3' }).waitFor();
    await page.waitForFunction(() => [...document.images].every((image) => image.complete));
    await picture(page, 'blinded');
    await reading.judge(3, ['4', '3', '2', '2']);
    await context.close();

    const lea = await signedIn('lea');
    await lea.page.goto('/evaluations/liver-transplant-blinded');
    await lea.page.getByRole('heading', { name: 'Answers by whose segmentation it was' }).waitFor();
    await picture(lea.page, 'blinded-report');
    await lea.page.getByRole('link', { name: 'Whose each segmentation is' }).click();
    await lea.page.getByText('That you looked is written down').waitFor();
    await picture(lea.page, 'blinded-key');
    await lea.context.close();
  });

  it('of an evaluation in arms', { timeout: LIMIT_MS }, async () => {
    const house = await openHouseOfArms();
    try {
      const { page, context } = await house.signedIn('lea');
      await page.goto(`/evaluations/${ARMS_NAME}`);
      await page.getByRole('link', { name: 'Readers and their exams' }).click();
      await page.getByRole('row', { name: /^ann/ }).waitFor();
      await picture(page, 'readers');
      await readInArms(house);
      await page.goto(`/evaluations/${ARMS_NAME}?anew=1`);
      await page.getByRole('region', { name: 'Arm model-first' }).waitFor();
      await picture(page, 'report-arms');
      await context.close();
    } finally {
      await house.close();
    }
  });

  it('of a liver, of what is wrong, and of the pages around', { timeout: LIMIT_MS }, async () => {
    const { page, context } = await signedIn('admin', ADMIN_PASSWORD);
    const liver = runOf('Donor');
    const pages = {
      liver: `/runs/${liver.id}`,
      'out-of-scope': `/runs/${runOf('Chest').id}`,
      worklist: '/',
      exam: `/studies/${liver.study}`,
      'launch-waiting': '/launch?accession=UNKNOWN-1',
      evaluations: '/evaluations',
      approvals: '/approvals',
      patients: '/patients',
      quarantine: '/quarantine',
      audit: '/audit',
      accounts: '/accounts',
      account: '/account',
    };
    for (const [name, at] of Object.entries(pages)) {
      await page.goto(at);
      await picture(page, name);
    }
    await page.goto('/');
    await page.getByRole('button', { name: 'Light theme' }).click();
    await page.locator('html[data-theme="light"]').waitFor();
    await picture(page, 'worklist-light');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Password').waitFor();
    await picture(page, 'sign-in');
    await context.close();
  });

  it('of a report on many reads', { timeout: LIMIT_MS }, async () => {
    const house = await openHouse({ evaluations: [HIP_READS, LIVER_READS], people: { lea: 'evaluation-lead' } });
    try {
      await putHipReads(house.world);
      await putLiverEdits(house.world);
      const { page, context } = await house.signedIn('lea');
      await page.setViewportSize({ width: 1280, height: 1600 });
      await page.goto('/evaluations/hips');
      await page.getByRole('heading', { name: 'Exams and why some fell out' }).waitFor();
      await picture(page, 'report');
      await context.close();
    } finally {
      await house.close();
    }
  });
});
