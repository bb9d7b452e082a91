import type { Code } from '../../../schemas/volume.ts';
import type { Dataset } from '../dataset.ts';

/** The first code of a sequence; undefined where there is none. */
export function codeOf(dataset: Dataset | undefined, keyword: string): Code | undefined {
  const [item] = dataset?.items(keyword) ?? [];
  const value = item?.text('CodeValue') ?? item?.text('LongCodeValue') ?? item?.text('URNCodeValue');
  if (item === undefined || value === undefined) return undefined;
  return { value, scheme: item.text('CodingSchemeDesignator') ?? '', meaning: item.text('CodeMeaning') ?? '' };
}
