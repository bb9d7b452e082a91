import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { HOME } from '../../lib/platform/configuration.ts';
import { EvaluationError, loadBlindedEvaluations, loadEvaluations, parseEvaluation } from './load.ts';

const HEAD = ['name: test', 'version: 1.0.0', 'title: Test', 'pipeline: hip-fracture-detection', 'questions:'];

const choice = (name: string, options: string) => [
  `  - name: ${name}`,
  '    label: A question',
  '    per: exam',
  '    kind: choice',
  `    options: ${options}`,
];
const TWO = '[{ value: a, label: A }, { value: b, label: B }]';

describe('parseEvaluation', () => {
  it('takes what is right', () => {
    const evaluation = parseEvaluation([...HEAD, ...choice('one', TWO)].join('\n'), 'e.yaml');
    expect(evaluation.questions[0]).toMatchObject({ name: 'one', required: false, help: '' });
  });

  it.each([
    ['text that is not YAML', ['name: [', 'version: 1.0.0'], /^e\.yaml:2: /],
    ['a missing title', HEAD.filter((line) => !line.startsWith('title')), /^e\.yaml:1: title: /],
    ['an unknown kind of question', [...HEAD, '  - name: one', '    kind: colour'], /^e\.yaml:7: questions\.0\.kind: /],
    [
      'a choice with one option',
      [...HEAD, ...choice('one', '[{ value: a, label: A }]')],
      /^e\.yaml:10: questions\.0\.options: /,
    ],
    [
      'a misspelt setting',
      [...HEAD, ...choice('one', TWO), '    requird: true'],
      /^e\.yaml:6: questions\.0: .*requird/,
    ],
    [
      'two questions of one name',
      [...HEAD, ...choice('one', TWO), ...choice('one', TWO)],
      /^e\.yaml:11: two questions are named one/,
    ],
    [
      'two options of one value',
      [...HEAD, ...choice('one', '[{ value: a, label: A }, { value: a, label: B }]')],
      /^e\.yaml:10: two options have the value a/,
    ],
    [
      'an agreement that is no option',
      [...HEAD, ...choice('one', TWO), '    agree: c'],
      /^e\.yaml:11: there is no option c/,
    ],
    [
      'a condition on a later question',
      [...HEAD, ...choice('one', TWO), '    when: { question: two, is: [a] }', ...choice('two', TWO)],
      /^e\.yaml:11: there is no question two before this one/,
    ],
    [
      'a question about time points without a trend',
      [...HEAD, ...choice('one', TWO).map((line) => line.replace('per: exam', 'per: time-point'))],
      /^e\.yaml:8: there are time points only where there is a trend/,
    ],
    [
      'two arms of one name',
      [...HEAD, ...choice('one', TWO), 'reading: { mode: model-shown, arms: [{ name: a }, { name: b }, { name: a }] }'],
      /^e\.yaml:11: two arms are named a/,
    ],
    [
      'strata without arms',
      [...HEAD, ...choice('one', TWO), 'reading: { mode: model-shown, stratify: [sex] }'],
      /^e\.yaml:11: only arms are stratified/,
    ],
    [
      'a choice of readers where all read',
      [...HEAD, ...choice('one', TWO), 'reading: { mode: model-shown, assignment: random }'],
      /^e\.yaml:11: nobody is chosen/,
    ],
    [
      'readers who must agree on a question that is not asked',
      [...HEAD, ...choice('one', TWO), 'reading: { mode: unaided-first, adjudicate: [two] }'],
      /^e\.yaml:11: there is no question two/,
    ],
    [
      'a quality review by a question that is asked of readers',
      [...HEAD, ...choice('one', TWO), 'reading: { mode: model-shown, qualityReview: { question: one, passes: [a] } }'],
      /^e\.yaml:11: question one is not asked at the stage quality/,
    ],
    [
      'a reference with an answer that is not offered',
      [...HEAD, ...choice('one', TWO), 'reference: { question: one, positive: [a], negative: [z] }'],
      /^e\.yaml:11: question one has no option z/,
    ],
  ])('refuses %s, naming file and line', (_, lines, message) => {
    const parse = () => parseEvaluation(lines.join('\n'), 'e.yaml');
    expect(parse).toThrow(EvaluationError);
    expect(parse).toThrow(message);
  });
});

describe('an evaluation with blinded readers', () => {
  const reading = 'reading: { mode: blinded, sources: [model, expert] }';
  const parse = (...lines: string[]) =>
    parseEvaluation([...HEAD, ...choice('one', TWO), ...lines].join('\n'), 'some.evaluation.yaml');

  it('takes what is right', () => {
    expect(parse(reading).reading.sources).toEqual(['model', 'expert']);
    const shared = 'reading: { mode: blinded, sources: [model, expert], readersPerCase: 2, assignment: random }';
    expect(parse(shared).reading).toMatchObject({ readersPerCase: 2, assignment: 'random' });
  });

  it.each([
    ['another mode', ['reading: { mode: model-shown }'], /:11: the mode of a further evaluation is blinded/],
    ['no sources', ['reading: { mode: blinded }'], /:11: sources: names the segmentations that are judged/],
    ['one source', ['reading: { mode: blinded, sources: [model] }'], /:11: reading\.sources: /],
    ['a source twice', ['reading: { mode: blinded, sources: [a, a] }'], /:11: a is named twice/],
    ['an agreement', ['    agree: a', reading], /:11: there is nobody to agree with/],
    [
      'a decision between readers',
      ['reading: { mode: blinded, sources: [a, b], adjudicate: [one] }'],
      /:11: adjudicate/,
    ],
    ['a reference', [reading, 'reference: { question: one, positive: [a], negative: [b] }'], /:12: .* no reference/],
  ])('refuses %s, naming file and line', (_, lines, message) => {
    expect(() => parse(...lines)).toThrow(EvaluationError);
    expect(() => parse(...lines)).toThrow(message);
  });

  it('has arms that differ in whether volumes are shown', () => {
    const arms = (of: string) => `reading: { mode: blinded, sources: [model, expert], arms: [{ name: plain }, ${of}] }`;
    const taken = parse(arms('{ name: measured, showVolumes: true }')).reading.arms;
    expect(taken?.map(({ showVolumes }) => showVolumes)).toEqual([undefined, true]);
    const other = arms('{ name: shown, mode: model-shown }');
    expect(() => parse(other)).toThrow(/:11: arms of blinded reads differ in showVolumes/);
    const notBlinded = 'reading: { mode: model-shown, arms: [{ name: a, showVolumes: true }, { name: b }] }';
    const own = () => parseEvaluation([...HEAD, ...choice('one', TWO), notBlinded].join('\n'), 'evaluation.yaml');
    expect(own).toThrow(/:11: showVolumes belongs to arms of blinded reads/);
  });

  it('has a file of its own', () => {
    const inPlace = (lines: string[]) => () =>
      parseEvaluation([...HEAD, ...choice('one', TWO), ...lines].join('\n'), 'e.yaml');
    expect(inPlace([reading])).toThrow(/e\.yaml:11: blinded reads have a file of their own/);
    expect(inPlace(['reading: { mode: model-shown, showVolumes: true }'])).toThrow(/:11: showVolumes belongs to/);
  });

  it('is found beside its pipeline', () => {
    const found = loadBlindedEvaluations([path.join(HOME, 'pipelines')]);
    expect(found.get('liver-transplant-blinded')?.pipeline).toBe('liver-transplant-segmentation');
  });
});

describe('loadEvaluations', () => {
  it('finds the evaluation of each pipeline of the product', () => {
    expect([...loadEvaluations([path.join(HOME, 'pipelines')]).keys()]).toContain('hip-fracture-detection');
  });

  it('takes a folder that does not exist as empty', () => {
    expect(loadEvaluations(['/nowhere'])).toEqual(new Map());
  });
});
