import type { Page } from 'playwright-core';

/** `/sign-in` */
export class SignInPage {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Fills in and sends; resolves when the next page is there. */
  async signIn(name: string, password: string): Promise<void> {
    await this.#page.getByLabel('Name').fill(name);
    await this.signInAgain(password);
  }

  /** With the name that is filled in. @throws where the answer is another than the way in, with what its page says */
  async signInAgain(password: string): Promise<void> {
    await this.#page.getByLabel('Password').fill(password);
    const [answer] = await Promise.all([
      this.#page.waitForResponse((one) => one.url().endsWith('/sign-in') && one.request().method() === 'POST'),
      this.#page.waitForEvent('load'),
      this.#page.getByRole('button', { name: 'Sign in' }).click(),
    ]);
    if (answer.status() === 303) return;
    throw new Error(`Not signed in, ${answer.status()}: ${await this.#page.locator('main').textContent()}`);
  }
}
