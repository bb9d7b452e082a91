import { describe, expect, it } from 'vitest';
import { canWrite, LETTER, NO_LETTER, Page } from './page.ts';

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

describe('letters of a page', () => {
  const pixelsOf = (text: string, letters = 2) => {
    const page = new Page(letters * LETTER.width, LETTER.height);
    page.write(0, 0, text, { colour: WHITE });
    return page.pixels;
  };
  const range = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => String.fromCodePoint(from + index));

  it.each([
    ['Latin-1', range(0xa1, 0xff), /\p{L}/u],
    ['Latin Extended-A', range(0x100, 0x17f), /./u],
    ['Latin Extended-B and Additional', [...range(0x180, 0x24f), ...range(0x1e00, 0x1eff)], /./u],
    ['Greek', range(0x384, 0x3fe), /\p{L}/u],
    ['Cyrillic', range(0x400, 0x4ff), /\p{L}/u],
  ])('are there for all of %s', (_, all, wanted) => {
    const letters = all.filter((letter) => wanted.test(letter) && /\p{L}/u.test(letter));
    const missing = pixelsOf(NO_LETTER);
    expect(letters.length).toBeGreaterThan(60);
    for (const letter of letters) {
      expect(canWrite(letter), letter).toBe(true);
      expect(pixelsOf(letter), letter).not.toEqual(missing);
      expect(pixelsOf(letter), letter).not.toEqual(pixelsOf(' '));
    }
  });

  it('tell names apart that differ in a mark alone', () => {
    const pairs = ['ŁL', 'őö', 'șş', 'ŽZ', 'ΆΑ', 'Ёе', 'йи', 'əe'];
    for (const pair of pairs) {
      const [one = '', other = ''] = pair;
      expect(pixelsOf(one), pair).not.toEqual(pixelsOf(other));
    }
  });

  it('are the same whether a mark was sent apart or not, and a mark takes no place of its own', () => {
    expect(pixelsOf('Z\u030caneta', 8)).toEqual(pixelsOf('Žaneta', 8));
    const apart = pixelsOf('q\u0302x');
    expect(canWrite('q\u0302x')).toBe(true);
    expect(apart).not.toEqual(pixelsOf('qx'));
    const lit = (pixels: Uint8Array) => pixels.filter((value) => value === 255).length;
    expect(lit(apart)).toBeGreaterThan(lit(pixelsOf('qx')));
  });

  it('that there are none of are empty boxes, never question marks, and one can ask', () => {
    for (const letter of ['山', '田', 'ا', 'ש', '한', '😀', '\ufffd']) {
      expect(pixelsOf(letter), letter).toEqual(pixelsOf(NO_LETTER));
      expect(canWrite(`Müller ${letter}`), letter).toBe(false);
    }
    expect(canWrite('Who?')).toBe(true);
    expect(pixelsOf('?')).not.toEqual(pixelsOf(NO_LETTER));
  });
});
