import { describe, expect, it } from 'vitest';
import type { VolumeAgreement } from '../../schemas/report.ts';
import { agreementPlot } from './plot.ts';

const none = { because: 'there is no value' };
const estimate = (value: number) => ({ value, low: value - 1, high: value + 1 });

const volumes = (points: [number, number][], limit: number): VolumeAgreement => ({
  ...{ structure: '<lobe>', source: 'edited', pairs: points.length, exams: points.length, patients: points.length },
  ...{ points, rows: '/' },
  ...{ dice: none, surfaceDistance95: none, minutes: none },
  blandAltman: {
    ...{ bias: estimate(0), deviation: 1, lowerLimit: estimate(-limit), upperLimit: estimate(limit) },
  },
});

describe('the plot of differences', () => {
  it('shows each pair, bias and limits, and escapes names', () => {
    const text = String(
      agreementPlot(
        volumes(
          [
            [100, -3],
            [250, 4.5],
          ],
          8,
        ),
      ),
    );
    expect(text.match(/<circle/g)).toHaveLength(2);
    expect(text.match(/class="threshold"/g)).toHaveLength(2);
    expect(text).toContain('&lt;lobe&gt;');
    expect(text).toContain('−8');
  });

  it('stands where nothing differs, and is none where there are no limits', () => {
    const same = String(
      agreementPlot(
        volumes(
          [
            [0, 0],
            [0, 0],
          ],
          0,
        ),
      ),
    );
    expect(same).not.toMatch(/NaN|Infinity/);
    expect(agreementPlot({ ...volumes([[1, 1]], 1), blandAltman: none })).toBe('');
  });
});
