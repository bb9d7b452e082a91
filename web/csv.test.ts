import { describe, expect, it } from 'vitest';
import { csvLine } from './csv.ts';

describe('a line of a table', () => {
  it('quotes what needs it', () => {
    expect(csvLine(['a', 'say "no"', 'one, two', 'line\nbreak', ' edge '])).toBe(
      'a,"say ""no""","one, two","line\nbreak"," edge "\r\n',
    );
  });

  it('writes numbers, times, and what is not there', () => {
    const at = new Date('2026-01-31T08:15:00Z');
    expect(csvLine([1.5, -2, true, at, null, undefined, ['a', 'b']])).toBe(
      '1.5,-2,yes,2026-01-31T08:15:00.000Z,,,a b\r\n',
    );
  });

  it.each(['=1+1', '+cmd|x', '-2+3', '@SUM(A1)', '\t=1', '\r=1', ' =HYPERLINK("x")', '\n@x'])(
    'disarms what a spreadsheet would run: %j',
    (text) => {
      expect(csvLine([text]).replace(/^"/, '')).toMatch(/^'/);
    },
  );

  it('leaves negative numbers as they are', () => {
    expect(csvLine(['-3.5', '+2', '-1e-3'])).toBe('-3.5,+2,-1e-3\r\n');
  });
});
