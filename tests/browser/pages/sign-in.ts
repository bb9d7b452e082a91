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

  /** With the name that is filled in. */
  async signInAgain(password: string): Promise<void> {
    await this.#page.getByLabel('Password').fill(password);
    await Promise.all([
      this.#page.waitForResponse((answer) => answer.url().endsWith('/sign-in') && answer.status() === 303),
      this.#page.waitForEvent('load'),
      this.#page.getByRole('button', { name: 'Sign in' }).click(),
    ]);
  }
}
