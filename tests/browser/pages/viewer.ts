import type { Page } from 'playwright-core';

/** The OHIF viewer, as far as tests look at it. */
export class ViewerPage {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Opens a run's study by the link on the run's page. */
  async openFromRun(run: string): Promise<void> {
    await this.#page.goto(`/runs/${run}`);
    await this.#page.getByRole('link', { name: 'Open in viewer' }).click();
    await this.#page.waitForURL(/\/viewer\/viewer\?StudyInstanceUIDs=/);
  }

  /** Resolves when every viewport says that it is rendered, and the first holds a segmentation of this type. */
  async rendered(representation: 'Labelmap' | 'Contour', limitMs: number): Promise<void> {
    await this.#page.waitForFunction(
      (wanted) => {
        const member = (value: unknown, ...path: string[]): unknown =>
          path.reduce((at: unknown, name) => (Object(at) === at ? Reflect.get(Object(at), name) : undefined), value);
        const call = (value: unknown, name: string, ...given: unknown[]): unknown => {
          const method = member(value, name);
          return typeof method === 'function' ? Reflect.apply(method, value, given) : undefined;
        };
        const engines = call(member(window, 'cornerstone'), 'getRenderingEngines');
        const viewports = call(Array.isArray(engines) ? engines[0] : undefined, 'getViewports');
        if (!Array.isArray(viewports) || viewports.length === 0) return false;
        const state = member(window, 'cornerstoneTools', 'segmentation', 'state');
        const shown = call(state, 'getSegmentationRepresentations', member(viewports[0], 'id'));
        return (
          viewports.every((viewport) => member(viewport, 'viewportStatus') === 'rendered') &&
          Array.isArray(shown) &&
          shown.some((one) => member(one, 'type') === wanted)
        );
      },
      representation,
      { timeout: limitMs },
    );
  }

  /** Opens a series from the list at the left. */
  async openSeries(modality: string): Promise<void> {
    await this.#page.getByText(modality, { exact: true }).last().dblclick();
  }

  /** How many pixels of the image's viewport are reddish, and how many bluish, as the person sees them. */
  async colours(): Promise<{ red: number; blue: number }> {
    const png = await this.#page.locator('.cornerstone-viewport-element').first().screenshot();
    const { default: sharp } = await import('sharp');
    const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const counts = { red: 0, blue: 0 };
    for (let at = 0; at < data.length; at += info.channels) {
      const [r = 0, g = 0, b = 0] = data.subarray(at, at + 3);
      if (r > g + 60 && r > b + 40) counts.red += 1;
      if (b > r + 40 && b > g + 20) counts.blue += 1;
    }
    return counts;
  }
}
