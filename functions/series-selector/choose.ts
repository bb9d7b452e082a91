import { z } from 'zod';
import { Slug } from '../../schemas/scalars.ts';
import type {
  Attributes,
  Decision,
  IndexedInstance,
  IndexedSeries,
  SelectedInstance,
  Selection,
  SeriesFacts,
} from '../../schemas/series-index.ts';
import { apply, Expression, Rule, Tag } from './rules.ts';

/** Among series that fit, the ones to take first: those that match, or the least, most or nearest value. */
const Preference = z
  .strictObject({
    /** Looked at in order: the first that a series has counts. */
    tags: z.array(Tag).min(1),
    matches: Expression.optional(),
    order: z.enum(['least', 'most']).optional(),
    nearest: z.number().optional(),
  })
  .refine(({ matches, order, nearest }) => [matches, order, nearest].filter((one) => one !== undefined).length === 1, {
    message: 'a preference has one of `matches`, `order` and `nearest`',
  });
type Preference = z.infer<typeof Preference>;

/** An input of the model: exactly one series of the exam. */
export const WantedInput = z.strictObject({
  name: Slug,
  /** What it is, in the sentence that says it is missing. */
  title: z.string().optional(),
  rules: z.array(Rule).default([]),
  /** In order: the next one decides only among series that are alike by those before. */
  prefer: z.array(Preference).default([]),
});
export type WantedInput = z.infer<typeof WantedInput>;

export interface Choice {
  readonly rules: readonly Rule[];
  readonly pixels: boolean;
}

type Verdicts = Pick<Decision, 'accepted' | 'reasons'>;

/** A series that the rules take, with those of its instances that they take. */
interface Candidate {
  readonly series: IndexedSeries;
  readonly instances: readonly IndexedInstance[];
}

/** Decides on every series, and on every instance of the series taken. */
export function select(series: readonly IndexedSeries[], choice: Choice): Pick<Selection, 'selected' | 'decisions'> {
  const judged = series.map((one) => judge(one, choice));
  return {
    selected: judged.flatMap(({ candidate }) => (candidate === null ? [] : selectedOf(candidate))),
    decisions: judged.flatMap(({ decisions }) => decisions),
  };
}

/**
 * Finds a series for each input, in their order; one series serves one input. Of several that fit, the preferences
 * choose, then the greater number of images, the lower SeriesNumber, and the SeriesInstanceUID.
 *
 * @returns `missing`: the inputs for which no series fits
 */
export function selectInputs(
  series: readonly IndexedSeries[],
  inputs: readonly WantedInput[],
  { rules, pixels }: Choice,
): Pick<Selection, 'selected' | 'decisions'> & { readonly missing: readonly WantedInput[] } {
  const selected: SelectedInstance[] = [];
  const decisions: Decision[] = [];
  const missing: WantedInput[] = [];
  const taken = new Set<IndexedSeries>();
  for (const input of inputs) {
    const judged = series
      .filter((one) => !taken.has(one))
      .map((one) => judge(one, { rules: [...rules, ...input.rules], pixels }));
    const candidates = judged.flatMap(({ candidate }) => candidate ?? []).sort(byPreference(input.prefer));
    const [chosen] = candidates;
    if (chosen === undefined) missing.push(input);
    else {
      taken.add(chosen.series);
      selected.push(...selectedOf(chosen).map((instance) => ({ ...instance, input: input.name })));
    }
    for (const { candidate, decisions: own } of judged) {
      const isPassedOver = candidate !== null && chosen !== undefined && candidate !== chosen;
      const told = isPassedOver ? passedOver(own, preferred(chosen, candidate, input.prefer)) : own;
      decisions.push(...told.map((decision) => ({ ...decision, input: input.name })));
    }
  }
  return { selected, decisions, missing };
}

/** Applies the rules to a series and its instances. A series without an instance that fits is no candidate. */
function judge(series: IndexedSeries, choice: Choice): { candidate: Candidate | null; decisions: Decision[] } {
  const { SeriesInstanceUID, instances } = series;
  const facts = attributesOfFacts(series.facts);
  const atSeries = choice.rules.filter(({ level }) => level === 'series');
  const ofSeries = decide(atSeries.map((rule) => apply(rule, { ...series.attributes, ...facts })));
  const decisions: Decision[] = [{ level: 'series', SeriesInstanceUID, SOPInstanceUID: null, ...ofSeries }];
  if (!ofSeries.accepted) return { candidate: null, decisions };
  const accepted = instances.filter((instance) => {
    const decision = decideInstance(instance, facts, choice);
    decisions.push({ level: 'instance', SeriesInstanceUID, SOPInstanceUID: instance.SOPInstanceUID, ...decision });
    return decision.accepted;
  });
  return { candidate: accepted.length === 0 ? null : { series, instances: accepted }, decisions };
}

function decideInstance(instance: IndexedInstance, facts: Attributes, { rules, pixels }: Choice): Verdicts {
  if (pixels && !instance.pixels) return { accepted: false, reasons: ['The image holds no pixels.'] };
  const atInstance = rules.filter(({ level }) => level === 'instance');
  return decide(atInstance.map((rule) => apply(rule, { ...instance.attributes, ...facts })));
}

/** Accepted if every verdict is; the reasons end with the first refusal. */
function decide(verdicts: readonly { accepted: boolean; reason: string }[]): Verdicts {
  const refusal = verdicts.findIndex(({ accepted }) => !accepted);
  const told = refusal === -1 ? verdicts : verdicts.slice(0, refusal + 1);
  return { accepted: refusal === -1, reasons: told.map(({ reason }) => reason) };
}

function selectedOf({ series, instances }: Candidate): SelectedInstance[] {
  const { SeriesInstanceUID } = series;
  return instances.map(({ sha256, SOPInstanceUID }) => ({ sha256, SOPInstanceUID, SeriesInstanceUID }));
}

/** The decisions on a series that fits, where another one was taken. */
function passedOver([ofSeries, ...ofInstances]: readonly Decision[], reason: string): Decision[] {
  if (ofSeries === undefined) return [];
  const refused = { ...ofSeries, accepted: false, reasons: [...ofSeries.reasons, reason] };
  return [refused, ...ofInstances.filter(({ accepted }) => !accepted)];
}

/** Facts under their names, as rules see attributes; unknown ones are absent. */
function attributesOfFacts(facts: SeriesFacts | undefined): Attributes {
  const known = Object.entries(facts ?? {}).filter(([, value]) => value !== null);
  return Object.fromEntries(known.map(([name, value]) => [name, [String(value)]]));
}

function byPreference(prefer: readonly Preference[]): (a: Candidate, b: Candidate) => number {
  const number = ({ series }: Candidate) => Number(series.attributes.SeriesNumber?.[0] ?? 0) || 0;
  return (a, b) =>
    prefer.map((one) => rank(one, a) - rank(one, b)).find((difference) => difference !== 0) ||
    b.instances.length - a.instances.length ||
    number(a) - number(b) ||
    (a.series.SeriesInstanceUID < b.series.SeriesInstanceUID ? -1 : 1);
}

/** The lower the better; the largest number where the series has none of the tags. */
function rank({ tags, matches, order, nearest }: Preference, { series }: Candidate): number {
  const values = valuesOf(tags, series);
  if (matches !== undefined) return new RegExp(matches, 'iu').test(values?.join('\\') ?? '') ? 0 : 1;
  const value = values === undefined ? Number.NaN : Number(values[0]);
  if (!Number.isFinite(value)) return Number.MAX_VALUE;
  if (nearest !== undefined) return Math.abs(value - nearest);
  return order === 'most' ? -value : value;
}

function valuesOf(tags: readonly string[], series: IndexedSeries): string[] | undefined {
  const attributes: Attributes = { ...series.attributes, ...attributesOfFacts(series.facts) };
  return tags.map((tag) => attributes[tag]).find((values) => values !== undefined);
}

/** Why one series was taken rather than another: the first preference in which they differ. */
function preferred(chosen: Candidate, other: Candidate, prefer: readonly Preference[]): string {
  const deciding = prefer.find((one) => rank(one, chosen) !== rank(one, other));
  const name = ({ series }: Candidate) => `series ${series.attributes.SeriesNumber?.[0] ?? series.SeriesInstanceUID}`;
  if (deciding === undefined) return `It fits, but ${name(chosen)} is as good and was taken.`;
  const show = ({ series }: Candidate) => valuesOf(deciding.tags, series)?.join('\\').slice(0, 64) ?? 'absent';
  const tag = deciding.tags.join(' or ');
  return `It fits, but ${name(chosen)} was preferred: its ${tag} is ${show(chosen)}, here ${show(other)}.`;
}
