import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HIP_READS, LIVER_READS, putHipReads, putLiverEdits } from '../conformance/statistics/reads.ts';
import { barriersOn } from './accessible.ts';
import { HAS_CHROMIUM, screenshot } from './chromium.ts';
import { type House, openHouse } from './house.ts';

/** A landscape A4 page at 96 dots an inch, without its margins. */
const PAPER = { width: 1040, height: 720 };

describe.skipIf(!HAS_CHROMIUM)('the report of an evaluation in Chromium', () => {
  let house: House;
  let window: Awaited<ReturnType<House['signedIn']>>;

  beforeAll(async () => {
    house = await openHouse({ evaluations: [HIP_READS, LIVER_READS], people: { lea: 'evaluation-lead' } });
    await putHipReads(house.world);
    await putLiverEdits(house.world);
    window = await house.signedIn('lea');
  });
  afterAll(async () => {
    await window.context.close();
    await house.close();
  });

  /** By how many pixels the page is wider than the window. */
  const excess = () =>
    window.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

  it.each(['hips', 'livers'])('suits everybody: %s', async (name) => {
    const { page } = window;
    await page.goto('/evaluations');
    await page.locator(`a[href="/evaluations/${name}"]`).click();
    await page.getByRole('heading', { name: 'Exams and why some fell out' }).waitFor();
    await screenshot(page, `report-${name}`);
    expect([await excess(), await barriersOn(page)]).toEqual([0, []]);
    expect([window.foreign, window.complaints]).toEqual([[], []]);
  });

  it('leads from a figure to its rows', async () => {
    const { page } = window;
    await page.goto('/evaluations/hips');
    const readers = page.locator('section', { has: page.getByRole('heading', { name: 'Readers', exact: true }) });
    const loading = page.waitForEvent('download');
    await readers.getByRole('link', { name: 'ann' }).click();
    expect((await loading).suggestedFilename()).toBe('hips-export.csv');
  });

  it('goes on paper black on white, and nothing runs off it', async () => {
    const { page } = window;
    await page.goto('/evaluations/hips');
    await page.emulateMedia({ media: 'print' });
    await page.setViewportSize(PAPER);
    await screenshot(page, 'report-printed');
    expect(await excess()).toBe(0);
    expect(await page.getByRole('navigation', { name: 'Main' }).isVisible()).toBe(false);
    const ground = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    expect(ground).toBe('rgb(255, 255, 255)');
  });
});
