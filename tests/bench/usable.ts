import { performance } from 'node:perf_hooks';
import type { Browser } from 'playwright-core';
import { HAS_CHROMIUM, launchChromium, openWindow } from '../browser/chromium.ts';
import { SignInPage } from '../browser/pages/sign-in.ts';
import { SPREAD_HEADING, spread } from './statistics.ts';

const LOOKS = 10;

/** What a person would use first: anything in the page's own part that can be clicked or typed into. */
const FIRST_INPUT = 'main :is(input:not([type=hidden]), select, textarea, button, a[href])';

/**
 * How long until a page can be used in a real browser that has nothing of it kept: from asking for it until its first
 * input takes a click, scripts included.
 *
 * @param pages by name: address, and who looks
 */
export async function benchUsable(
  print: (line: string) => void,
  {
    url,
    password,
    pages,
  }: {
    readonly url: string;
    readonly password: string;
    readonly pages: readonly (readonly [name: string, at: string, person: string])[];
  },
): Promise<void> {
  if (!HAS_CHROMIUM) return print('\nChromium is not here: when pages can be used is not measured.');
  const browser = await launchChromium();
  try {
    print('\nuntil the first input of a page can be used, in Chromium, nothing kept');
    print(SPREAD_HEADING);
    for (const [name, at, person] of pages) print(spread(name, await looksAt(browser, { url, password, at, person })));
  } finally {
    await browser.close();
  }
}

async function looksAt(
  browser: Browser,
  { url, password, at, person }: { url: string; password: string; at: string; person: string },
): Promise<number[]> {
  const first = await openWindow(browser, { url });
  await first.page.goto('/sign-in');
  await new SignInPage(first.page).signIn(person, password);
  const cookies = await first.context.cookies();
  await first.context.close();
  const times: number[] = [];
  for (let n = 0; n < LOOKS; n++) {
    const { context, page } = await openWindow(browser, { url });
    await context.addCookies(cookies);
    const begun = performance.now();
    await page.goto(at, { waitUntil: 'domcontentloaded' });
    await page.locator(FIRST_INPUT).first().click({ trial: true });
    times.push(performance.now() - begun);
    await context.close();
  }
  return times;
}
