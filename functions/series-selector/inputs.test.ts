import { describe, expect, it } from 'vitest';
import type { IndexedSeries, SeriesFacts } from '../../schemas/series-index.ts';
import { selectInputs, WantedInput } from './choose.ts';
import { Rule } from './rules.ts';

const FACTS: SeriesFacts = {
  images: 160,
  stacks: 1,
  orientation: 'sagittal',
  tiltDeg: 4,
  slices: 160,
  imagesPerSlice: 1,
  echoes: 1,
  sliceSpacingMm: 1,
  uniform: true,
  extentMm: 160,
  widthMm: 256,
  heightMm: 256,
  pixelSpacingMm: 1,
  contrast: 'unknown',
  contrastDelayS: null,
};

function series(number: number, description: string, facts: Partial<SeriesFacts> = {}): IndexedSeries {
  const attributes = { Modality: ['MR'], SeriesNumber: [String(number)], SeriesDescription: [description] };
  return {
    SeriesInstanceUID: `2.25.${number}`,
    attributes,
    facts: { ...FACTS, ...facts },
    instances: [1, 2].map((image) => ({
      sha256: String(number).repeat(64).slice(0, 64),
      SOPInstanceUID: `2.25.${number}.${image}`,
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.4',
      pixels: true,
      attributes,
    })),
  };
}

const flair = WantedInput.parse({
  name: 'flair',
  title: 'a 3-D FLAIR of the brain',
  rules: [
    { level: 'series', tags: ['SeriesDescription'], matches: 'flair', because: 'the model reads FLAIR.' },
    { level: 'series', tags: ['slices'], atLeast: 60, because: 'an exam of fewer than 60 slices is not whole.' },
    { level: 'series', tags: ['uniform'], matches: '^true$', because: 'slices are missing.' },
  ],
  prefer: [
    { tags: ['orientation'], matches: 'sagittal' },
    { tags: ['sliceSpacingMm'], order: 'least' },
  ],
});
const t1 = WantedInput.parse({
  name: 't1',
  rules: [{ level: 'series', tags: ['SeriesDescription'], matches: 't1|flair', because: 'the model reads T1.' }],
});
const common = {
  rules: [Rule.parse({ level: 'series', tags: ['Modality'], matches: '^MR$', because: 'only MR is read.' })],
  pixels: true,
};

const chosen = (all: readonly IndexedSeries[], inputs = [flair]) =>
  selectInputs(all, inputs, common).selected.map(({ input, SOPInstanceUID }) => `${input} ${SOPInstanceUID}`);

describe('selectInputs', () => {
  it('takes one series for an input, with the name of the input on its instances', () => {
    expect(chosen([series(3, 'T1 MPRAGE'), series(4, 'FLAIR SPACE')])).toEqual(['flair 2.25.4.1', 'flair 2.25.4.2']);
  });

  it('finds several inputs in one exam, and gives no series twice', () => {
    const all = [series(3, 'FLAIR'), series(4, 'T1 MPRAGE')];
    expect(chosen(all, [flair, t1])).toEqual(['flair 2.25.3.1', 'flair 2.25.3.2', 't1 2.25.4.1', 't1 2.25.4.2']);
  });

  it.each([
    [
      'the first preference',
      [series(3, 'FLAIR', { orientation: 'axial', sliceSpacingMm: 0.5 }), series(4, 'FLAIR')],
      4,
    ],
    ['the next one', [series(3, 'FLAIR'), series(4, 'FLAIR', { sliceSpacingMm: 0.9 })], 4],
    ['the lower number where all are alike', [series(5, 'FLAIR'), series(4, 'FLAIR')], 4],
  ])('chooses by %s, in whichever order the series come', (_, all, number) => {
    for (const order of [all, all.toReversed()]) expect(chosen(order)[0]).toBe(`flair 2.25.${number}.1`);
  });

  it('says why a series that fits was not taken', () => {
    const { decisions } = selectInputs(
      [series(3, 'FLAIR'), series(4, 'FLAIR', { sliceSpacingMm: 0.9 }), series(5, 'FLAIR', { sliceSpacingMm: 0.9 })],
      [flair],
      common,
    );
    const refused = decisions.filter(({ accepted }) => !accepted);
    expect(refused.map(({ reasons }) => reasons.at(-1))).toEqual([
      'It fits, but series 4 was preferred: its sliceSpacingMm is 0.9, here 1.',
      'It fits, but series 4 is as good and was taken.',
    ]);
  });

  it.each([
    ['half an exam', series(4, 'FLAIR', { slices: 40 }), 'slices is 40: an exam of fewer than 60 slices is not whole.'],
    ['a missing slice', series(4, 'FLAIR', { uniform: false }), 'uniform is "false": slices are missing.'],
    ['another contrast', series(4, 'T2 TSE'), 'SeriesDescription is "T2 TSE": the model reads FLAIR.'],
  ])('misses the input for %s', (_, one, reason) => {
    const { missing, selected, decisions } = selectInputs([one], [flair], common);
    expect(missing).toEqual([flair]);
    expect(selected).toEqual([]);
    expect(decisions.at(-1)?.reasons.at(-1)).toBe(reason);
  });
});
