import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { readCsv } from '../../csv.ts';

/** `/evaluations/<name>`: what the evaluation lead reads. */
export class ReportPage {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Opens it from the list of evaluations, made anew. */
  async openFromList(title: string): Promise<void> {
    await this.#page.getByRole('link', { name: 'Evaluations' }).click();
    await this.#page.getByRole('link', { name: title, exact: true }).click();
    await this.#page.getByRole('link', { name: 'Make it anew' }).click();
    await this.#page.getByRole('heading', { name: 'Exams and why some fell out' }).waitFor();
  }

  /** Takes a table out by its link. */
  async table(label: 'Answers' | 'Exams' | 'Volumes'): Promise<Record<string, string>[]> {
    const downloads = this.#page.locator('.downloads').getByRole('link', { name: label, exact: true });
    const [download] = await Promise.all([this.#page.waitForEvent('download'), downloads.click()]);
    return readCsv(await readFile(await download.path(), 'utf8'));
  }
}
