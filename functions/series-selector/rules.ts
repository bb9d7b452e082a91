import { z } from 'zod';
import { type Attributes, SeriesFacts } from '../../schemas/series-index.ts';
import { Keyword } from '../operator.ts';

/** Longest text that an expression is tried on: what a file says is not bounded, the time to match it must be. */
const LONGEST_VALUE = 64;

/** A regular expression that cannot take for ever. */
export const Expression = z
  .string()
  .max(200)
  .superRefine((source, context) => {
    try {
      new RegExp(source, 'iu');
    } catch {
      context.addIssue({ code: 'custom', message: `/${source}/ is no regular expression` });
    }
    if (/\([^()]*[*+}][^()]*\)[*+{]/.test(source)) {
      context.addIssue({ code: 'custom', message: `/${source}/ repeats a repetition, which may take for ever` });
    }
  });

/** What a rule asks: a DICOM keyword, or a fact that dicom-parser found of the series, such as `slices`. */
export const Tag = z.union([SeriesFacts.keyof(), Keyword]);

/** One rule: what a series or an instance must say to be taken. */
export const Rule = z
  .strictObject({
    level: z.enum(['series', 'instance']).default('instance'),
    /** Looked at in order: one of them that fits is enough, as long as none of them is excluded. */
    tags: z.array(Tag).min(1),
    /** Regular expression, case-blind, on the values joined by `\`. */
    matches: Expression.optional(),
    /** Regular expression that must match none of the tags. */
    excludes: Expression.optional(),
    atLeast: z.number().optional(),
    atMost: z.number().optional(),
    /** What counts where the first of the tags is absent and no other fits. */
    absent: z.enum(['accept', 'refuse']).default('refuse'),
    /** What the rule is for, after "refused: " in the reason. */
    because: z.string(),
  })
  .refine((rule) => [rule.matches, rule.excludes, rule.atLeast, rule.atMost].some((part) => part !== undefined), {
    message: 'a rule has `matches`, `excludes`, `atLeast` or `atMost`',
  });
export type Rule = z.infer<typeof Rule>;

/** What a rule makes of a series or an instance, with a sentence that names what was found. */
export interface Verdict {
  readonly accepted: boolean;
  readonly reason: string;
}

/** Applies one rule to the attributes of a series or an instance. */
export function apply(rule: Rule, attributes: Attributes): Verdict {
  const found = rule.tags.flatMap((tag) => {
    const values = attributes[tag];
    return values === undefined ? [] : [{ tag, values }];
  });
  const excluded = found.find(({ values }) => isExcluded(rule, values));
  if (excluded !== undefined) return { accepted: false, reason: `${show(excluded)}: ${rule.because}` };
  const fitting = found.find(({ values }) => fits(rule, values));
  if (fitting !== undefined) return { accepted: true, reason: `${show(fitting)}, which fits.` };
  if (attributes[rule.tags[0] ?? ''] === undefined && rule.absent === 'accept') {
    return { accepted: true, reason: `${rule.tags[0]} is absent, which is allowed.` };
  }
  const what = found.length === 0 ? `${rule.tags.join(', ')} is absent` : found.map(show).join(', ');
  return { accepted: false, reason: `${what}: ${rule.because}` };
}

function isExcluded({ excludes }: Rule, values: readonly string[]): boolean {
  return excludes !== undefined && new RegExp(excludes, 'iu').test(joined(values));
}

function fits(rule: Rule, values: readonly string[]): boolean {
  const number = Number(values[0]);
  if (rule.matches !== undefined && !new RegExp(rule.matches, 'iu').test(joined(values))) return false;
  if (rule.atLeast !== undefined && !(number >= rule.atLeast)) return false;
  return rule.atMost === undefined || number <= rule.atMost;
}

/** The values as an expression is tried on them. */
function joined(values: readonly string[]): string {
  return values.join('\\').slice(0, LONGEST_VALUE);
}

/** What was found, in quotes where it is text, without characters that are none on a page. */
function show({ tag, values }: { tag: string; values: readonly string[] }): string {
  const text = joined(values).replaceAll(/\p{C}/gu, ' ');
  return `${tag} is ${/^-?[\d.]+$/.test(text) ? text : `"${text}"`}`;
}
