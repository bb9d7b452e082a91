import { z } from 'zod';
import { outOfScope } from '../../lib/platform/problem.ts';
import {
  type Decision,
  type IndexedInstance,
  type IndexedSeries,
  type SelectedInstance,
  type Selection,
  SeriesIndex,
} from '../../schemas/series-index.ts';
import { defineOperator, jsonBytes, readJson } from '../operator.ts';
import { apply, Rule } from './rules.ts';

export const seriesSelector = defineOperator({
  name: 'series-selector',
  version: '1.0.0',
  description: 'Chooses the series and instances that a pipeline reads, by rules on their attributes.',
  parameters: z.object({
    rules: z
      .array(Rule)
      .default([])
      .describe('Rules in order, each {level, tags, matches|excludes|atLeast|atMost, absent, because}; all must hold.'),
    pixels: z.boolean().default(true).describe('Take only instances that hold pixels.'),
  }),
  inputs: { index: 'The index that dicom-parser made.' },
  outputs: { selection: 'Selection as JSON: the instances taken, and the reason for each decision.' },
  async run({ parameters, inputFile, output }) {
    const index = await readJson(inputFile('index'), SeriesIndex);
    const { selected, decisions } = select(index.series, parameters);
    if (selected.length === 0) throw nothingSelected(decisions);
    const selection: Selection = { selected, decisions, unreadable: index.unreadable };
    await output('selection', 'selection.json', jsonBytes(selection), 'application/json');
    return { selected: selected.length, refused: decisions.filter(({ accepted }) => !accepted).length };
  },
});

interface Rules {
  readonly rules: readonly Rule[];
  readonly pixels: boolean;
}

/** Decides on every series, and on every instance of the series taken. */
export function select(series: readonly IndexedSeries[], rules: Rules): Pick<Selection, 'selected' | 'decisions'> {
  const selected: SelectedInstance[] = [];
  const decisions: Decision[] = [];
  const atSeries = rules.rules.filter(({ level }) => level === 'series');
  for (const { SeriesInstanceUID, attributes, instances } of series) {
    const ofSeries = decide(atSeries.map((rule) => apply(rule, attributes)));
    decisions.push({ level: 'series', SeriesInstanceUID, SOPInstanceUID: null, ...ofSeries });
    if (!ofSeries.accepted) continue;
    for (const instance of instances) {
      const { sha256, SOPInstanceUID } = instance;
      const decision = decideInstance(instance, rules);
      decisions.push({ level: 'instance', SeriesInstanceUID, SOPInstanceUID, ...decision });
      if (decision.accepted) selected.push({ sha256, SOPInstanceUID, SeriesInstanceUID });
    }
  }
  return { selected, decisions };
}

function decideInstance(instance: IndexedInstance, { rules, pixels }: Rules): Pick<Decision, 'accepted' | 'reasons'> {
  if (pixels && !instance.pixels) return { accepted: false, reasons: ['The image holds no pixels.'] };
  const atInstance = rules.filter(({ level }) => level === 'instance');
  return decide(atInstance.map((rule) => apply(rule, instance.attributes)));
}

/** Accepted if every verdict is; the reasons end with the first refusal. */
function decide(verdicts: readonly { accepted: boolean; reason: string }[]): Pick<Decision, 'accepted' | 'reasons'> {
  const refusal = verdicts.findIndex(({ accepted }) => !accepted);
  const told = refusal === -1 ? verdicts : verdicts.slice(0, refusal + 1);
  return { accepted: refusal === -1, reasons: told.map(({ reason }) => reason) };
}

function nothingSelected(decisions: readonly Decision[]): Error {
  const refusals = decisions.filter(({ accepted }) => !accepted);
  const reasons = [...new Set(refusals.map(({ reasons: all }) => all.at(-1) ?? ''))];
  const shown = reasons.slice(0, 3).join(' ');
  return outOfScope(`No image of the study is one that this pipeline reads. ${shown}`.trim());
}
