/** The tables of an evaluation that can be taken out. */
export type Table = 'export' | 'cases' | 'reference' | 'volumes' | 'dictionary';

/** Address of rows: a table with what narrows it down; what is undefined is left out. */
export function rowsAt(
  evaluation: string,
  table: Table,
  filter: Readonly<Record<string, string | readonly string[] | undefined>> = {},
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) {
    for (const one of typeof value === 'string' ? [value] : (value ?? [])) query.append(name, one);
  }
  return `/evaluations/${evaluation}/${table}.csv${query.size === 0 ? '' : `?${query}`}`;
}
