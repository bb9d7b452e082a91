import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/**
 * Debian's Chromium without a desktop's window around the page: a page opens and closes in a fourth of the time of the whole
 * browser, which also failed to close one that was still loading, now and then.
 */
const CHROMIUM = '/usr/bin/chromium-headless-shell';

/** Whether there is a browser to test with; else these tests are reported as skipped. */
export const HAS_CHROMIUM = existsSync(CHROMIUM);

/** The size of a reading room's side monitor. */
const VIEWPORT = { width: 1280, height: 1024 } as const;

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What a browser needs besides to draw in three dimensions on a machine without a graphics card. */
export const WITH_WEBGL = [
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
];

/** Starts a browser without a window; close it afterwards. */
export function launchChromium(furtherFlags: readonly string[] = []): Promise<Browser> {
  const flags = furtherFlags.length === 0 ? FLAGS : FLAGS.filter((flag) => flag !== '--disable-gpu');
  return chromium.launch({ executablePath: CHROMIUM, args: [...flags, ...furtherFlags], headless: true });
}

/** A step that takes longer has failed, ms; where models are at work beside it, say more. */
const STEP_LIMIT_MS = 20_000;

/** A window of its own with its own cookies. What it asks other hosts for, and what scripts complain about, is kept. */
export async function openWindow(
  browser: Browser,
  {
    url,
    javaScriptEnabled = true,
    limitMs = STEP_LIMIT_MS,
  }: { url: string; javaScriptEnabled?: boolean; limitMs?: number },
): Promise<{ context: BrowserContext; page: Page; foreign: string[]; complaints: string[] }> {
  const context = await browser.newContext({
    baseURL: url,
    viewport: VIEWPORT,
    javaScriptEnabled,
    timezoneId: 'Europe/Berlin',
    locale: 'en-GB',
  });
  context.setDefaultTimeout(limitMs);
  const page = await context.newPage();
  const foreign: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) foreign.push(request.url());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return { context, page, foreign, complaints };
}

const folder = process.env.OVERREAD_SCREENSHOTS;
if (folder !== undefined) mkdirSync(folder, { recursive: true });

/** Keeps a picture of the whole page, for people to look at, where somebody named a folder for it in OVERREAD_SCREENSHOTS. */
export async function screenshot(page: Page, name: string): Promise<void> {
  if (folder === undefined) return;
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}
