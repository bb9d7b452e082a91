import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Exam } from '../../lib/archive/other-exams.ts';
import { freshUid } from '../../web/testing/results.ts';
import { barriersOn } from './accessible.ts';
import { HAS_CHROMIUM, screenshot } from './chromium.ts';
import { type House, openHouse } from './house.ts';

/** The side monitor of a reading room, upright. */
const PORTRAIT = { width: 1080, height: 1920 };

/** A page by the name of its picture, and where it is. */
type Pages = Record<string, string>;

describe.skipIf(!HAS_CHROMIUM)('every page in Chromium', () => {
  let house: House;
  let pages: Pages;
  let window: Awaited<ReturnType<House['signedIn']>>;

  beforeAll(async () => {
    house = await openHouse({ people: { lea: 'evaluation-lead', quinn: 'quality-reviewer' } });
    pages = await furnished(house);
    window = await house.signedIn('boss');
  });
  afterAll(async () => {
    await window.context.close();
    await house.close();
  });

  /** What is wrong with the pages, by name: barriers, and what is wider than the window. */
  const look = async ({ page }: { page: Page }, suffix: string) => {
    const wrong: string[] = [];
    for (const [name, at] of Object.entries(pages)) {
      await page.goto(at);
      await screenshot(page, `${name}${suffix}`);
      wrong.push(...(await barriersOn(page)).map((barrier) => `${name}: ${barrier}`));
      const excess = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      if (excess > 0) wrong.push(`${name}: ${excess} pixels wider than the window`);
      const cut = await page
        .locator('.scroll')
        .evaluateAll((places) => places.filter((place) => place.scrollWidth > place.clientWidth).length);
      if (cut > 0) wrong.push(`${name}: a table is cut off at the right`);
    }
    return wrong;
  };

  it('suits everybody by axe-core in the dark theme, and asks nothing of another host', async () => {
    expect(await look(window, '')).toEqual([]);
    expect(window.foreign).toEqual([]);
    expect(window.complaints.filter((complaint) => !complaint.includes('404'))).toEqual([]);
  });

  it('and in the light one', async () => {
    await window.page.goto('/');
    await window.page.getByRole('button', { name: 'Light theme' }).click();
    await window.page.getByRole('button', { name: 'Dark theme' }).waitFor();
    expect(await look(window, '-light')).toEqual([]);
  });

  it('and on a monitor that stands upright', async () => {
    await window.page.setViewportSize(PORTRAIT);
    expect(await look(window, '-portrait')).toEqual([]);
  });
});

/** Something to see on every page. */
async function furnished({ world, madePatient }: House): Promise<Pages> {
  const [hips, liver, before] = [freshUid(), freshUid(), freshUid()];
  for (const study of [hips, liver, before]) madePatient(study);
  const person = { name: 'Phantom^Abdomen', patientId: 'PHANTOM-0201', birthDate: null, sex: 'O' };
  const exam = { accessionNumber: 'PH020120260105', studyDescription: 'MR BRAIN TUMOUR FOLLOW-UP' };
  world.archive.patients.set(liver, { ...person, ...exam, studyDate: '20260131' });
  const held = { state: 'complete' as const, instances: 2, series: 1, lastReceivedAt: '2026-01-31T08:15:00.000Z' };
  const route = { route: 'hips', matched: true, reason: 'Modality is DX, and BodyPartExamined is PELVIS.' };
  world.archive.studies.set(hips, { ...held, quarantined: 1, routes: [route], studyInstanceUid: hips });
  world.archive.quarantine.set(hips, [{ reason: 'The same SOPInstanceUID came with other pixels.', instances: 1 }]);
  const dated = (studyInstanceUid: string, studyDate: string): Exam => ({
    studyInstanceUid,
    studyDate,
    studyTime: '080000',
    studyDescription: 'Abdomen',
  });
  world.archive.exams.push([dated(before, '20250901'), dated(liver, '20260131')]);
  const { id: hip } = await world.run({ study: hips, qualityReview: ['Images disagree on the left hip.'] });
  const reason = 'The model server did not answer in 60 s.';
  const { id: failed } = await world.run({ study: hips, status: 'failed', reason, retryable: true });
  const { id: outOfScope } = await world.run({
    status: 'out-of-scope',
    reason: 'The image shows no hip (score 0.02).',
  });
  const { id: running } = await world.run({ status: 'running' });
  await world.run({ study: before, segmentation: {} });
  const { id: segmented } = await world.run({ study: liver, segmentation: {} });
  return {
    worklist: '/',
    reading: '/reading',
    'run-hips': `/runs/${hip}`,
    'run-liver': `/runs/${segmented}`,
    'run-failed': `/runs/${failed}`,
    'run-out-of-scope': `/runs/${outOfScope}`,
    'run-running': `/runs/${running}`,
    trend: `/runs/${segmented}/trend`,
    exam: `/studies/${hips}`,
    'launch-waiting': `/launch?study=${freshUid()}`,
    quarantine: '/quarantine',
    evaluations: '/evaluations',
    report: '/evaluations/hip-fracture-detection',
    approvals: '/approvals',
    audit: '/audit',
    accounts: '/accounts',
    account: '/account',
    'not-found': '/runs/none',
  };
}
