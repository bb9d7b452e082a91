import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { blindedCopy } from '../../schemas/database/web.ts';
import { createApp } from '../../web/app.ts';
import { archiveReader } from '../../web/archive.ts';
import { listFeedback } from '../../web/feedback/entries.ts';
import { BLINDED_EVALUATION, LIVER_EVALUATION } from '../../web/testing/pipelines.ts';
import { serveWorld } from '../../web/testing/serve.ts';
import { makeWorld, PASSWORD, type World } from '../../web/testing/world.ts';
import { installViewer, VIEWER_FOLDER } from '../../web/viewer/install.ts';
import { Viewing } from '../../web/viewer/viewing.ts';
import { type BlindedExam, MAKERS, makeBlindedExam } from '../blinded-exam.ts';
import { describeWith } from '../peers/skip.ts';
import { freePort } from '../ports.ts';
import { startTestPostgres, type TestPostgres } from '../postgres.ts';
import { expectAccessible } from './accessible.ts';
import { HAS_CHROMIUM, launchChromium, openWindow, screenshot, WITH_WEBGL } from './chromium.ts';
import { ReadingPage } from './pages/reading.ts';
import { SignInPage } from './pages/sign-in.ts';
import { ViewerPage } from './pages/viewer.ts';

const MINUTES = 60_000;
const { name: EVALUATION } = BLINDED_EVALUATION;
const viewer = HAS_CHROMIUM ? await installViewer().catch(() => undefined) : undefined;

describeWith('blinded reads in Chromium', viewer, 'it needs Chromium, and the viewer from the npm registry', () => {
  let postgres: TestPostgres;
  let world: World;
  let site: Awaited<ReturnType<typeof serveWorld>>;
  let browser: Browser;
  let exam: BlindedExam;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    world = await makeWorld(postgres.url, [LIVER_EVALUATION, BLINDED_EVALUATION]);
    const { database, store, parts } = world;
    exam = await makeBlindedExam(world, { seed: 'blinded in Chromium' });
    await parts.copies.makeDue(parts.now());
    await world.account('ann', 'reader', EVALUATION);
    await world.account('lea', 'evaluation-lead', EVALUATION);
    await world.account('all');
    const viewing = new Viewing({
      store,
      database,
      log: parts.log,
      folder: VIEWER_FOLDER,
      pipelines: parts.viewing.pipelines,
    });
    const app = createApp({ ...parts, archive: archiveReader(database), viewing });
    site = await serveWorld({ ...world, app }, await freePort());
    browser = await launchChromium(WITH_WEBGL);
  }, 12 * MINUTES);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
    await world?.close();
    await postgres?.stop();
  });

  const signedIn = async (name: string) => {
    const window = await openWindow(browser, { url: site.url, limitMs: 3 * MINUTES });
    await window.page.goto('/');
    await new SignInPage(window.page).signIn(name, PASSWORD);
    return window;
  };
  const seen = async (page: Page, name: string) => {
    await page.evaluate(() => window.scrollTo(0, 0));
    await screenshot(page, name);
    await expectAccessible(page);
  };

  it('takes a reader through the segmentations of an exam, each in the viewer alone, by one key a question', {
    timeout: 12 * MINUTES,
  }, async () => {
    const { page, context, complaints, foreign } = await signedIn('ann');
    const heard: string[] = [];
    page.on('response', (response) => void heard.push(response.url()));
    await page.goto('/reading');
    await seen(page, 'blinded-list');
    await page.getByRole('link', { name: 'Open the next' }).click();
    await page.getByRole('heading', { name: 'Segmentation 1 of 3' }).waitFor();
    await seen(page, 'blinded-copy');
    const first = page.url();

    await page.getByRole('link', { name: 'Open in viewer' }).click();
    await new ViewerPage(page).rendered('Labelmap', 4 * MINUTES);
    await page.mouse.move(300, 300);
    await page.mouse.move(420, 360);
    await screenshot(page, 'blinded-viewer');
    expect(await page.content()).not.toMatch(/ToolOf|novice|expert/);
    await page.getByRole('link', { name: /Overread/ }).click();
    await page.getByRole('heading', { name: 'Segmentation 1 of 3' }).waitFor();
    expect(page.url()).toBe(first);

    await new ReadingPage(page).judge(3, ['4', '3', '2', '2'], async (turn) => {
      if (turn === 1) await seen(page, 'blinded-sent');
    });
    await page.goto('/reading');
    await page.getByText('You have finished 1.').waitFor();

    const copies = await world.database.db.select().from(blindedCopy);
    for (const { id } of copies) {
      const [entry] = await listFeedback(world.database, { run: id, evaluation: EVALUATION });
      expect(entry).toMatchObject({ author: 'ann', stage: 'blinded', version: 1 });
      expect(entry?.answers).toHaveLength(4);
      expect(entry?.reviewTime?.firstActionAt).not.toBeNull();
      if (!first.endsWith(id)) continue;
      const { activeSeconds = 0, idleSeconds = 0 } = entry?.reviewTime ?? {};
      expect(activeSeconds + idleSeconds, 'opened before the viewer was').toBeGreaterThan(3);
    }
    const others = heard.filter((url) => new URL(url).pathname.startsWith('/dicomweb'));
    expect(others, 'the viewer asks below the copy alone').toEqual([]);
    for (const run of exam.runs.values()) expect(heard.join('\n')).not.toContain(run);
    expect(complaints).toEqual([]);
    expect(foreign.filter((url) => !/^(blob|data):/.test(url))).toEqual([]);
    expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('overread-')))).toEqual(
      [],
    );
    await context.close();
  });

  it('tells a reader who sees the results why they cannot read here, and what to do', async () => {
    const { page, context } = await signedIn('all');
    await page.goto('/reading');
    await page.getByText('An administrator gives you the role reader').waitFor();
    await seen(page, 'blinded-refused');
    await context.close();
  });

  it('tells the lead what was said of whose segmentation, and whose each is', async () => {
    const { page, context, complaints } = await signedIn('lea');
    await page.goto('/evaluations');
    await page.getByRole('link', { name: BLINDED_EVALUATION.title }).click();
    await page.getByRole('heading', { name: 'Answers by whose segmentation it was' }).waitFor();
    await seen(page, 'blinded-report');
    await page.getByRole('link', { name: 'Whose each segmentation is' }).click();
    await page.getByText('That you looked is written down').waitFor();
    for (const { source } of MAKERS) await page.getByRole('cell', { name: source, exact: true }).waitFor();
    await seen(page, 'blinded-key');
    expect(complaints).toEqual([]);
    await context.close();
  });
});
