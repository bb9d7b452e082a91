import { expect, it } from 'vitest';
import { requireInScope, ScopeMean } from './scope.ts';

const scope = { output: 'scope', classes: ['flair', 't1'], accepts: 'flair', threshold: 0.5 };

it('counts windows by how much they show', () => {
  const mean = new ScopeMean(['flair', 't1']);
  mean.add(Float32Array.of(0.9, 0.1), 0.75);
  mean.add(Float32Array.of(0.1, 0.9), 0.25);
  expect(mean.mean()).toEqual({ flair: 0.7, t1: 0.3 });
});

it('has an answer for windows that show nothing', () => {
  const mean = new ScopeMean(['flair', 't1']);
  mean.add(Float32Array.of(0.2, 0.8), 0);
  expect(mean.mean()).toEqual({ flair: 0.2, t1: 0.8 });
});

it('says what an exam looks like that is out of scope', () => {
  expect(() => requireInScope({ title: 'Lesions', scope }, { flair: 0.08, t1: 0.92 })).toThrow(
    'By its pixels the exam is not what the model "Lesions" was made for, flair: it looks like t1 (t1 0.92, flair 0.08; flair has to have at least 0.50).',
  );
  expect(() => requireInScope({ title: 'Lesions', scope }, { flair: Number.NaN, t1: Number.NaN })).toThrow();
  expect(() => requireInScope({ title: 'Lesions', scope }, { flair: 0.5, t1: 0.5 })).not.toThrow();
  expect(() => requireInScope({ title: 'Lesions', scope: null }, {})).not.toThrow();
});
