import { describe, expect, it } from 'vitest';
import { Evaluation, type Reading, type Stage } from '../../schemas/evaluation.ts';
import { disagreements, type Entry, isRevealed, type Participant, qualityOf, standingOf } from './standing.ts';

const evaluation = (reading: Partial<Reading> & Pick<Reading, 'mode'>) =>
  Evaluation.parse({
    name: 'hips',
    version: '1.0.0',
    title: 'Hips',
    pipeline: 'hips',
    questions: [{ name: 'remarks', label: 'Remarks', per: 'exam', kind: 'text' }],
    reading,
  });

const nobody: Participant = {
  name: 'ann',
  reads: false,
  readsBlinded: false,
  reviewsQuality: false,
  adjudicates: false,
  seesAll: false,
};
const reader: Participant = { ...nobody, reads: true, readsBlinded: true };
const lead: Participant = { ...nobody, name: 'lea', adjudicates: true, seesAll: true };

const entry = (author: string, stage: Stage, value = 'fracture', version = 1): Entry => ({
  author,
  stage,
  version,
  answers: [{ question: stage === 'quality' ? 'usable' : 'read', subject: 'left', value }],
});
const of = (...entries: Entry[]) => ({ entries, readers: undefined });

describe('standingOf', () => {
  it('asks a reader once where the model is shown', () => {
    const shown = evaluation({ mode: 'model-shown' });
    expect(standingOf(shown, reader, of())).toEqual({ kind: 'asked', stage: 'aided' });
    expect(standingOf(shown, reader, of(entry('ann', 'aided')))).toEqual({ kind: 'sent', stage: 'aided' });
  });

  it('asks a reader before the model is shown and again after it', () => {
    const first = evaluation({ mode: 'unaided-first' });
    expect(standingOf(first, reader, of(entry('bob', 'unaided')))).toEqual({ kind: 'asked', stage: 'unaided' });
    expect(standingOf(first, reader, of(entry('ann', 'unaided')))).toEqual({ kind: 'asked', stage: 'aided' });
    expect(standingOf(first, reader, of(entry('ann', 'unaided'), entry('ann', 'aided')))).toMatchObject({
      kind: 'sent',
    });
  });

  it('never asks for an unaided read of somebody who can look the result up', () => {
    const both = { ...reader, readsBlinded: false };
    expect(standingOf(evaluation({ mode: 'unaided-first' }), both, of())).toMatchObject({ kind: 'not-asked' });
    expect(standingOf(evaluation({ mode: 'model-shown' }), both, of())).toMatchObject({ kind: 'asked' });
  });

  it('keeps a case from its readers until an image of it passes the quality review', () => {
    const reviewed = evaluation({ mode: 'unaided-first', qualityReview: { question: 'usable', passes: ['yes'] } });
    const reviewer = { ...nobody, name: 'quinn', reviewsQuality: true };
    expect(standingOf(reviewed, reader, of())).toMatchObject({ kind: 'not-asked' });
    expect(standingOf(reviewed, reviewer, of())).toEqual({ kind: 'asked', stage: 'quality' });
    expect(standingOf(reviewed, reader, of(entry('quinn', 'quality', 'no')))).toMatchObject({ kind: 'not-asked' });
    expect(standingOf(reviewed, reader, of(entry('quinn', 'quality', 'yes')))).toMatchObject({ stage: 'unaided' });
    expect(standingOf(reviewed, reviewer, of(entry('quinn', 'quality', 'yes')))).toEqual({
      kind: 'sent',
      stage: 'quality',
    });
  });

  it('gives a case to those whom it was assigned to', () => {
    const shown = evaluation({ mode: 'model-shown', readersPerCase: 1 });
    expect(standingOf(shown, reader, { entries: [], readers: ['bob'] })).toMatchObject({ kind: 'not-asked' });
    expect(standingOf(shown, reader, { entries: [], readers: ['ann'] })).toMatchObject({ kind: 'asked' });
  });

  it('asks who has seen an earlier result of the exam with the model in view only', () => {
    const first = evaluation({ mode: 'unaided-first' });
    const seen = { ...of(), haveSeen: ['ann'] };
    expect(standingOf(first, reader, seen)).toEqual({ kind: 'asked', stage: 'aided' });
    expect(isRevealed(first, reader, seen)).toBe(true);
    expect(standingOf(first, reader, { ...of(entry('ann', 'aided')), haveSeen: ['ann'] })).toMatchObject({
      kind: 'sent',
    });
    expect(standingOf(first, { ...reader, name: 'bob' }, seen)).toEqual({ kind: 'asked', stage: 'unaided' });
    const never = evaluation({ mode: 'never-revealed' });
    expect(isRevealed(never, reader, seen)).toBe(false);
  });

  it('asks nobody about an exam that is closed, and says why', () => {
    const first = evaluation({ mode: 'unaided-first', adjudicate: ['read'] });
    const apart = of(entry('ann', 'unaided'), entry('bob', 'unaided', 'no-fracture'));
    const closed = 'This exam was withdrawn.';
    expect(standingOf(first, reader, { ...of(), closed })).toEqual({ kind: 'not-asked', why: closed });
    expect(standingOf(first, lead, { ...apart, closed })).toMatchObject({ kind: 'not-asked' });
  });

  it('asks the adjudicator where readers disagreed before they saw the model, until it is settled', () => {
    const first = evaluation({ mode: 'unaided-first', adjudicate: ['read'] });
    const alike = of(entry('ann', 'unaided'), entry('bob', 'unaided'), entry('bob', 'aided', 'no-fracture'));
    expect(standingOf(first, lead, alike)).toMatchObject({ kind: 'not-asked' });
    const apart = [entry('ann', 'unaided'), entry('bob', 'unaided', 'no-fracture')];
    expect(disagreements(first, apart)).toEqual([{ question: 'read', subject: 'left' }]);
    expect(standingOf(first, lead, of(...apart))).toEqual({ kind: 'asked', stage: 'adjudication' });
    expect(standingOf(first, { ...lead, name: 'leo' }, of(...apart, entry('lea', 'adjudication')))).toMatchObject({
      kind: 'not-asked',
    });
  });
});

describe('qualityOf', () => {
  it('goes by the newest version of what a reviewer said', () => {
    const reviewed = evaluation({ mode: 'model-shown', qualityReview: { question: 'usable', passes: ['yes'] } });
    const entries = [entry('quinn', 'quality', 'yes'), entry('quinn', 'quality', 'no', 2)];
    expect([qualityOf(reviewed, entries.slice(0, 1)), qualityOf(reviewed, entries)]).toEqual(['passed', 'set-aside']);
  });
});

describe('isRevealed', () => {
  it.each([
    ['model-shown', reader, [], true],
    ['unaided-first', reader, [entry('bob', 'unaided')], false],
    ['unaided-first', reader, [entry('ann', 'unaided')], true],
    ['unaided-first', lead, [], true],
    ['never-revealed', reader, [entry('ann', 'unaided')], false],
    ['never-revealed', lead, [], true],
  ] as const)('%s: %o after %o: %s', (mode, person, entries, revealed) => {
    expect(isRevealed(evaluation({ mode }), person, { entries })).toBe(revealed);
  });
});
