import type { Locator, Page } from 'playwright-core';

/** `/` */
export class WorklistPage {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async open(): Promise<void> {
    await this.#page.goto('/');
  }

  /** Resolves when the page hears of changes. */
  async live(): Promise<void> {
    await this.#page.locator('[data-live-open]').waitFor();
  }

  /** The row of a run. */
  row(run: string): Locator {
    return this.#page.locator('tbody tr').filter({ has: this.#page.locator(`a[href="/runs/${run}"]`) });
  }

  status(run: string): Locator {
    return this.row(run).locator('.status');
  }

  async filterByStatus(label: string): Promise<void> {
    await Promise.all([this.#page.waitForURL(/status=/), this.#page.getByLabel('Status').selectOption({ label })]);
  }

  /** Clicks a row anywhere: the whole of it leads to the run. */
  async openRun(run: string): Promise<void> {
    await Promise.all([this.#page.waitForURL(`/runs/${run}`), this.row(run).click({ position: { x: 300, y: 12 } })]);
  }
}
