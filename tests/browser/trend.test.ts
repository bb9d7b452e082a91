import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliverDue } from '../../gateway/delivery/deliver.ts';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { decodeFrame } from '../../lib/dicom/pixels.ts';
import { Receiver } from '../../schemas/site.ts';
import { type Followed, makeFollowed } from '../../web/testing/followed.ts';
import { DCMTK_ENVIRONMENT, debianPackages } from '../peers/debian.ts';
import { freePort } from '../ports.ts';
import { expectAccessible } from './accessible.ts';
import { HAS_CHROMIUM, screenshot } from './chromium.ts';
import { type House, openHouse } from './house.ts';
import { TrendPage } from './pages/trend.ts';

const run = promisify(execFile);
const debian = await debianPackages();

describe.skipIf(!HAS_CHROMIUM)('the page of a trend in Chromium', () => {
  let house: House;
  let followed: Followed;
  let last: string;
  beforeAll(async () => {
    house = await openHouse();
    followed = await makeFollowed(house.world);
    last = followed.runs.at(-1) ?? '';
  });
  afterAll(() => house.close());

  it('should let a reader look with another baseline and threshold at once, and go back with one click', async () => {
    const { context, page, foreign, complaints } = await house.signedIn('reader');
    const trend = new TrendPage(page);
    await trend.open(last);
    expect(await trend.changes()).toEqual(['–', '+18 %', '+80 %', '+73 %']);
    await page.evaluate(() => Object.assign(window, { neverReloaded: true }));
    await trend.look({ baseline: '2025-07-12' });
    await page.getByText('Looking only, nothing stored.').waitFor();
    expect(await trend.changes()).toEqual(['–', '–', '+53 %', '+46 %']);
    await trend.look({ threshold: '50' });
    await page.getByRole('columnheader', { name: 'More than 50 % larger' }).first().waitFor();
    expect(await trend.flags()).toEqual(['–', '–', 'Yes', 'No']);
    expect(await page.evaluate(() => Reflect.get(window, 'neverReloaded'))).toBe(true);
    expect(page.url(), 'neither study nor patient').not.toContain('2.25.');
    await expectAccessible(page);
    await screenshot(page, 'trend-looking');
    await page.getByRole('link', { name: 'Back to the trend as it is' }).click();
    await page.getByText('only suggested').waitFor();
    expect(await trend.changes()).toEqual(['–', '+18 %', '+80 %', '+73 %']);
    expect(foreign).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('should let a reader look without scripts too', async () => {
    const { context, page } = await house.signedIn('reader', { javaScriptEnabled: false });
    const trend = new TrendPage(page);
    await trend.open(last);
    await trend.look({ baseline: '2025-07-12', threshold: '50' });
    await page.getByRole('button', { name: 'Look', exact: true }).click();
    expect(await page.getByText('Looking only, nothing stored.').count()).toBe(1);
    expect(await trend.flags()).toEqual(['–', '–', 'Yes', 'No']);
    await context.close();
  });

  it.skipIf(!debian.has('dcmtk'))(
    'should show the report, say what to do first, send it, and follow it to the receiver',
    async () => {
      const { world } = house;
      const folder = mkdtempSync(path.join(tmpdir(), 'overread-report-'));
      const got = path.join(folder, 'received');
      mkdirSync(got);
      const port = await freePort();
      const archive = Receiver.parse({
        ...{ name: 'research-pacs', kind: 'research', protocol: 'c-store', aeTitle: 'PACS' },
        ...{ host: '127.0.0.1', port },
      });
      world.receivers.push(archive, { name: 'hospital-pacs', kind: 'clinical' });
      const scp = spawn('storescp', ['-od', got, '-aet', 'PACS', String(port)], {
        env: DCMTK_ENVIRONMENT,
        stdio: 'ignore',
      });
      const { context, page, foreign, complaints } = await house.signedIn('reader');
      const trend = new TrendPage(page);
      await trend.open(last);
      await page.getByRole('link', { name: 'DICOM report' }).click();
      await page.getByText('Confirm it first').waitFor();
      await expectAccessible(page);
      await screenshot(page, 'trend-report-not-yet');
      await page.getByRole('link', { name: 'To the trend', exact: true }).click();
      await trend.confirmBaseline('2025-03-01', 'first exam after the resection');
      await page.getByRole('link', { name: 'DICOM report' }).click();
      await trend.previewed();
      expect(await page.getByRole('checkbox', { name: 'hospital-pacs' }).isDisabled()).toBe(true);
      await page.getByText('nobody has approved this version').waitFor();
      await expectAccessible(page);
      await screenshot(page, 'trend-report');
      await page.getByRole('checkbox', { name: 'research-pacs' }).check();
      await page.getByRole('button', { name: 'Send the report' }).click();
      await page.getByRole('cell', { name: 'Waiting' }).waitFor();
      await screenshot(page, 'trend-report-waiting');
      await page.evaluate(() => Object.assign(window, { neverReloaded: true }));

      const signal = new AbortController().signal;
      const sending = {
        store: world.store,
        database: world.database,
        receivers: [archive],
        callingAETitle: 'OVERREAD',
      };
      let now = world.parts.now();
      // storescp says nothing when it listens: the queue itself tries until it does.
      for (let next: Date | undefined = now; next !== undefined; now = next ?? now) {
        next = await deliverDue({ ...sending, folder: path.join(folder, 'outgoing'), signal }, now);
      }
      await page.getByRole('cell', { name: /^Sent/ }).waitFor();
      expect(await page.evaluate(() => Reflect.get(window, 'neverReloaded')), 'by itself').toBe(true);
      await screenshot(page, 'trend-report-sent');

      const files = readdirSync(got);
      expect(files).toHaveLength(1);
      const received = path.join(got, files[0] ?? '');
      await hasNoErrors(received);
      const bytes = readFileSync(received);
      const { dataset } = readPart10(bytes);
      expect(dataset.text('StudyInstanceUID')).toBe(followed.studies[2]);
      expect(dataset.text('SeriesDescription')).toMatch(/^INVESTIGATIONAL /);
      const { pixels, rows, columns } = await decodeFrame(bytes);
      const previewed = await trend.previewPixels();
      expect(previewed.equals(Buffer.from(Uint8Array.from(pixels))), 'exactly what was shown').toBe(true);
      if (process.env.OVERREAD_SCREENSHOTS !== undefined) {
        const picture = path.join(process.env.OVERREAD_SCREENSHOTS, 'trend-report-received.png');
        await sharp(Uint8Array.from(pixels), { raw: { width: columns, height: rows, channels: 3 } }).toFile(picture);
      }
      expect(foreign).toEqual([]);
      expect(complaints).toEqual([]);
      scp.kill();
      await context.close();
      rmSync(folder, { recursive: true, force: true });
    },
  );

  it('should be right in the light theme too, and on a monitor that stands upright', async () => {
    const { context, page } = await house.signedIn('reader');
    const trend = new TrendPage(page);
    await trend.open(last);
    await trend.confirmBaseline('2025-03-01', 'for the light theme');
    await page.getByRole('button', { name: 'Light theme' }).click();
    await page.setViewportSize({ width: 1080, height: 1920 });
    for (const at of [`/runs/${last}/trend?threshold=70`, `/runs/${last}/trend/report`]) {
      await page.goto(at);
      await expectAccessible(page);
      const excess = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(excess, at).toBe(0);
    }
    await trend.previewed();
    await screenshot(page, 'trend-report-light');
    await context.close();
  });

  it('should tell whoever looks at a report that the trend has gone on, and send nothing', async () => {
    const { context, page } = await house.signedIn('reader');
    const trend = new TrendPage(page);
    await trend.open(last);
    await trend.confirmBaseline('2025-03-01', 'as before');
    await page.getByRole('link', { name: 'DICOM report' }).click();
    await trend.previewed();
    const other = await house.signedIn('boss');
    await new TrendPage(other.page).open(last);
    await new TrendPage(other.page).confirmBaseline('2025-07-12', 'second exam after all');
    await page.getByText('The trend has changed').waitFor();
    await page.getByRole('button', { name: 'Send the report' }).waitFor({ state: 'detached' });
    await screenshot(page, 'trend-report-changed');
    await page.getByRole('link', { name: 'Look at the report as it is now' }).click();
    await trend.previewed();
    await other.context.close();
    await context.close();
  });
});

/** @throws {Error} dciodvfy finds an error */
async function hasNoErrors(file: string): Promise<void> {
  if (!debian.has('dicom3tools')) return;
  const { stderr } = await run('dciodvfy', [file]).catch((error: { stderr: string }) => error);
  expect(stderr.split('\n').filter((line) => line.startsWith('Error'))).toEqual([]);
}
