import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshUid, hip } from '../../web/testing/results.ts';
import { PASSWORD, type World } from '../../web/testing/world.ts';
import { HAS_CHROMIUM, screenshot } from './chromium.ts';
import { type House, openHouse } from './house.ts';
import { RunPage } from './pages/run.ts';
import { SignInPage } from './pages/sign-in.ts';
import { WorklistPage } from './pages/worklist.ts';

describe.skipIf(!HAS_CHROMIUM)('pages in Chromium', () => {
  let house: House;
  let world: World;
  let signedIn: House['signedIn'];
  let madePatient: House['madePatient'];

  beforeAll(async () => {
    house = await openHouse();
    ({ world, signedIn, madePatient } = house);
  });
  afterAll(() => house.close());

  it('should tell how to send the first exam while there is none', async () => {
    const { context, page } = await signedIn('boss');
    await page.getByText('No exam has arrived yet').waitFor();
    expect(await page.locator('.message').textContent()).toContain('CI2_CD_HIP_FRAC');
    await screenshot(page, 'worklist-empty');
    await context.close();
  });

  it('should show boxes, classes and confidences of each hip, and let the reader change window and zoom', async () => {
    const study = freshUid();
    madePatient(study);
    const { id } = await world.run({ study });
    const { context, page, foreign, complaints } = await signedIn('reader');
    const run = new RunPage(page);
    await run.open(id);
    const image = run.image(1);
    await image.rendered('gray16');
    expect(await image.labels()).toEqual(['Right hip: fracture 93 %', 'Left hip: no fracture 88 %']);
    await screenshot(page, 'run-result');

    const opening = await image.window();
    await image.drag(0.2, 0);
    await expect.poll(() => image.window(), { message: 'dragging must change the window' }).not.toBe(opening);
    const whole = await image.view();
    await image.wheel(-300);
    await expect
      .poll(async () => (await image.view())[2], { message: 'the wheel must zoom' })
      .toBeLessThan(whole[2] ?? 0);
    await image.press('0');
    await expect.poll(() => image.window(), { message: '0 must bring the first window back' }).toBe(opening);
    await expect.poll(() => image.view(), { message: '0 must bring the whole image back' }).toEqual(whole);

    expect(foreign, 'nothing may be asked of another host').toEqual([]);
    expect(complaints, 'scripts must run under the content security policy').toEqual([]);
    await context.close();
  });

  it('should send the form and show it again, to be read only', async () => {
    const study = freshUid();
    madePatient(study);
    const { id } = await world.run({ study });
    const { context, page } = await signedIn('reader');
    const run = new RunPage(page);
    await run.open(id);
    await run.form.answerAll();
    await run.form.write('Remarks', 'Clear <b>case</b>.');
    await run.form.send();
    expect(await run.form.root.textContent()).toContain('Clear <b>case</b>.');
    expect(await page.locator('#feedback input').count(), 'nothing can be changed any more').toBe(0);
    await screenshot(page, 'run-sent');
    await context.close();
  });

  it('should work without scripts: picture, boxes, form', async () => {
    const { id } = await world.run();
    const { context, page } = await signedIn('reader', { javaScriptEnabled: false });
    const run = new RunPage(page);
    await run.open(id);
    expect(await run.image(1).labels(), 'the boxes are in the page itself').toHaveLength(2);
    expect(await page.locator('.viewport image').getAttribute('href')).toMatch(/\.png$/);
    await run.form.answerAll();
    await screenshot(page, 'run-without-scripts');
    await run.form.send();
    await context.close();
  });

  it('should show five states that cannot be mistaken for each other', async () => {
    await world.run({ status: 'queued' });
    await world.run({ status: 'running' });
    await world.run({
      status: 'failed',
      reason: 'The file of one image is cut off after 4,096 bytes, so its pixels cannot be read.',
    });
    await world.run({
      status: 'out-of-scope',
      reason: 'The pixels do not look like a pelvis radiograph (0.03, at least 0.50 is needed).',
    });
    await world.run({
      images: [
        {
          lossy: true,
          hips: [hip({ sideSource: 'contradictory' })],
          notes: ['The header says left, the position says right.'],
        },
        { hips: [] },
      ],
      qualityReview: ['Image 1 contradicts itself about the side.'],
    });
    const { context, page } = await signedIn('boss');
    await new WorklistPage(page).open();
    const words = await page.locator('tbody .status').allInnerTexts();
    expect(new Set(words).size, 'each state has its own sign and word').toBe(5);
    await screenshot(page, 'worklist');
    await context.close();
  });

  it('should keep everything when the session ends in the middle of a form', async () => {
    const { id } = await world.run();
    const { context, page } = await signedIn('reader');
    const run = new RunPage(page);
    await run.open(id);
    await run.form.answer('Right hip', 'Fracture');
    await run.form.draftState.filter({ hasText: 'Draft saved' }).waitFor();
    await context.clearCookies({ name: world.parts.cookieName });
    await run.form.answerAll();
    await run.form.write('Remarks', 'Written while signed out.');
    await run.form.draftState.filter({ hasText: 'You are signed out' }).waitFor();
    await run.form.root.getByRole('button', { name: 'Send' }).click();
    await page.getByText('Your session had ended').waitFor();
    await screenshot(page, 'sign-in-again');
    await new SignInPage(page).signInAgain(PASSWORD);
    await page.getByText('Your answers are kept').waitFor();
    expect(await run.form.chosen('Left hip'), 'answers given without a session are there').toEqual(['No fracture']);
    await run.form.send();
    expect(await run.form.root.textContent()).toContain('Written while signed out.');
    await context.close();
  });

  it('should keep answers in the browser while the server cannot take them, and only then', async () => {
    const { id } = await world.run();
    const { context, page } = await signedIn('reader');
    const run = new RunPage(page);
    await run.open(id);
    await page.route('**/feedback/draft', (route) => route.abort());
    await run.form.answer('Right hip', 'Hardware');
    await run.form.draftState.filter({ hasText: 'Not saved on the server yet' }).waitFor();
    await page.unroute('**/feedback/draft');
    await run.open(id);
    expect(await run.form.chosen('Right hip'), 'restored after closing the page').toEqual(['Hardware']);
    await run.form.draftState.filter({ hasText: 'Draft saved' }).waitFor();
    const left = await page.evaluate(() => localStorage.length);
    expect(left, 'nothing stays on the workstation once the server has it').toBe(0);
    await context.close();
  });

  it('should save drafts one after the other, so that an older one that was long under way takes the place of none', async () => {
    const { id } = await world.run();
    const { context, page } = await signedIn('reader');
    const run = new RunPage(page);
    await page.clock.install();
    await run.open(id);
    const first = Promise.withResolvers<void>();
    let asked = 0;
    await page.route('**/feedback/draft', async (route) => {
      asked += 1;
      if (asked === 1) await first.promise;
      await route.continue();
    });
    await run.form.answer('Right hip', 'Hardware');
    await page.clock.runFor(1000);
    await expect.poll(() => asked).toBe(1);
    await run.form.answer('Right hip', 'Fracture');
    await page.clock.runFor(1000);
    await page.evaluate(() => fetch('/healthz'));
    expect(asked, 'while the first is under way').toBe(1);
    first.resolve();
    await expect.poll(() => asked).toBe(2);
    await run.form.draftState.filter({ hasText: 'Draft saved' }).waitFor();
    await expect.poll(() => page.evaluate(() => localStorage.length), { message: 'the server has all of it' }).toBe(0);
    await run.open(id);
    expect(await run.form.chosen('Right hip')).toEqual(['Fracture']);
    await context.close();
  });

  it('should show the newer draft of another computer, with the older copy of this one at hand', async () => {
    const { id } = await world.run();
    const [here, elsewhere] = [await signedIn('reader'), await signedIn('reader')];
    const [run, other] = [new RunPage(here.page), new RunPage(elsewhere.page)];
    await run.open(id);
    await here.page.route('**/feedback/draft', (route) => route.abort());
    await run.form.answer('Right hip', 'Hardware');
    await run.form.draftState.filter({ hasText: 'Not saved on the server yet' }).waitFor();
    await here.page.goto('/');
    world.later(10 * 60_000);
    await other.open(id);
    await other.form.answer('Right hip', 'Fracture');
    await other.form.draftState.filter({ hasText: 'Draft saved' }).waitFor();
    await here.page.unroute('**/feedback/draft');
    await run.open(id);
    await run.form.root.getByText('was set aside').waitFor();
    expect(await run.form.chosen('Right hip'), 'the newer one is shown').toEqual(['Fracture']);
    await run.form.root.getByRole('button', { name: 'Use what this browser had kept' }).click();
    expect(await run.form.chosen('Right hip'), 'the older one can be had back').toEqual(['Hardware']);
    await run.form.draftState.filter({ hasText: 'Draft saved' }).waitFor();
    await Promise.all([here.context.close(), elsewhere.context.close()]);
  });

  it('should save drafts on the server where the browser keeps nothing or has kept nonsense', async () => {
    const { id } = await world.run();
    const { context, page } = await signedIn('reader');
    const run = new RunPage(page);
    await page.evaluate((key) => localStorage.setItem(key, '{"at":'), `overread-draft:${id}:reader`);
    await page.addInitScript(() => {
      Storage.prototype.setItem = () => {
        throw new DOMException('full', 'QuotaExceededError');
      };
    });
    await run.open(id);
    await run.form.answer('Right hip', 'Hardware');
    await run.form.draftState.filter({ hasText: 'This browser cannot keep a copy' }).waitFor();
    await run.form.draftState.filter({ hasText: 'Draft saved' }).waitFor();
    await run.open(id);
    expect(await run.form.chosen('Right hip')).toEqual(['Hardware']);
    await context.close();
  });

  it('should fill in by itself: the worklist, a run under way, and a newer run without touching the form', async () => {
    const study = freshUid();
    const { context, page } = await signedIn('reader');
    const worklist = new WorklistPage(page);
    await worklist.open();
    await worklist.live();
    const { id } = await world.run({ study });
    await worklist.row(id).waitFor();

    const run = new RunPage(page);
    await run.open(id);
    await run.form.answer('Right hip', 'Fracture');
    const { id: newer } = await world.run({ study, amends: id });
    await page.getByRole('link', { name: 'Open the newer run' }).waitFor();
    expect(await run.form.chosen('Right hip'), 'the form stays as the reader left it').toEqual(['Fracture']);
    await page.getByRole('link', { name: 'Open the newer run' }).click();
    await page.waitForURL(`/runs/${newer}`);
    await context.close();
  });

  it('should fall back to the picture when the grey values cannot be had', async () => {
    const { id } = await world.run();
    const { context, page } = await signedIn('reader');
    await page.route('**/*.gray16', (route) => route.abort());
    const run = new RunPage(page);
    await run.open(id);
    await run.image(1).rendered('png');
    expect(await run.image(1).labels(), 'the boxes are there all the same').toHaveLength(2);
    await context.close();
  });

  it('should let an administrator try a failed run again, and tell a reader whom to ask', async () => {
    const reason = 'The model server did not answer in 60 s.';
    const { id } = await world.run({ status: 'failed', reason, retryable: true });
    const reader = await signedIn('reader');
    await new RunPage(reader.page).open(id);
    expect(await reader.page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
    await reader.context.close();
    const { context, page } = await signedIn('boss');
    await new RunPage(page).open(id);
    await screenshot(page, 'run-failed');
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect.poll(() => world.store.stat('runs', `${id}/retries/1.json`)).toBeDefined();
    await context.close();
  });

  it('should be usable by keyboard alone', async () => {
    const { id } = await world.run();
    const { context, page } = await signedIn('reader');
    const run = new RunPage(page);
    await run.open(id);
    await run.image(1).rendered('gray16');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    const stops: string[] = [];
    for (let presses = 0; presses < 12; presses += 1) {
      await page.keyboard.press('Tab');
      stops.push(
        await page.evaluate(
          () => document.activeElement?.getAttribute('name') ?? document.activeElement?.className ?? '',
        ),
      );
    }
    expect(
      stops.some((stop) => stop.includes('viewport')),
      'the radiograph can be reached',
    ).toBe(true);
    expect(stops, 'and the first question after it').toContain('answer:read:right');
    await context.close();
  });

  it('should look right on every other page, dark and light', async () => {
    const study = freshUid();
    madePatient(study);
    const outOfScope = await world.run({
      study,
      status: 'out-of-scope',
      reason: 'The pixels do not look like a pelvis radiograph (0.03; at least 0.50 is needed).',
    });
    const running = await world.run({ status: 'running' });
    const two = await world.run({
      images: [
        {
          lossy: true,
          hips: [hip({ sideSource: 'contradictory' })],
          notes: ['The header says left, the position says right.', 'The image was compressed with loss.'],
        },
        {
          hips: [
            hip({
              class: 'hardware',
              sideSource: 'assumed',
              scores: { fracture: 0.04, 'no-fracture': 0.02, hardware: 0.94 },
              confidence: 0.94,
            }),
          ],
        },
        { hips: [], notes: ['No hip was found on this image.'] },
      ],
      qualityReview: ['Image 1 contradicts itself about the side.', 'The images do not agree about the right hip.'],
    });
    world.archive.studies.set(study, {
      studyInstanceUid: study,
      state: 'complete',
      instances: 3,
      series: 1,
      lastReceivedAt: new Date().toISOString(),
      quarantined: 1,
      routes: [
        { route: 'called AE title', matched: true, reason: 'Sent to CI2_CD_HIP_FRAC.' },
        { route: 'brain-tumor', matched: false, reason: 'No instance has SOPClassUID MR Image Storage.' },
      ],
    });
    world.archive.quarantine.set(study, [
      { reason: 'Its SOPInstanceUID came before with other pixels.', instances: 1 },
    ]);
    const { context, page } = await signedIn('boss');
    const pages = {
      'run-out-of-scope': `/runs/${outOfScope.id}`,
      'run-running': `/runs/${running.id}`,
      'run-three-images': `/runs/${two.id}`,
      study: `/studies/${study}`,
      accounts: '/accounts',
      account: '/account',
      launch: '/launch?accession=NONE',
      'not-found': '/runs/none',
    };
    for (const [name, at] of Object.entries(pages)) {
      await page.goto(at);
      await screenshot(page, name);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
      expect(wide, `${name} must not scroll sideways at 1280 pixels`).toBe(false);
    }
    await page.goto(`/runs/${two.id}`);
    await page.getByRole('button', { name: 'Light theme' }).click();
    await page.locator('html[data-theme="light"]').waitFor();
    await new RunPage(page).image(3).rendered('gray16');
    await screenshot(page, 'run-light');
    await page.setViewportSize({ width: 768, height: 1024 });
    await screenshot(page, 'run-narrow');
    await context.close();
  });
});
