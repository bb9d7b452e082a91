import { type Colour, FAINT, LETTER, Page, wrap } from '../../lib/dicom/capture/page.ts';
import { BANNER } from '../../lib/dicom/capture/write.ts';
import { rgbOf } from '../../lib/dicom/made/colour.ts';
import type { Table } from './reported.ts';

const COLUMNS = 1024;
const LEAST_ROWS = 768;
const MARGIN = 40;
const LINE = 28;
const LETTERS_IN_LINE = Math.floor((COLUMNS - 2 * MARGIN) / LETTER.width);
/** Where the columns of a table begin, in pixels. */
const STOPS = [MARGIN + 30, 440, 640, 780];

export interface PageContent {
  readonly title: string;
  /** What made it. */
  readonly lines: readonly string[];
  readonly table: Table;
  readonly notes: readonly string[];
}

/** A page with a title, a table and notes, as long as they need; the bands at its ends are left free. */
export function pageOf({ title, lines, table, notes }: PageContent): Page {
  const small = [...lines, ''].flatMap((line) => (line === '' ? [''] : wrap(line, LETTERS_IN_LINE)));
  const remarks = notes.flatMap((note) => wrap(`- ${note}`, LETTERS_IN_LINE));
  const count = 2 + small.length + table.rows.length + 2 + remarks.length;
  const page = new Page(COLUMNS, Math.max(LEAST_ROWS, 2 * BANNER + MARGIN + count * LINE + MARGIN));
  let y = BANNER + MARGIN;
  page.write(MARGIN, y, wrap(title, Math.floor(LETTERS_IN_LINE / 2))[0] ?? '', { size: 2 });
  y += 2 * LINE;
  const write = (x: number, text: string, colour?: Colour) =>
    page.write(x, y, text, colour === undefined ? {} : { colour });
  for (const line of small) {
    write(MARGIN, line, FAINT);
    y += LINE;
  }
  for (const [at, head] of table.heads.entries()) write(STOPS[at] ?? 0, head, FAINT);
  y += LINE;
  page.fill(MARGIN, y - 4, COLUMNS - 2 * MARGIN, 1, FAINT);
  for (const { colour, cells } of table.rows) {
    if (colour !== undefined) page.fill(MARGIN, y + 4, 16, 16, rgbOf(colour));
    for (const [at, cell] of cells.entries()) write(STOPS[at] ?? 0, cell.slice(0, lettersAt(at)));
    y += LINE;
  }
  y += LINE;
  for (const line of remarks) {
    write(MARGIN, line);
    y += LINE;
  }
  return page;
}

/** How many letters a cell has room for. */
function lettersAt(column: number): number {
  const end = STOPS[column + 1] ?? COLUMNS - MARGIN;
  return Math.floor((end - (STOPS[column] ?? 0)) / LETTER.width) - (column + 1 < STOPS.length ? 1 : 0);
}
