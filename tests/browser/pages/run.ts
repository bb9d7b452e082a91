import type { Locator, Page } from 'playwright-core';

/** `/runs/<id>`: the radiographs, the summary, the form. */
export class RunPage {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async open(run: string): Promise<void> {
    await this.#page.goto(`/runs/${run}`);
  }

  image(number: number): Radiograph {
    return new Radiograph(this.#page, this.#page.locator(`#image-${number}`));
  }

  get summary(): Locator {
    return this.#page.locator('.summary');
  }

  get status(): Locator {
    return this.#page.locator('.page-title .status');
  }

  get form(): FeedbackForm {
    return new FeedbackForm(this.#page, this.#page.locator('#feedback'));
  }

  message(): Locator {
    return this.#page.locator('.message');
  }
}

/** One image with its boxes. */
export class Radiograph {
  readonly #page: Page;
  readonly root: Locator;

  constructor(page: Page, root: Locator) {
    this.#page = page;
    this.root = root;
  }

  get #viewport(): Locator {
    return this.root.locator('.viewport');
  }

  /** Waits until the grey values (or, without scripts' help, the PNG) are drawn. */
  async rendered(kind: 'gray16' | 'png'): Promise<void> {
    await this.root.locator(`.viewport[data-rendered="${kind}"]`).waitFor();
  }

  labels(): Promise<string[]> {
    return this.root.locator('.box text').allTextContents();
  }

  /** "Window 3000, level 1500" */
  async window(): Promise<string> {
    return (await this.root.locator('output').textContent()) ?? '';
  }

  /** Column, row, width and height of the stored image that are seen. */
  async view(): Promise<number[]> {
    const text = await this.#viewport.locator('svg').getAttribute('viewBox');
    return (text ?? '').split(' ').map(Number);
  }

  /** Drags by fractions of the viewport, from its middle. */
  async drag(dx: number, dy: number): Promise<void> {
    const { x, y, width, height } = await this.#frame();
    await this.#page.mouse.move(x + width / 2, y + height / 2);
    await this.#page.mouse.down();
    await this.#page.mouse.move(x + width * (0.5 + dx), y + height * (0.5 + dy), { steps: 4 });
    await this.#page.mouse.up();
  }

  async wheel(deltaY: number): Promise<void> {
    const { x, y, width, height } = await this.#frame();
    await this.#page.mouse.move(x + width / 2, y + height / 2);
    await this.#page.mouse.wheel(0, deltaY);
  }

  async press(key: string): Promise<void> {
    await this.#viewport.focus();
    await this.#page.keyboard.press(key);
  }

  async #frame() {
    await this.#viewport.scrollIntoViewIfNeeded();
    const frame = await this.#viewport.boundingBox();
    if (frame === null) throw new Error('The viewport is not on the page.');
    return frame;
  }
}

/** The evaluation's form. */
export class FeedbackForm {
  readonly #page: Page;
  readonly root: Locator;

  constructor(page: Page, root: Locator) {
    this.#page = page;
    this.root = root;
  }

  /** Chooses an answer in the group with this title. */
  async answer(group: string, option: string, index = 0): Promise<void> {
    await this.root.getByRole('group', { name: group }).getByLabel(option, { exact: true }).nth(index).check();
  }

  async write(label: string, text: string): Promise<void> {
    await this.root.getByLabel(label).fill(text);
  }

  async chosen(group: string): Promise<string[]> {
    return this.root.getByRole('group', { name: group }).locator('input:checked + span').allTextContents();
  }

  /** Answers everything that must be answered for one image with two boxes. */
  async answerAll(): Promise<void> {
    await this.answer('Right hip', 'Fracture');
    await this.answer('Left hip', 'No fracture');
    await this.answer('Image 1', '4');
    await this.answer('Image 1', 'Fits', 0);
    await this.answer('Image 1', 'Fits', 1);
  }

  get draftState(): Locator {
    return this.root.locator('[data-draft-state]');
  }

  async send(): Promise<void> {
    await this.root.getByRole('button', { name: /^Send/ }).click();
    await this.#page.locator('#feedback.is-sent').waitFor();
  }
}
