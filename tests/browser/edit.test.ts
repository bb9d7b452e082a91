import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunView } from '../../schemas/api.ts';
import type { SegmentationResult } from '../../schemas/result.ts';
import { installViewer } from '../../web/viewer/install.ts';
import { brain, liver, sendSeries, withStandIns } from '../end-to-end/segmentation-exams.ts';
import { debianPackages } from '../peers/debian.ts';
import { describeWith } from '../peers/skip.ts';
import { ADMIN_PASSWORD, type Site, startSite } from '../site.ts';
import { HAS_CHROMIUM, launchChromium, openWindow, screenshot, WITH_WEBGL } from './chromium.ts';
import { countOf, drawnIn } from './pages/drawn.ts';
import { type Drawn, EditorPage } from './pages/editor.ts';
import { SignInPage } from './pages/sign-in.ts';

const MINUTES = 60_000;
const run = promisify(execFile);
const debian = await debianPackages();
const viewer = HAS_CHROMIUM ? await installViewer().catch(() => undefined) : undefined;

describeWith('editing in the viewer', viewer, 'it needs Chromium, and the viewer from the npm registry', () => {
  let folder: string;
  let site: Site;
  let browser: Browser;
  let model: RunView;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'overread-edit-'));
    site = await startSite({ ...withStandIns(path.join(folder, 'pipelines')), OVERREAD_QUIET_SECONDS: '8' });
    const later = { ...brain().exam, seed: 'edit/later', studyDate: '20240905' };
    await site.untilEnded(await sendSeries(site, 'CI2_CD_BTS', folder, [brain()]), 1, 4 * MINUTES);
    const study = await sendSeries(site, 'CI2_CD_BTS', folder, [brain({ exam: later })]);
    const [ended] = await site.untilEnded(study, 1, 4 * MINUTES);
    if (ended === undefined) throw new Error('The exam has no run.');
    model = ended;
    browser = await launchChromium(WITH_WEBGL);
  }, 12 * MINUTES);
  afterAll(async () => {
    await browser?.close();
    await site?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('should keep each voxel of a brush stroke, measure it, and show the new volume in the open trend', {
    timeout: 12 * MINUTES,
  }, async () => {
    const { context, page, foreign } = await openWindow(browser, { url: site.web, limitMs: 3 * MINUTES });
    await page.goto('/');
    await new SignInPage(page).signIn('admin', ADMIN_PASSWORD);
    const trend = await context.newPage();
    await trend.goto(`/runs/${model.id}/trend`);
    await trend.evaluate(() => Object.assign(window, { neverReloaded: true }));
    const form = await context.newPage();
    await form.goto(`/runs/${model.id}`);
    await form.evaluate(() => Object.assign(window, { neverReloaded: true }));

    await page.bringToFront();
    const editor = new EditorPage(page);
    await editor.openFromRun(model.id);
    expect(await editor.segments()).toEqual(['Non-enhancing lesion']);
    await expect.poll(async () => countOf(await editor.drawn()), { timeout: 3 * MINUTES }).toBeGreaterThan(0);
    const before = await editor.drawn();
    expect(before, 'what the viewer shows is what the model found').toEqual(await stored(resultOf(model)));
    await screenshot(page, 'editor');
    await editor.paint([0.6, 0.6], [0.66, 0.62]);
    await expect.poll(async () => countOf(await editor.drawn())).toBeGreaterThan(countOf(before));
    const drawn = await editor.drawn();
    await screenshot(page, 'editor-painted');
    await editor.save();
    await editor.saved.getByText('Saved and measured').waitFor();
    await screenshot(page, 'editor-saved');

    const edit = (await site.runs(model.studyInstanceUid)).find(({ imported }) => imported?.edits === model.id);
    if (edit === undefined) throw new Error('The edit has no run.');
    const result = resultOf(edit);
    expect(await stored(result), 'voxel by voxel').toEqual(drawn);
    expect(result.imported).toMatchObject({ source: 'edited', author: 'admin', edits: model.id });
    const [change] = result.changes ?? [];
    const [were, are] = [countOf(before), countOf(drawn)];
    expect(change?.changedVoxels).toBe(are - were);
    expect(change?.dice).toBeCloseTo((2 * were) / (were + are), 5);
    expect(change?.surfaceDistance95Mm).toBeGreaterThan(0);
    expect(result.imported?.minutes).toBeGreaterThan(0);
    const [lesion] = result.structures;
    expect(lesion?.volumeMl).toBeCloseTo(are * 0.027, 3);
    expect((await site.runs(model.studyInstanceUid)).find(({ id }) => id === model.id)?.result).toEqual(model.result);

    await trend.bringToFront();
    const volume = `${lesion?.volumeMl.toFixed(1)} mL`;
    await trend.getByRole('cell', { name: volume }).waitFor({ timeout: MINUTES });
    expect(await trend.locator('.plot circle').count(), 'two of the model, one edited').toBe(3);
    await trend.getByText('to the volume by Model brain-levels 1.0.0').waitFor();
    expect(await trend.evaluate(() => Reflect.get(window, 'neverReloaded'))).toBe(true);
    await screenshot(trend, 'trend-with-edit');
    await form.bringToFront();
    await form.getByRole('heading', { name: 'Edited by readers' }).waitFor({ timeout: MINUTES });
    expect(await form.locator('#feedback').count(), 'the form stays as it is').toBe(1);
    expect(await form.evaluate(() => Reflect.get(window, 'neverReloaded'))).toBe(true);

    await page.bringToFront();
    await editor.saved.getByRole('button', { name: 'See the result' }).click();
    await page.getByRole('heading', { name: 'What was changed' }).waitFor();
    await screenshot(page, 'edited-result');
    await page.goto(`/runs/${model.id}`);
    await page.getByRole('heading', { name: 'Edited by readers' }).waitFor();
    await screenshot(page, 'result-with-edit');

    await editor.openFromRun(edit.id);
    await expect.poll(async () => countOf(await editor.drawn()), { timeout: 3 * MINUTES }).toBeGreaterThan(0);
    expect(await editor.drawn(), 'opened again it is what was drawn').toEqual(drawn);
    expect(foreign.filter((url) => !/^(blob|data):/.test(url))).toEqual([]);
    await context.close();
  });

  it('should keep several structures apart, refuse what belongs to none, and lose nothing where the session ends', {
    timeout: 12 * MINUTES,
  }, async () => {
    const study = await sendSeries(site, 'CI2_CD_LDN', folder, [liver()]);
    const [ended] = await site.untilEnded(study, 1, 4 * MINUTES);
    if (ended === undefined) throw new Error('The exam has no run.');
    const { context, page } = await openWindow(browser, { url: site.web, limitMs: 3 * MINUTES });
    await page.goto('/');
    await new SignInPage(page).signIn('admin', ADMIN_PASSWORD);
    const editor = new EditorPage(page);
    await editor.openFromRun(ended.id);
    expect(await editor.segments()).toEqual(resultOf(ended).structures.map(({ title }) => title));
    await expect.poll(async () => countOf(await editor.drawn()), { timeout: 3 * MINUTES }).toBeGreaterThan(0);
    await editor.paint([0.5, 0.4], [0.6, 0.55]);
    await editor.addSegment();
    await expect.poll(() => editor.segments()).toHaveLength(4);
    // The new segment is the one that is drawn a moment after it is listed.
    const paintMore = async () => {
      await editor.paint([0.3, 0.5], [0.32, 0.52]);
      return countOf(await editor.drawn(4));
    };
    await expect.poll(paintMore, { timeout: MINUTES, interval: 2000 }).toBeGreaterThan(0);
    await editor.save();
    await editor.saved.getByText('Not saved').waitFor();
    await editor.saved.getByText(/nothing but .* it also holds a segment of another name/).waitFor();
    await screenshot(page, 'editor-refused');
    await editor.saved.getByRole('button', { name: 'Back to the image' }).click();
    expect(await site.runs(study)).toHaveLength(1);

    await editor.removeSegment(4);
    await expect.poll(() => editor.segments()).toHaveLength(3);
    await context.clearCookies();
    await editor.save();
    await editor.saved.getByText(/Your session has ended.* what you have drawn is still here/).waitFor();
    const other = await context.newPage();
    await other.goto('/');
    await new SignInPage(other).signIn('admin', ADMIN_PASSWORD);
    await other.close();
    await editor.saved.getByRole('button', { name: 'Back to the image' }).click();
    const drawn = [await editor.drawn(1), await editor.drawn(2), await editor.drawn(3)];
    await editor.save();
    await editor.saved.getByText('Saved and measured').waitFor();
    const edit = (await site.runs(study)).find(({ imported }) => imported?.edits === ended.id);
    if (edit === undefined) throw new Error('The edit has no run.');
    for (const [index, set] of drawn.entries()) {
      expect(await stored(resultOf(edit), index + 1), 'voxel by voxel').toEqual(set);
    }
    const changed = resultOf(edit).changes?.map(({ changedVoxels }) => changedVoxels > 0);
    expect(changed, 'the brush took from others what it gave to one').toContain(true);
    await context.close();
  });

  /** What the published object says, image by image. */
  async function stored({ objects }: SegmentationResult, segment?: number): Promise<Drawn> {
    const store = site.openStore();
    const bytes = await store.get('results', objects.seg ?? '').finally(() => store.close());
    await expectValid(bytes);
    return drawnIn(bytes, segment);
  }

  /** Without an error in dciodvfy, where it is there. */
  async function expectValid(bytes: Buffer): Promise<void> {
    if (!debian.has('dicom3tools')) return;
    const file = path.join(folder, 'stored.dcm');
    writeFileSync(file, bytes);
    const { stderr } = await run('dciodvfy', [file]).catch((error: { stderr: string }) => error);
    expect(stderr.split('\n').filter((line) => line.startsWith('Error'))).toEqual([]);
  }
});

function resultOf({ result, reason }: RunView): SegmentationResult {
  if (result?.kind !== 'segmentation') throw new Error(`The run has no segmentation: ${reason}`);
  return result;
}
