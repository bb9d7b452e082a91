import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshUid } from '../../web/testing/results.ts';
import { HAS_CHROMIUM, screenshot } from './chromium.ts';
import { type House, openHouse } from './house.ts';
import { RunPage } from './pages/run.ts';
import { WorklistPage } from './pages/worklist.ts';

describe.skipIf(!HAS_CHROMIUM)('the page of a segmentation in Chromium', () => {
  let house: House;
  beforeAll(async () => {
    house = await openHouse();
  });
  afterAll(() => house.close());

  it('should show volumes, shares and pictures, and ask about each structure', async () => {
    const study = freshUid();
    house.madePatient(study);
    const { id } = await house.world.run({ study, segmentation: {} });
    const { context, page, foreign, complaints } = await house.signedIn('reader');
    const run = new RunPage(page);
    await run.open(id);
    expect(await run.summary.locator('tbody tr').allInnerTexts()).toEqual([
      'Left lobe\t512 mL\t34 %',
      'Right lobe\t934 mL\t62 %',
      'Vessels\t61.7 mL\t4 %',
      'Total\t1508 mL\t100 %',
    ]);
    const drawn = await page
      .locator('.preview img')
      .evaluateAll((images) => images.map((image) => image instanceof HTMLImageElement && image.naturalWidth > 0));
    expect(drawn, 'the pictures are there').toEqual([true, true, true]);
    await screenshot(page, 'segmentation');
    for (const structure of ['Left lobe', 'Right lobe', 'Vessels']) {
      await run.form.answer(structure, 'Usable as it is');
    }
    await run.form.send();
    await screenshot(page, 'segmentation-sent');
    expect(foreign).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('should let a signed-in person keep a file, under a name that says nothing of the patient', async () => {
    const { id } = await house.world.run({ segmentation: {} });
    const { context, page } = await house.signedIn('reader');
    await new RunPage(page).open(id);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Segmentation (DICOM SEG)' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`liver-transplant-segmentation-${id.slice(0, 12)}.seg.dcm`);
    await context.close();
  });

  it('should tell apart what is incomplete, nothing, failed, out of scope, not ready and not published', async () => {
    const structure = { name: 'left-lobe', title: 'Left lobe', volumeMl: 480.2, voxels: 9000, complete: false };
    const structures = [
      structure,
      { ...structure, name: 'right-lobe', title: 'Right lobe', volumeMl: 901.7, complete: true },
      { ...structure, name: 'vessels', title: 'Vessels', volumeMl: 0, voxels: 0, complete: true },
    ];
    const notes = ['The pixels were compressed with loss before they came here.'];
    const incomplete = await house.world.run({ segmentation: { structures, notes, previews: [], objects: {} } });
    await house.world.run({ segmentation: {}, status: 'queued' });
    await house.world.run({ segmentation: {}, status: 'running' });
    await house.world.run({ segmentation: {}, status: 'failed', reason: 'The series has missing slices.' });
    await house.world.run({ segmentation: {}, status: 'out-of-scope', reason: 'The pixels do not show a liver.' });
    const unpublished = await house.world.run({ segmentation: {}, unpublished: true });
    const { context, page } = await house.signedIn('reader');
    await new RunPage(page).open(incomplete.id);
    await screenshot(page, 'segmentation-incomplete');
    await new RunPage(page).open(unpublished.id);
    await screenshot(page, 'run-unpublished');
    await new WorklistPage(page).open();
    const states = await page.locator('tbody .status').allInnerTexts();
    expect(new Set(states.slice(0, 6)).size, 'six states, six looks').toBe(6);
    await screenshot(page, 'worklist-segmentations');
    await context.close();
  });
});
