/** What a cell of a table may hold; null and undefined are empty. */
export type Cell = string | number | boolean | Date | readonly string[] | null | undefined;

/** A column with what its dictionary says of it. */
export interface Column<Row> {
  readonly name: string;
  /** What it holds, in words, with its unit. */
  readonly description: string;
  readonly of: (row: Row) => Cell;
}

/** The line of column names. */
export function headerLine(columns: readonly { readonly name: string }[]): string {
  return csvLine(columns.map(({ name }) => name));
}

/** The lines of rows, one under the other. */
export function rowLines<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  return rows.map((row) => csvLine(columns.map((column) => column.of(row)))).join('');
}

/** One line by RFC 4180, with its end. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map((cell) => quoted(textOf(cell))).join(',')}\r\n`;
}

/**
 * What a spreadsheet would take for a formula gets an apostrophe in front, as OWASP advises: a reader's remark must not
 * run on the machine of whoever opens the table. Numbers are no formulas, negative ones neither.
 */
function textOf(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (cell instanceof Date) return cell.toISOString();
  if (typeof cell === 'number') return String(cell);
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  const text = typeof cell === 'string' ? cell : cell.join(' ');
  if (/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text)) return text;
  return /^[\s]*[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

const quoted = (text: string) =>
  /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;

/** Headers under which a table of an evaluation is saved, `<evaluation>-<table>.csv`. */
export function csvHeaders({ name }: { readonly name: string }, table: string): Record<string, string> {
  return {
    'Content-Type': 'text/csv; charset=utf-8; header=present',
    'Content-Disposition': `attachment; filename="${name}-${table}.csv"`,
  };
}
