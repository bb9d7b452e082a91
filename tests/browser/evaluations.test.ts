import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hipDemoExams } from '../../phantoms/demo-hip.ts';
import { installViewer } from '../../web/viewer/install.ts';
import { brain, liver, sendSeries } from '../end-to-end/segmentation-exams.ts';
import { debianPackages } from '../peers/debian.ts';
import { startMinio } from '../peers/minio.ts';
import { describeWith } from '../peers/skip.ts';
import { startSlapd } from '../peers/slapd.ts';
import { bringIn } from './brought-in.ts';
import { HAS_CHROMIUM, screenshot } from './chromium.ts';
import { type Hospital, openHospital } from './hospital.ts';
import { EditorPage } from './pages/editor.ts';
import { ReadingPage } from './pages/reading.ts';
import { ReportPage } from './pages/report.ts';

const MINUTES = 60_000;
/** On a busy machine without a graphics card a page of the viewer takes minutes. */
const LIMIT_MS = 10 * MINUTES;
/** `1` on the form is "fracture" or "good", `2` "no fracture". */
const [FIRST, SECOND] = ['1', '2'];

const [slapd, minio, viewer, debian] = await Promise.all([
  startSlapd(),
  startMinio(),
  HAS_CHROMIUM ? installViewer().catch(() => undefined) : undefined,
  debianPackages(),
]);
afterAll(() => Promise.all([slapd?.remove(), minio?.stop()]));
const peers =
  slapd !== undefined && minio !== undefined && viewer !== undefined && debian.has('dcmtk')
    ? { slapd, minio }
    : undefined;

describeWith('the evaluations', peers, 'slapd, MinIO, storescu, Chromium and the viewer are needed', (theirs) => {
  let hospital: Hospital;
  beforeAll(async () => {
    hospital = await openHospital(theirs);
  }, LIMIT_MS);
  afterAll(() => hospital?.close());

  const signedIn = (name: Parameters<Hospital['signedIn']>[0]) => hospital.signedIn(name);

  /** What a lead takes out about the evaluation of this title: who answered what at which stage. */
  const exported = async (title: string) => {
    const { page, context } = await signedIn('lea');
    const report = new ReportPage(page);
    await report.openFromList(title);
    const [answers, volumes] = [await report.table('Answers'), await report.table('Volumes')];
    await context.close();
    return { answers, volumes };
  };

  it('hips: quality, two readers at once, the model, a decision, the report', { timeout: LIMIT_MS }, async () => {
    const [exam] = await hipDemoExams(hospital.folder, { seed: 5 });
    if (exam === undefined) throw new Error('There is no phantom.');
    await hospital.storescu(exam.calledAETitle, exam.files);

    const quinn = await signedIn('quinn');
    await new ReadingPage(quinn.page).openNext('Hip fracture');
    await new ReadingPage(quinn.page).answer(...exam.files.map(() => FIRST));
    await quinn.page.getByText('Sent by').waitFor();

    const readers = await Promise.all([signedIn('rada'), signedIn('rolf')]);
    const [rada, rolf] = readers.map(({ page }) => ({ page, reading: new ReadingPage(page) }));
    if (rada === undefined || rolf === undefined) throw new Error('There are two readers.');
    await Promise.all([rada.reading.openNext('Hip fracture'), rolf.reading.openNext('Hip fracture')]);
    for (const { page } of [rada, rolf]) expect(await page.locator('.box').count(), 'no box is drawn').toBe(0);
    await Promise.all([rada.reading.answer(SECOND, FIRST), rolf.reading.answer(SECOND, SECOND)]);
    for (const { page } of [rada, rolf]) {
      await page.locator('.box').first().waitFor();
      expect(await page.locator('main').textContent(), 'nobody sees another reader').not.toMatch(
        page === rada.page ? /rolf/ : /rada/,
      );
      await page.getByRole('button', { name: 'Agree with all' }).click();
    }
    const agreed = await rada.reading.sent();
    expect(await rolf.reading.sent(), 'both took over what the model said').toEqual(agreed);

    const lea = await signedIn('lea');
    await new ReadingPage(lea.page).openNext('Hip fracture');
    await lea.page.getByText('The readers differ').waitFor();
    await new ReadingPage(lea.page).answer(SECOND, FIRST);
    const decided = await new ReadingPage(lea.page).sent();
    expect(decided).toMatchObject({ 'Left hip: Your read': 'Fracture' });
    await screenshot(lea.page, 'hip-decided');

    const { answers } = await exported('Hip fracture');
    const given = answers.map(({ stage, reader, question, subject, value }) =>
      [stage, reader, question, question === 'read' ? subject : '', value].join(' '),
    );
    const model = Object.fromEntries(
      ['right', 'left'].map((side) => [side, answers.find(({ subject }) => subject === side)?.model_value]),
    );
    const boxes = Object.keys(agreed).filter((question) => question.includes('Box')).length;
    expect(boxes).toBeGreaterThan(0);
    const aided = (reader: string) => [
      ...['right', 'left'].map((side) => `aided ${reader} read ${side} ${model[side]}`),
      ...Array.from({ length: boxes }, () => `aided ${reader} box  fits`),
    ];
    expect(given.sort()).toEqual(
      [
        ...exam.files.map(() => 'quality quinn usable  good'),
        ...['rada read right no-fracture', 'rada read left fracture'].map((read) => `unaided ${read}`),
        ...['rolf read right no-fracture', 'rolf read left no-fracture'].map((read) => `unaided ${read}`),
        ...[...aided('rada'), ...aided('rolf')],
        ...['right no-fracture', 'left fracture'].map((read) => `adjudication lea read ${read}`),
      ].sort(),
    );
    const agreedWithAll = new Set(answers.filter((row) => row.agreed_with_all === 'yes').map(({ stage }) => stage));
    expect([...agreedWithAll]).toEqual(['aided']);
    expect(new Set(answers.map(({ study_instance_uid }) => study_instance_uid))).toEqual(
      new Set([exam.studyInstanceUid]),
    );
    for (const { context } of [quinn, ...readers, lea]) await context.close();
  });

  it('brain: three exams, the baseline, a brush stroke, the form, the report', { timeout: LIMIT_MS }, async () => {
    const visits = [
      { studyDate: '20240105', size: 1 },
      { studyDate: '20240405', size: 0.9 },
      { studyDate: '20240705', size: 1.2 },
    ] as const;
    const studies: string[] = [];
    for (const { studyDate, size } of visits) {
      const exam = { ...brain().exam, seed: `evaluations/${studyDate}`, studyDate };
      studies.push(await sendSeries(hospital.site, 'CI2_CD_BTS', hospital.folder, [brain({ exam, size })]));
    }
    const { page, context } = await signedIn('rada');
    await readyOnWorklist(page, 'MR BRAIN TUMOUR NAV', visits.length);
    await page.locator('tbody tr', { hasText: '2024-07-05' }).locator('a.row-link').click();
    const [last] = /[0-9a-f]{64}/.exec(page.url()) ?? [];
    if (last === undefined) throw new Error(`This is the page of no run: ${page.url()}`);
    await page.getByRole('link', { name: 'All exams, baseline and changes' }).click();
    await page.getByText('nobody has confirmed it yet').waitFor();
    expect(await page.locator('.plot circle').count()).toBe(3);
    const acts = page.locator('section', { hasText: 'Change what is compared' });
    await acts.getByLabel('Exam').selectOption({ index: 1 });
    await acts.getByLabel('Reason').fill('First exam after the operation');
    await acts.getByRole('button', { name: 'Confirm as baseline' }).click();
    await page.getByText(/confirmed by rada on .*: First exam after the operation/).waitFor();
    const flagged = page.locator('tr.is-progression');
    expect(await flagged.count(), 'growth by more than the threshold').toBe(1);
    expect(await flagged.textContent()).toMatch(/2024-07-05[\s\S]*\+\d\d %/);

    const trend = await context.newPage();
    await trend.goto(`/runs/${last}/trend`);
    await page.bringToFront();
    const editor = new EditorPage(page);
    await editor.openFromRun(last);
    const voxels = async () => Object.values(await editor.drawn()).reduce((sum, { length }) => sum + length, 0);
    await expect.poll(voxels, { timeout: 3 * MINUTES }).toBeGreaterThan(0);
    const before = await voxels();
    await editor.paint([0.6, 0.6], [0.66, 0.62]);
    await expect.poll(voxels, { timeout: MINUTES }).toBeGreaterThan(before);
    await editor.save();
    await editor.saved.getByText('Saved and measured').waitFor();
    await trend.bringToFront();
    await expect.poll(() => trend.locator('.plot circle').count(), { timeout: MINUTES }).toBe(4);
    await trend.close();

    await page.goto(`/runs/${last}`);
    const form = page.locator('#feedback');
    await form.getByRole('radio', { name: 'After small corrections' }).check();
    await form.getByRole('radio', { name: 'Larger' }).check();
    await form.getByRole('radio', { name: '4', exact: true }).check();
    await form.getByRole('button', { name: 'Send', exact: true }).click();
    await new ReadingPage(page).sent();

    const { answers, volumes } = await exported('Brain tumour');
    expect(answers.map(({ reader, question, subject, value }) => [reader, question, subject, value])).toEqual(
      expect.arrayContaining([
        ['rada', 'outline', 'lesion', 'small-corrections'],
        ['rada', 'change', 'exam', 'larger'],
        ['rada', 'confidence', 'exam', '4'],
      ]),
    );
    expect(answers).toHaveLength(3);
    expect(volumes.map(({ study_instance_uid }) => study_instance_uid)).toEqual([studies[2]]);
    await context.close();
  });

  it('liver: from the button of the PACS to the sent form in two clicks, the report', {
    timeout: LIMIT_MS,
  }, async () => {
    const exam = { ...liver().exam, seed: 'evaluations/liver', accession: 'LIVER-7' };
    await sendSeries(hospital.site, 'CI2_CD_LDN', hospital.folder, [liver({ exam })]);
    const rolf = await signedIn('rolf');
    await readyOnWorklist(rolf.page, 'ABDOMEN FOR LIVER DONOR', 1);
    await rolf.page.locator('tbody tr', { hasText: 'ABDOMEN FOR LIVER DONOR' }).locator('a.row-link').click();
    const volumes = await rolf.page.locator('table.volumes tbody tr').allInnerTexts();
    expect(volumes.map((row) => row.split('\t')[0])).toEqual([
      'Left lobe',
      'Right lobe',
      'Vessels of the liver',
      'Total',
    ]);
    for (const [number, key] of [FIRST, SECOND, FIRST, FIRST].entries()) {
      await rolf.page.locator('.question.is-current').waitFor();
      await rolf.page.keyboard.press(key ?? FIRST);
      expect(await rolf.page.locator('.question input:checked').count()).toBe(number + 1);
    }
    await rolf.page.keyboard.press('Control+Enter');
    await new ReadingPage(rolf.page).sent();
    await rolf.context.close();

    // Who comes from the PACS has signed in some day, but has no session now; the first click was there.
    await (await signedIn('rada')).context.close();
    const { page, context } = await hospital.window();
    await context.addInitScript(() => {
      document.addEventListener('click', () => {
        sessionStorage.setItem('clicks', String(Number(sessionStorage.getItem('clicks')) + 1));
      });
    });
    await page.goto(hospital.signedLink('rada', 'LIVER-7'));
    expect(page.url(), 'nothing of the exam is in the address').not.toContain('LIVER-7');
    await page.getByRole('button', { name: 'Agree with all, and send' }).click();
    const sent = await new ReadingPage(page).sent();
    expect(sent).toMatchObject({ 'Left lobe: Outline': 'As it is', 'Vessels of the liver: Outline': 'As it is' });
    const clicks = 1 + Number(await page.evaluate(() => sessionStorage.getItem('clicks')));
    expect(clicks, 'the button of the PACS, and "agree with all"').toBe(2);
    await context.close();

    const { answers } = await exported('Liver for transplantation');
    const given = (name: string) =>
      answers.filter(({ reader }) => reader === name).map(({ question, subject, value }) => [question, subject, value]);
    const structures = ['left-lobe', 'right-lobe', 'vessels'];
    expect(given('rada').sort()).toEqual(
      [...structures.map((name) => ['outline', name, 'as-it-is']), ['division', 'exam', 'fits']].sort(),
    );
    expect(given('rolf').sort()).toEqual(
      [
        ...structures.map((name) => ['outline', name, name === 'right-lobe' ? 'small-corrections' : 'as-it-is']),
        ['division', 'exam', 'fits'],
      ].sort(),
    );
  });

  it('liver, blinded: three segmentations of one exam, and whose each was', { timeout: LIMIT_MS }, async () => {
    const exam = { ...liver().exam, seed: 'evaluations/blinded', patient: 3 };
    const study = await sendSeries(hospital.site, 'CI2_CD_LDN', hospital.folder, [liver({ exam })]);
    const [run] = await hospital.site.untilEnded(study, 1, 4 * MINUTES);
    if (run === undefined) throw new Error('The exam has no run.');
    await bringIn(hospital.site, run, hospital.folder);
    const bea = await signedIn('bea');
    const reading = new ReadingPage(bea.page);
    await reading.openNext('Liver for transplantation, blinded');
    await reading.judge(3, ['4', '3', '2', SECOND]);
    await bea.context.close();

    const { page, context } = await signedIn('lea');
    await page.getByRole('link', { name: 'Evaluations' }).click();
    await page.getByRole('link', { name: 'Liver for transplantation, blinded' }).click();
    const answers = await new ReportPage(page).table('Answers');
    await context.close();
    const given = answers.map(({ source, reader, question, subject, value }) =>
      [source, reader, question, subject, value].join(' '),
    );
    const each = ['outline left-lobe 4', 'outline right-lobe 3', 'outline vessels 2', 'plan exam small-corrections'];
    expect(given.sort()).toEqual(
      ['model', 'expert', 'novice'].flatMap((source) => each.map((answer) => `${source} bea ${answer}`)).sort(),
    );
  });

  it('lets the PACS administrator see what arrived, and answer nothing', { timeout: LIMIT_MS }, async () => {
    const { page, context } = await signedIn('paul');
    await page.getByRole('link', { name: 'Quarantine' }).click();
    await page.getByRole('heading', { name: 'Quarantine' }).first().waitFor();
    await page.goto('/');
    await page.locator('tbody tr', { hasText: 'ABDOMEN FOR LIVER DONOR' }).first().locator('a.row-link').click();
    await page.locator('table.volumes').waitFor();
    expect(await page.locator('#feedback input').count()).toBe(0);
    expect(await page.getByRole('link', { name: 'Accounts' }).count()).toBe(0);
    await context.close();
  });
});

/** Resolves when so many exams of this description have a result; the page fills in by itself. */
async function readyOnWorklist(page: Page, description: string, count: number): Promise<void> {
  const ready = page.locator('tbody tr', { hasText: description }).filter({ hasText: 'Result ready' });
  await ready.nth(count - 1).waitFor();
}
