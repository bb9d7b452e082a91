import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunView } from '../../schemas/api.ts';
import { installViewer } from '../../web/viewer/install.ts';
import { brain, sendSeries, withStandIns } from '../end-to-end/segmentation-exams.ts';
import { describeWith } from '../peers/skip.ts';
import { ADMIN_PASSWORD, type Site, startSite } from '../site.ts';
import { HAS_CHROMIUM, launchChromium, openWindow, WITH_WEBGL } from './chromium.ts';
import { countOf, diceOf, drawnIn } from './pages/drawn.ts';
import { EditorPage } from './pages/editor.ts';
import { SignInPage } from './pages/sign-in.ts';

const MINUTES = 60_000;
const viewer = HAS_CHROMIUM ? await installViewer().catch(() => undefined) : undefined;

describeWith('saving contours in the viewer', viewer, 'it needs Chromium, and the viewer from the npm registry', () => {
  let folder: string;
  let site: Site;
  let browser: Browser;
  let model: RunView;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'overread-contours-'));
    site = await startSite({ ...withStandIns(path.join(folder, 'pipelines')), OVERREAD_QUIET_SECONDS: '8' });
    const [ended] = await site.untilEnded(await sendSeries(site, 'CI2_CD_BTS', folder, [brain()]), 1, 4 * MINUTES);
    if (ended === undefined) throw new Error('The exam has no run.');
    model = ended;
    browser = await launchChromium(WITH_WEBGL);
  }, 12 * MINUTES);
  afterAll(async () => {
    await browser?.close();
    await site?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('should bring back each voxel that was drawn, in its place', {
    timeout: 12 * MINUTES,
  }, async () => {
    const { context, page } = await openWindow(browser, { url: site.web, limitMs: 3 * MINUTES });
    await page.goto('/');
    await new SignInPage(page).signIn('admin', ADMIN_PASSWORD);
    const editor = new EditorPage(page);
    await editor.openFromRun(model.id);
    await expect.poll(async () => countOf(await editor.drawn()), { timeout: 3 * MINUTES }).toBeGreaterThan(0);
    const before = countOf(await editor.drawn());
    await editor.paint([0.6, 0.6], [0.66, 0.62]);
    await expect.poll(async () => countOf(await editor.drawn())).toBeGreaterThan(before);
    const drawn = await editor.drawn();
    await editor.save('DICOM RTSS');
    await editor.saved.getByText(/Saved and measured|Not measured|Not saved/).waitFor();
    expect(await editor.saved.textContent()).toContain('Saved and measured');

    const edit = (await site.runs(model.studyInstanceUid)).find(({ imported }) => imported?.edits === model.id);
    if (edit?.result?.kind !== 'segmentation') throw new Error('The edit has no result.');
    const store = site.openStore();
    const kept = drawnIn(await store.get('results', edit.result.objects.seg ?? '').finally(() => store.close()));
    expect(diceOf(kept, drawn), 'voxel by voxel: the outlines run through the outermost of them').toBe(1);
    expect(kept).toEqual(drawn);
    expect(edit.result.structures[0]?.volumeMl).toBeCloseTo(countOf(kept) * 0.027, 3);
    await context.close();
  });
});
