import { z } from 'zod';
import { outOfScope } from '../../lib/platform/problem.ts';
import { type Decision, type Selection, SeriesIndex } from '../../schemas/series-index.ts';
import { defineOperator, jsonBytes, readJson } from '../operator.ts';
import { select, selectInputs, WantedInput } from './choose.ts';
import { Rule } from './rules.ts';

export const seriesSelector = defineOperator({
  name: 'series-selector',
  version: '1.1.0',
  description: 'Chooses the series and instances that a pipeline reads, by rules on their attributes.',
  parameters: z.object({
    rules: z
      .array(Rule)
      .default([])
      .describe('Rules in order, each {level, tags, matches|excludes|atLeast|atMost, absent, because}; all must hold.'),
    inputs: z
      .array(WantedInput)
      .default([])
      .describe(
        'Inputs of the model, one series for each: {name, title, rules (besides the common ones), prefer: [{tags, matches|order|nearest}]}. Empty: every series that fits is taken.',
      ),
    pixels: z.boolean().default(true).describe('Take only instances that hold pixels.'),
  }),
  inputs: { index: 'The index that dicom-parser made.' },
  outputs: { selection: 'Selection as JSON: the instances taken, and the reason for each decision.' },
  async run({ parameters, inputFile, output }) {
    const index = await readJson(inputFile('index'), SeriesIndex);
    const { selected, decisions, missing } =
      parameters.inputs.length === 0
        ? { ...select(index.series, parameters), missing: [] }
        : selectInputs(index.series, parameters.inputs, parameters);
    const [lacking] = missing;
    if (lacking !== undefined) throw inputMissing(lacking, decisions);
    if (selected.length === 0) throw nothingSelected(decisions);
    const selection: Selection = { selected, decisions, unreadable: index.unreadable };
    await output('selection', 'selection.json', jsonBytes(selection), 'application/json');
    return { selected: selected.length, refused: decisions.filter(({ accepted }) => !accepted).length };
  },
});

function nothingSelected(decisions: readonly Decision[]): Error {
  const refusals = decisions.filter(({ accepted }) => !accepted);
  const reasons = [...new Set(refusals.map(({ reasons: all }) => all.at(-1) ?? ''))];
  const shown = reasons.slice(0, 3).join(' ');
  return outOfScope(`No image of the study is one that this pipeline reads. ${shown}`.trim());
}

/** The reasons of those series come first that got farthest: the one that was nearly taken explains most. */
function inputMissing({ name, title = name }: WantedInput, decisions: readonly Decision[]): Error {
  const refused = decisions
    .filter((decision) => decision.input === name && !decision.accepted)
    .sort((a, b) => b.reasons.length - a.reasons.length);
  const reasons = [...new Set(refused.map((decision) => decision.reasons.at(-1) ?? ''))];
  return outOfScope(`The exam has no series that can be read as ${title}. ${reasons.slice(0, 3).join(' ')}`.trim());
}
