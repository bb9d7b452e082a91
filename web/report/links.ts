import type { Evaluation } from '../../schemas/evaluation.ts';

/** The tables of an evaluation that can be taken out. */
export type Table = 'export' | 'cases' | 'reference' | 'volumes' | 'dictionary';

/** An evaluation, or one arm of it, of which a report is made. */
export type Reported = Evaluation & { readonly arm?: string };

/** Address of rows: a table with what narrows it down; what is undefined is left out. */
export function rowsAt(
  { name: evaluation, arm }: Pick<Reported, 'name' | 'arm'>,
  table: Table,
  filter: Readonly<Record<string, string | readonly string[] | undefined>> = {},
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ arm, ...filter })) {
    for (const one of typeof value === 'string' ? [value] : (value ?? [])) query.append(name, one);
  }
  return `/evaluations/${evaluation}/${table}.csv${query.size === 0 ? '' : `?${query}`}`;
}
