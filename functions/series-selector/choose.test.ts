import { describe, expect, it } from 'vitest';
import type { IndexedSeries } from '../../schemas/series-index.ts';
import { select } from './choose.ts';
import { Rule } from './rules.ts';

const rules = [
  { level: 'series', tags: ['Modality'], matches: '^CR$', because: 'only CR is read.' },
  { tags: ['Rows'], atLeast: 100, because: 'small images are not read.' },
].map((rule) => Rule.parse(rule));

function series(uid: string, Modality: string, rows: readonly (string | null)[]): IndexedSeries {
  return {
    SeriesInstanceUID: uid,
    attributes: { Modality: [Modality] },
    instances: rows.map((value, index) => ({
      sha256: String(index).repeat(64),
      SOPInstanceUID: `${uid}.${index + 1}`,
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
      pixels: value !== null,
      attributes: { Modality: [Modality], Rows: [value ?? '500'] },
    })),
  };
}

describe('select', () => {
  const { selected, decisions } = select(
    [series('2.25.1', 'CR', ['500', '50', null]), series('2.25.2', 'MR', ['500'])],
    {
      rules,
      pixels: true,
    },
  );

  it('takes the instances that every rule takes', () => {
    expect(selected.map(({ SOPInstanceUID }) => SOPInstanceUID)).toEqual(['2.25.1.1']);
  });

  it('gives the reason for every acceptance and refusal, as data', () => {
    expect(
      decisions.map(({ SOPInstanceUID, SeriesInstanceUID, accepted, reasons }) => [
        SOPInstanceUID ?? SeriesInstanceUID,
        accepted,
        reasons,
      ]),
    ).toEqual([
      ['2.25.1', true, ['Modality is "CR", which fits.']],
      ['2.25.1.1', true, ['Rows is 500, which fits.']],
      ['2.25.1.2', false, ['Rows is 50: small images are not read.']],
      ['2.25.1.3', false, ['The image holds no pixels.']],
      ['2.25.2', false, ['Modality is "MR": only CR is read.']],
    ]);
  });
});
