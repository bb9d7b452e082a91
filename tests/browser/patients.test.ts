import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { holdExam, readArchive } from '../../web/testing/exams.ts';
import { expectAccessible } from './accessible.ts';
import { HAS_CHROMIUM, screenshot } from './chromium.ts';
import { type House, openHouse } from './house.ts';

describe.skipIf(!HAS_CHROMIUM)('who is who in Chromium', () => {
  let house: House;
  beforeAll(async () => {
    house = await openHouse({ people: { pacs: 'pacs-administrator' } });
    readArchive(house.world);
    const jane = { PatientName: 'Doe^Jane', PatientBirthDate: '19560630', PatientSex: 'F' };
    await holdExam(house.world, '1.2.1', { ...jane, PatientID: 'OLD-1', StudyDescription: 'BRAIN' });
    await holdExam(house.world, '1.2.2', { ...jane, PatientID: 'NEW-7', StudyDescription: 'BRAIN FOLLOW UP' });
    await house.world.run({ study: '1.2.2', segmentation: {} });
  });
  afterAll(() => house.close());

  it('should merge two numbers after a look at what changes, and take it back', async () => {
    const { context, page, complaints } = await house.signedIn('pacs');
    await page.getByRole('link', { name: 'Patients' }).click();
    await screenshot(page, 'patients');
    await expectAccessible(page);
    await page.getByRole('group', { name: 'The number that is given up' }).getByLabel('Patient ID').fill('OLD-1');
    await page.getByRole('group', { name: 'The number that stays' }).getByLabel('Patient ID').fill('NEW-7');
    await page.locator('section', { hasText: 'Two numbers' }).getByRole('button', { name: 'See what changes' }).click();
    await page.getByRole('heading', { name: 'Make these one patient?' }).waitFor();
    expect(page.url(), 'no number in the address').not.toContain('OLD-1');
    await screenshot(page, 'patients-preview');
    await expectAccessible(page);
    await page.getByLabel('Reason').fill('Told by the admission office.');
    await page.getByRole('button', { name: 'Merge' }).click();
    await page.getByRole('status').getByText('They are one patient now').waitFor();
    await expectAccessible(page);
    await page.goto('/studies/1.2.1');
    await page.getByText('Its images state another patient').waitFor();
    await screenshot(page, 'exam-restated');
    await expectAccessible(page);
    await page.goto('/patients');
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByLabel('Reason').fill('It was somebody else.');
    await page.getByRole('button', { name: 'Undo it' }).click();
    await page.getByText('The statement holds no more').waitFor();
    await screenshot(page, 'patients-said');
    await expectAccessible(page);
    expect(complaints).toEqual([]);
    await context.close();
  });
});
