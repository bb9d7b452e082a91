import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** Holds a page to WCAG 2.2 AA as far as axe-core can tell. */
export async function expectAccessible(page: Page): Promise<void> {
  expect(await barriersOn(page), `axe-core on ${page.url()}`).toEqual([]);
}

/**
 * What axe-core finds on a page: rule, and where. The page's own policy forbids scripts from elsewhere, so axe is handed over
 * by the browser's tools, as a person's own extension would be.
 */
export async function barriersOn(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    window.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
  );
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`);
}

declare global {
  interface Window {
    readonly axe: typeof axe;
  }
}
