import type { Structure } from '../../schemas/volume.ts';

type Named = Pick<Structure, 'name' | 'title' | 'label'>;

/**
 * What a file that was made elsewhere calls a structure: as a person says, else its name, title or label, whatever the
 * letter case and the punctuation; undefined where the file does not hold it.
 *
 * @param names what the file holds
 * @param said structure → what the file calls it
 */
export function nameInFile(
  names: readonly string[],
  { name, title, label }: Named,
  said: Readonly<Record<string, string>> = {},
): string | undefined {
  const given = said[name];
  const wanted = given === undefined ? [name, title, String(label)] : [given];
  return names.find((candidate) => wanted.some((text) => plain(text) === plain(candidate)));
}

/**
 * Of what a reader drew, the names that are none of the structures', or are there twice: they would be lost. Where there is
 * one structure and one name, that is it, whatever it is called.
 *
 * @returns `said` for `nameInFile`, and the names that belong to nothing
 */
export function assignNames(
  names: readonly string[],
  structures: readonly Named[],
): { readonly said: Record<string, string>; readonly others: readonly string[] } {
  const [only, ...more] = structures;
  const [name] = names;
  if (only !== undefined && name !== undefined && more.length === 0 && names.length === 1) {
    return { said: { [only.name]: name }, others: [] };
  }
  const meant = structures.map((structure) => nameInFile(names, structure));
  const others = names.filter((candidate, index) => !meant.includes(candidate) || names.indexOf(candidate) !== index);
  return { said: {}, others };
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, ' ')
    .trim();
}
