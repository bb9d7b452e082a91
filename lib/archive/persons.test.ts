import { describe, expect, it } from 'vitest';
import type { PatientChange, PatientStatement } from '../../schemas/patients.ts';
import { personsAfter } from './persons.ts';

/** `s1`, `s2` … in the order in which they were said. */
function said(...changes: readonly PatientChange[]): PatientStatement[] {
  return changes.map((change, index) => ({
    id: `s${index + 1}`,
    change,
    author: 'ada',
    reason: 'told by the ward',
    statedAt: `2026-01-0${index + 1}T00:00:00.000Z`,
  }));
}

/** The images of the exam A1 state A. */
const statedBy = (exam: string) => `row ${exam[0]}`;
const of = (...statements: readonly PatientChange[]) => personsAfter(said(...statements), statedBy);
const merge = (merged: string, into: string): PatientChange => ({
  kind: 'merge',
  merged: { exam: `${merged}1` },
  into: { exam: `${into}1` },
});
const undo = (n: number): PatientChange => ({ kind: 'undo', undoes: `s${n}` });

describe('merges', () => {
  it('make one person of a group, who is whom the last statement named, in whatever pieces it was joined', () => {
    const { survivors } = of(merge('A', 'B'), merge('C', 'D'), merge('B', 'D'));
    expect(Object.fromEntries(survivors)).toEqual({
      'row A': 'row D',
      'row B': 'row D',
      'row C': 'row D',
      'row D': 'row D',
    });
  });

  it('can each be undone without those around it', () => {
    const { survivors, undone } = of(merge('A', 'B'), merge('B', 'C'), undo(1));
    expect(Object.fromEntries(survivors)).toEqual({ 'row B': 'row C', 'row C': 'row C' });
    expect([...undone]).toEqual([['s1', 's3']]);
  });

  it('say when somebody’s exams last changed, and undoing is such a change for both', () => {
    expect(Object.fromEntries(of(merge('A', 'B'), merge('C', 'D')).changedAt)).toEqual({
      'row B': '2026-01-01T00:00:00.000Z',
      'row D': '2026-01-02T00:00:00.000Z',
    });
    const apart = of(merge('A', 'B'), merge('C', 'D'), undo(1)).changedAt;
    expect(apart.get('row A')).toBe('2026-01-03T00:00:00.000Z');
    expect(apart.get('row B')).toBe('2026-01-03T00:00:00.000Z');
    expect(apart.get('row D')).toBe('2026-01-02T00:00:00.000Z');
  });
});

describe('moves', () => {
  it('of one exam: the last one that holds counts', () => {
    const toB: PatientChange = { kind: 'move', exam: 'A2', to: { exam: 'B1' } };
    const toNew: PatientChange = { kind: 'move', exam: 'A2', to: 'new' };
    expect([...of(toB).moved]).toEqual([['A2', 'row B']]);
    expect([...of(toB, toNew).moved]).toEqual([['A2', 'person s2']]);
    expect([...of(toB, toNew, undo(2)).moved]).toEqual([['A2', 'row B']]);
    expect([...of(toB, undo(1)).moved]).toEqual([]);
  });

  it('change the exams of both, and of whoever they are merged with', () => {
    const { changedAt } = of(merge('B', 'C'), { kind: 'move', exam: 'A2', to: { exam: 'B1' } });
    expect(changedAt.get('row A')).toBe('2026-01-02T00:00:00.000Z');
    expect(changedAt.get('row C')).toBe('2026-01-02T00:00:00.000Z');
  });
});
