import type { Page } from 'playwright-core';

/** `/reading`, and a form that is filled in by keys. */
export class ReadingPage {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Waits until an exam of an evaluation is there for this person, and opens it. */
  async openNext(evaluation: string): Promise<void> {
    await this.#page.getByRole('link', { name: 'To read' }).click();
    const list = this.#page.locator('.reading-list', { has: this.#page.getByRole('heading', { name: evaluation }) });
    await list.getByRole('link', { name: 'Open the next' }).click();
    await this.#page.locator('.question.is-current').waitFor();
  }

  /** A key for each question, then Ctrl Enter; resolves when the next page is there. */
  async answer(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#page.keyboard.press(key);
    await Promise.all([this.#page.waitForEvent('load'), this.#page.keyboard.press('Control+Enter')]);
  }

  /**
   * The segmentations of an exam in blinded reads, one after the other, each answered by the same keys.
   *
   * @param sent told after each was sent, with its number
   */
  async judge(count: number, keys: readonly string[], sent?: (turn: number) => Promise<void>): Promise<void> {
    for (let turn = 1; turn <= count; turn += 1) {
      await this.#page.getByRole('heading', { name: `Segmentation ${turn} of ${count}` }).waitFor();
      await this.#page.locator('.question.is-current').waitFor();
      await this.answer(...keys);
      await this.#page.getByText('Sent by').waitFor();
      await sent?.(turn);
      if (turn < count) await this.#page.getByRole('link', { name: 'Next segmentation' }).click();
    }
  }

  /** What was sent, question → answer, as the page says it afterwards. */
  async sent(): Promise<Record<string, string>> {
    const card = this.#page.locator('#feedback.is-sent');
    await card.waitFor();
    const [questions, answers] = await Promise.all([
      card.locator('> .answers dt').allInnerTexts(),
      card.locator('> .answers dd').allInnerTexts(),
    ]);
    return Object.fromEntries(questions.map((question, index) => [question, answers[index] ?? '']));
  }
}
