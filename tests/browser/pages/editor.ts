import type { Locator, Page } from 'playwright-core';

/** Voxels of a label map as the viewer holds it: SOPInstanceUID of the image → numbers of its pixels that are set. */
export type Drawn = Record<string, number[]>;

/** The OHIF viewer in its mode for changing segmentations. */
export class EditorPage {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Opens a run's segmentation by the link on the run's page; resolves when its segments are listed. */
  async openFromRun(run: string): Promise<void> {
    await this.#page.goto(`/runs/${run}`);
    await this.#page.getByRole('link', { name: 'Edit', exact: true }).click();
    await this.#page.waitForURL(/\/viewer\/segmentation\?/);
    await this.opened();
  }

  /** Resolves when the segments are listed. */
  async opened(): Promise<void> {
    await this.#page.locator('[data-cy="data-row"]').first().waitFor();
    await this.#page.waitForFunction(() => document.querySelector('canvas') !== null);
  }

  segments(): Promise<string[]> {
    return this.#page.locator('[data-cy="data-row-title"]').allInnerTexts();
  }

  /** One stroke of the brush from one place to another, as parts of the width and height of the image's viewport. */
  async paint(from: readonly [number, number], to: readonly [number, number]): Promise<void> {
    await this.#page.locator('[data-cy="Brush-btn"]').first().click();
    const frame = await this.#page.locator('.cornerstone-viewport-element').first().boundingBox();
    if (frame === null) throw new Error('There is no viewport.');
    const at = ([x, y]: readonly [number, number]) => [frame.x + x * frame.width, frame.y + y * frame.height] as const;
    await this.#page.mouse.move(...at(from));
    await this.#page.mouse.down();
    await this.#page.mouse.move(...at(to), { steps: 12 });
    await this.#page.mouse.up();
  }

  /** A further segment, which is drawn from then on. */
  async addSegment(): Promise<void> {
    await this.#page.getByText('Add Segment', { exact: true }).click();
  }

  /** @param number from 1 */
  async removeSegment(number: number): Promise<void> {
    const row = this.#page.locator('[data-cy="data-row"]').nth(number - 1);
    await row.hover();
    await row.locator('[data-cy="actionsMenuTrigger"]').click();
    await this.#page.getByRole('menuitem', { name: 'Delete' }).click();
  }

  /** @param segment number of one from 1; left out: of all */
  drawn(segment?: number): Promise<Drawn> {
    return this.#page.evaluate((wanted) => {
      const member = (value: unknown, ...path: string[]): unknown =>
        path.reduce((at: unknown, name) => (Object(at) === at ? Reflect.get(Object(at), name) : undefined), value);
      const call = (value: unknown, name: string, ...given: unknown[]): unknown => {
        const method = member(value, name);
        return typeof method === 'function' ? Reflect.apply(method, value, given) : undefined;
      };
      const segmentations = call(member(window, 'cornerstoneTools', 'segmentation', 'state'), 'getSegmentations');
      const [segmentation] = Array.isArray(segmentations) ? segmentations : [];
      const imageIds = member(segmentation, 'representationData', 'Labelmap', 'imageIds');
      const drawn: Record<string, number[]> = {};
      for (const imageId of Array.isArray(imageIds) ? imageIds : []) {
        const image = call(member(window, 'cornerstone', 'cache'), 'getImage', imageId);
        const referenced = /\/instances\/([0-9.]+)/.exec(String(member(image, 'referencedImageId')))?.[1];
        const pixels: ArrayLike<number> = Object(call(member(image, 'voxelManager'), 'getScalarData'));
        const set = Array.from({ length: pixels.length }, (_, at) => at).filter((at) =>
          wanted === undefined ? pixels[at] !== 0 : pixels[at] === wanted,
        );
        if (referenced !== undefined && set.length > 0) drawn[referenced] = set;
      }
      return drawn;
    }, segment);
  }

  /** Saves by the menu of the segmentation, as voxels or as contours; what comes then is said in `saved`. */
  async save(as: 'DICOM SEG' | 'DICOM RTSS' = 'DICOM SEG'): Promise<void> {
    await this.#page.locator('[data-cy="segmentation-collapsed-more-btn-Labelmap"]').click();
    // By keyboard: a submenu that opens under the pointer closes again where the pointer is slow to reach it.
    await this.#page.getByRole('menuitem', { name: 'Export' }).press('ArrowRight');
    await this.#page.getByRole('menuitem', { name: as }).press('Enter');
    await this.#page.getByRole('button', { name: 'Save', exact: true }).click();
  }

  /** The box that says what became of it. */
  get saved(): Locator {
    return this.#page.locator('dialog.overread-saving');
  }
}
