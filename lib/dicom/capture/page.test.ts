import { describe, expect, it } from 'vitest';
import { LETTER, Page } from './page.ts';

const WHITE = [255, 255, 255] as const;

const at = ({ pixels, columns }: Page, x: number, y: number) => pixels[3 * (y * columns + x)] ?? -1;

/** How much brighter than an empty one a page is, in pixels that are wholly white. */
function ink(page: Page): number {
  const paper = new Page(page.columns, page.rows).pixels;
  const sum = page.pixels.reduce((total, value, index) => total + value - (paper[index] ?? 0), 0);
  return sum / (3 * 255 - 16 - 18 - 22);
}

describe('a page', () => {
  it('draws a line where it goes, as wide as it is told', () => {
    const page = new Page(60, 40);
    page.line({ x: 10, y: 5 }, { x: 50, y: 35 }, { colour: WHITE, width: 3 });
    expect(at(page, 30, 20)).toBe(255);
    expect(at(page, 30, 10)).toBe(16);
    expect(ink(page), 'length times width').toBeCloseTo(50 * 3 + Math.PI * 1.5 ** 2, -1);
  });

  it('draws a disc of its area, smooth at the edge', () => {
    const page = new Page(40, 40);
    page.disc({ x: 20, y: 20 }, 8, WHITE);
    expect(ink(page)).toBeCloseTo(Math.PI * 64, -1);
    expect(at(page, 20, 12)).toBeGreaterThan(16);
    expect(at(page, 20, 12)).toBeLessThan(255);
  });

  it('cuts what lies beyond it', () => {
    const page = new Page(20, 20);
    page.line({ x: -10, y: 10 }, { x: 30, y: 10 }, { colour: WHITE });
    page.disc({ x: 0, y: 0 }, 5, WHITE);
    page.write(15, 15, 'W', { colour: WHITE });
    expect(at(page, 0, 10)).toBe(255);
    expect(page.pixels).toHaveLength(3 * 20 * 20);
  });

  it('writes the minus of a change as a dash, never as a question mark', () => {
    const [minus, dash] = ['\u2212', '\u2013'].map((letter) => {
      const page = new Page(LETTER.width, LETTER.height);
      page.write(0, 0, letter);
      return page.pixels;
    });
    expect(minus).toEqual(dash);
  });
});
