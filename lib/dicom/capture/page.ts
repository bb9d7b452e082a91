import { readFileSync } from 'node:fs';

/** Grey-blue paper tones, and the red of the warning; R, G, B. */
export const INK = [235, 235, 235] as const;
export const FAINT = [150, 155, 160] as const;
export const RED = [255, 96, 88] as const;
export const PAPER = [16, 18, 22] as const;

export type Colour = readonly [number, number, number];

/** A place on a page, in pixels from its top left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Size of a letter in pixels. */
export const LETTER = { width: 10, height: 20 } as const;

/**
 * The letters of the misc-fixed font 10x20 of X11 (public domain) that stand side by side from left to right: Latin with all
 * its extensions, Greek, Cyrillic, Armenian, Georgian, combining marks and some signs. Code point, then a row of ten bits as
 * three hexadecimal digits, twenty times. Our own letters, since a renderer of text would take whichever fonts a machine has:
 * another picture on each, and an empty page, without its warning, where there are none.
 */
const LETTERS: ReadonlyMap<string, string> = new Map(
  readFileSync(new URL('./letters.txt', import.meta.url), 'latin1')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [code = '', bits = ''] = line.split(' ');
      return [String.fromCodePoint(Number.parseInt(code, 16)), bits];
    }),
);

/** What stands for a letter that there is none of. */
export const NO_LETTER = '\u25a1';

/** A page of text and plain pictures in RGB. */
export class Page {
  readonly columns: number;
  readonly rows: number;
  /** R, G, B of each pixel, row by row. */
  readonly pixels: Uint8Array;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.pixels = new Uint8Array(columns * rows * 3);
    this.fill(0, 0, columns, rows, PAPER);
  }

  /** A rectangle; what lies beyond the page is cut. */
  fill(x: number, y: number, width: number, height: number, colour: Colour): void {
    const [left, right] = [Math.max(0, x), Math.min(this.columns, x + width)];
    if (right <= left) return;
    const line = new Uint8Array(3 * (right - left));
    for (let at = 0; at < line.length; at += 3) line.set(colour, at);
    for (let row = Math.max(0, y); row < Math.min(this.rows, y + height); row++) {
      this.pixels.set(line, 3 * (row * this.columns + left));
    }
  }

  /** A straight line with smooth edges, from the middle of one pixel to that of another; `width` in pixels. */
  line(from: Point, to: Point, { colour = INK as Colour, width = 1 } = {}): void {
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const square = dx * dx + dy * dy;
    this.#shade(from, to, width / 2, colour, (x, y) => {
      const along = square === 0 ? 0 : ((x - from.x) * dx + (y - from.y) * dy) / square;
      const at = Math.min(1, Math.max(0, along));
      return width / 2 - Math.hypot(x - from.x - at * dx, y - from.y - at * dy);
    });
  }

  /** A disc with a smooth edge; `radius` in pixels. */
  disc(centre: Point, radius: number, colour: Colour): void {
    this.#shade(centre, centre, radius, colour, (x, y) => radius - Math.hypot(x - centre.x, y - centre.y));
  }

  /** Mixes a colour into the pixels around two points, as far as each lies inside a shape: `inside`, in pixels from its edge. */
  #shade(a: Point, b: Point, reach: number, colour: Colour, inside: (x: number, y: number) => number): void {
    const from = (least: number) => Math.max(0, Math.floor(least - reach - 1));
    const to = (most: number, limit: number) => Math.min(limit - 1, Math.ceil(most + reach + 1));
    for (let y = from(Math.min(a.y, b.y)); y <= to(Math.max(a.y, b.y), this.rows); y++) {
      for (let x = from(Math.min(a.x, b.x)); x <= to(Math.max(a.x, b.x), this.columns); x++) {
        const cover = Math.min(1, Math.max(0, inside(x, y) + 0.5));
        const at = 3 * (y * this.columns + x);
        for (const [band, value] of colour.entries()) {
          const under = this.pixels[at + band] ?? 0;
          this.pixels[at + band] = Math.round(under + cover * (value - under));
        }
      }
    }
  }

  /**
   * A line of text, its top left corner at (x, y). Letters that there are none of become their plain form, or an empty box.
   *
   * @param size each pixel of a letter is a square of so many pixels
   */
  write(x: number, y: number, text: string, { colour = INK as Colour, size = 1 } = {}): void {
    for (const [index, cell] of cells(text).entries()) {
      for (const letter of cell ?? NO_LETTER) this.#draw(x + index * LETTER.width * size, y, letter, { colour, size });
    }
  }

  #draw(x: number, y: number, letter: string, { colour, size }: { readonly colour: Colour; readonly size: number }) {
    const bits = LETTERS.get(letter);
    if (bits === undefined) return;
    for (let row = 0; row < LETTER.height; row++) {
      const line = Number.parseInt(bits.slice(3 * row, 3 * row + 3), 16);
      for (let column = 0; column < LETTER.width; column++) {
        if ((line >> (LETTER.width - 1 - column)) & 1) this.fill(x + column * size, y + row * size, size, size, colour);
      }
    }
  }
}

/** Whether every letter of a text, or its plain form, can be written on a page. */
export function canWrite(text: string): boolean {
  return cells(text).every((cell) => cell !== undefined);
}

/** Breaks a text into lines of at most so many letters, at its spaces. */
export function wrap(text: string, letters: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= letters) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word.slice(0, letters));
  }
  return lines;
}

/** Signs that are written as another one. */
const PLAIN: Readonly<Record<string, string>> = { '‘': "'", '’': "'", '“': '"', '”': '"', '−': '–' };

/** What is drawn in each place of a line: a letter, with the marks over it; undefined where there is none of it. */
function cells(text: string): (string | undefined)[] {
  const found: (string | undefined)[] = [];
  for (const letter of text.normalize('NFC')) {
    const last = found.at(-1);
    if (/\p{Cf}/u.test(letter)) continue;
    if (/\p{M}/u.test(letter) && last !== undefined && LETTERS.has(letter)) found[found.length - 1] = last + letter;
    else found.push(...drawn(letter));
  }
  return found;
}

/** A letter as it is written: itself, or its plain form, which may be several. */
function drawn(letter: string): (string | undefined)[] {
  const written = PLAIN[letter] ?? letter;
  if (written === ' ' || LETTERS.has(written)) return [written];
  const plain = [...written.normalize('NFKD')].filter((one) => !/\p{M}/u.test(one));
  return plain.length > 0 && plain.every((one) => one === ' ' || LETTERS.has(one)) ? plain : [undefined];
}
