import type { Locator, Page } from 'playwright-core';
import sharp from 'sharp';

/** `/runs/<id>/trend` and the report that comes from it. */
export class TrendPage {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async open(run: string): Promise<void> {
    await this.#page.goto(`/runs/${run}/trend`);
  }

  /** Changes to the baseline, row by row, as people read them. */
  changes(): Promise<string[]> {
    return this.#column(3);
  }

  /** Whether each row is beyond the threshold. */
  flags(): Promise<string[]> {
    return this.#column(4);
  }

  async #column(number: number): Promise<string[]> {
    const cells = await this.#page.locator(`.trend-table tbody tr > :nth-child(${number})`).allInnerTexts();
    return cells.map((text) => text.split('\n')[0]?.trim() ?? '');
  }

  async look({ baseline, threshold }: { baseline?: string; threshold?: string }): Promise<void> {
    const chosen = this.#page.getByLabel('another baseline');
    if (baseline !== undefined) await chosen.selectOption({ label: await this.#examOf(chosen, baseline) });
    if (threshold !== undefined) await this.#page.getByLabel('threshold').fill(threshold);
  }

  async confirmBaseline(date: string, reason: string): Promise<void> {
    const form = this.#page.locator('#baseline');
    const exam = form.getByLabel('Exam');
    await exam.selectOption({ label: await this.#examOf(exam, date) });
    await form.getByLabel('Reason').fill(reason);
    await form.getByRole('button', { name: 'Confirm as baseline' }).click();
    await this.#page.getByText(`: ${reason}`).first().waitFor();
  }

  /** How a list names the exam of a date. */
  async #examOf(list: Locator, date: string): Promise<string> {
    const names = await list.locator('option').allInnerTexts();
    return names.find((name) => name.startsWith(date)) ?? date;
  }

  /** Waits until the picture of the report is drawn. */
  async previewed(): Promise<void> {
    await this.#page.waitForFunction(() => {
      const image = document.querySelector('.report-preview img');
      return image instanceof HTMLImageElement && image.complete && image.naturalWidth > 0;
    });
  }

  /** R, G, B of each pixel that the page shows. */
  async previewPixels(): Promise<Buffer> {
    const address = await this.#page.locator('.report-preview img').getAttribute('src');
    const answer = await this.#page.request.get(address ?? '');
    return sharp(await answer.body())
      .removeAlpha()
      .raw()
      .toBuffer();
  }
}
