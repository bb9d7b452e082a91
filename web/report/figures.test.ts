import { describe, expect, it } from 'vitest';
import { coefficient, duration, fixed, proportion } from './figures.ts';

describe('figures in words', () => {
  it.each([
    [0.5, '30 s'],
    [1.9, '114 s'],
    [2, '2 min'],
    [119, '119 min'],
    [320, '5 h 20 min'],
    [2 * 1440 + 240, '2 d 4 h'],
    [-3, '−3 min'],
  ])('%d minutes are %s', (minutes, words) => {
    expect(duration(minutes)).toBe(words);
  });

  it('keep an approximate interval within what there can be, and the minus a minus', () => {
    expect(String(coefficient({ value: 0.95, low: -1.2, high: 1.04 }))).toContain('(−1.00 to 1.00)');
    expect(fixed(-0.123)).toBe('−0.12');
  });

  it('say why there is none', () => {
    expect(String(coefficient({ because: 'there is but one <case>' }))).toContain('one &lt;case&gt;');
    const none = {
      hits: 0,
      cases: 0,
      wilson: { because: 'there is no such case' },
      clustered: { because: 'x' },
      rows: '/',
    };
    expect(String(proportion(none))).toContain('there is no such case');
    const single = { ...none, hits: 1, cases: 2, wilson: { value: 0.5, low: 0.1, high: 0.9 } };
    expect(String(proportion({ ...single, clustered: { because: 'all cases are of one patient' } }))).toContain(
      'one patient',
    );
  });
});
