import { describe, expect, it } from 'vitest';
import { describeResult, table } from './table.ts';

const run = {
  id: 'a',
  pipeline: 'p',
  studyInstanceUid: '1.2',
  status: 'failed',
  createdAt: '',
  finishedAt: null,
} as const;

describe('table', () => {
  it('makes each column as wide as its widest cell', () => {
    const text = table(
      ['run', 'status'],
      [
        ['abc', 'succeeded'],
        ['a', 'failed'],
      ],
    );
    expect(text.split('\n')).toEqual(['run  status', '───  ─────────', 'abc  succeeded', 'a    failed']);
  });
});

describe('describeResult', () => {
  it('gives the reason where there is no result', () => {
    expect(describeResult({ ...run, reason: 'The image has no pixels.', result: null })).toBe(
      'The image has no pixels.',
    );
  });
});
