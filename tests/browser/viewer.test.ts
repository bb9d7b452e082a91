import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp } from '../../web/app.ts';
import { archiveReader } from '../../web/archive.ts';
import { serveWorld } from '../../web/testing/serve.ts';
import { makeWorld, PASSWORD, type World } from '../../web/testing/world.ts';
import { installViewer, VIEWER_FOLDER } from '../../web/viewer/install.ts';
import { Viewing } from '../../web/viewer/viewing.ts';
import { describeWith } from '../peers/skip.ts';
import { freePort } from '../ports.ts';
import { startTestPostgres, type TestPostgres } from '../postgres.ts';
import { makeViewedExam, takeIn } from '../viewed-exam.ts';
import { HAS_CHROMIUM, launchChromium, openWindow, screenshot, WITH_WEBGL } from './chromium.ts';
import { SignInPage } from './pages/sign-in.ts';
import { ViewerPage } from './pages/viewer.ts';

/** Without a graphics card a picture takes 10 s on an idle machine. */
const LIMIT_MS = 240_000;

const viewer = HAS_CHROMIUM ? await installViewer().catch(() => undefined) : undefined;

describeWith('the viewer', viewer, 'it needs Chromium, and the viewer from the npm registry', () => {
  let postgres: TestPostgres;
  let world: World;
  let site: Awaited<ReturnType<typeof serveWorld>>;
  let browser: Browser;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    world = await makeWorld(postgres.url);
    await world.account('reader');
    const { store, database, parts } = world;
    const viewing = new Viewing({ store, database, log: parts.log, folder: VIEWER_FOLDER, pipelines: new Map() });
    site = await serveWorld(
      { ...world, app: createApp({ ...parts, archive: archiveReader(database), viewing }) },
      await freePort(),
    );
    browser = await launchChromium(WITH_WEBGL);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
    await world?.close();
    await postgres?.stop();
  });

  it('should show the segmentation and the contours over the right study, and ask no other host for anything', {
    timeout: 2 * LIMIT_MS,
  }, async () => {
    const exam = makeViewedExam('viewer');
    await takeIn(world, exam.images);
    const { id, result } = await world.run({ study: exam.StudyInstanceUID, segmentation: {} });
    if (result?.kind !== 'segmentation') throw new Error('The run has no segmentation.');
    await world.store.put('results', result.objects.seg ?? '', exam.seg, 'application/dicom');
    await world.store.put('results', result.objects.rtstruct ?? '', exam.rtstruct, 'application/dicom');

    const { context, page, foreign, complaints } = await openWindow(browser, { url: site.url, limitMs: LIMIT_MS / 4 });
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto('/');
    await new SignInPage(page).signIn('reader', PASSWORD);
    const ohif = new ViewerPage(page);
    await ohif.openFromRun(id);
    await ohif.rendered('Labelmap', LIMIT_MS);
    await page.getByText('Phantom, Viewed').waitFor();
    await page.getByText('INVESTIGATIONAL', { exact: false }).first().waitFor();
    await expect
      .poll(() => ohif.colours(), { timeout: LIMIT_MS })
      .toMatchObject({ red: expect.toSatisfy((n) => n > 500) });
    await screenshot(page, 'viewer-segmentation');
    const { blue } = await ohif.colours();

    await ohif.openSeries('RTSTRUCT');
    await ohif.rendered('Contour', LIMIT_MS);
    const moreBlue = expect.toSatisfy((n) => n > blue + 30);
    await expect.poll(() => ohif.colours(), { timeout: LIMIT_MS }).toMatchObject({ blue: moreBlue });
    await screenshot(page, 'viewer-contours');

    expect(foreign.filter((url) => !/^(blob|data):/.test(url))).toEqual([]);
    expect(complaints).toEqual([]);
    expect(
      asked.filter((url) => /PHANTOM|PatientID|00100020/i.test(url)),
      'nothing that tells who it is',
    ).toEqual([]);
    await context.close();
  });
});
