import { describe, expect, it } from 'vitest';
import { Evaluation } from '../../schemas/evaluation.ts';
import type { HipImage, Result } from '../../schemas/result.ts';
import { hip } from '../testing/results.ts';
import { checkAnswers, checkFields, fieldsOfAnswers, formGroups } from './form.ts';

const UID = '1.2.3';

const evaluation = Evaluation.parse({
  name: 'test',
  version: '1.0.0',
  title: 'Test',
  pipeline: 'hip-fracture-detection',
  questions: [
    {
      name: 'read',
      label: 'Read',
      per: 'hip',
      kind: 'choice',
      required: true,
      options: [
        { value: 'fracture', label: 'Fracture' },
        { value: 'no-fracture', label: 'No fracture' },
      ],
    },
    { name: 'quality', label: 'Quality', per: 'image', kind: 'rating', from: 1, to: 5, fromLabel: '', toLabel: '' },
    { name: 'box', label: 'Box', per: 'box', kind: 'text', maxLength: 10 },
  ],
});

const image: HipImage = {
  sopInstanceUid: UID,
  seriesInstanceUid: '1.2.4',
  rows: 100,
  columns: 100,
  lossy: false,
  scope: 1,
  hips: [hip(), hip({ side: null })],
  notes: [],
  preview: { png: 'p', gray16: 'g', rows: 10, columns: 10 },
};
const published = {
  run: 'a'.repeat(64),
  pipeline: 'hip-fracture-detection',
  pipelineVersion: '1.0.0',
  studyInstanceUid: '1.2.5',
  models: [],
  publishedAt: '2026-01-01T00:00:00.000Z',
};
const result: Result = {
  ...published,
  kind: 'detection',
  objects: {},
  images: [image],
  summary: { rule: '', sides: [], qualityReview: [] },
};

const asked = { evaluation, result, stage: 'aided' } as const;

describe('formGroups', () => {
  it('asks about each structure of a segmentation, and about no hip', () => {
    const structure = { title: 'Vessels', volumeMl: 0, voxels: 0, complete: true };
    const segmentation: Result = {
      ...published,
      kind: 'segmentation',
      seriesInstanceUid: '1.2.6',
      frameOfReferenceUid: null,
      studyDate: null,
      structures: [{ ...structure, name: 'vessels' }],
      objects: {},
      previews: [],
      notes: [],
    };
    const about = { name: 'outline', label: 'Outline', per: 'structure', kind: 'text' };
    const both = Evaluation.parse({ ...evaluation, questions: [...evaluation.questions, about] });
    const groups = formGroups({ ...asked, evaluation: both, result: segmentation }).map(({ title, fields }) => [
      title,
      fields.map(({ name }) => name),
    ]);
    expect(groups).toEqual([['Vessels', ['answer:outline:vessels']]]);
    expect(
      formGroups({ ...asked, evaluation: both })
        .flatMap(({ fields }) => fields)
        .map(({ question }) => question.per),
    ).not.toContain('structure');
  });

  it('asks about both hips even where the model found one side only, then image by image', () => {
    const groups = formGroups(asked).map(({ title, fields }) => [title, fields.map(({ name }) => name)]);
    expect(groups).toEqual([
      ['Right hip', ['answer:read:right']],
      ['Left hip', ['answer:read:left']],
      ['Image 1', ['answer:quality:1.2.3', 'answer:box:1.2.3/1', 'answer:box:1.2.3/2']],
    ]);
  });
});

describe('checkFields', () => {
  it('takes a whole form, numbers as numbers, and leaves out what was not answered', () => {
    const fields = { 'answer:read:right': 'fracture', 'answer:read:left': 'no-fracture', 'answer:quality:1.2.3': '4' };
    const { answers, errors } = checkFields(asked, fields);
    expect(errors).toEqual(new Map());
    expect(answers).toEqual([
      { question: 'read', subject: 'right', value: 'fracture' },
      { question: 'read', subject: 'left', value: 'no-fracture' },
      { question: 'quality', subject: '1.2.3', value: 4 },
    ]);
    expect(fieldsOfAnswers(answers)).toEqual(fields);
  });

  it.each([
    ['a missing answer', {}, 'answer:read:left', 'Please answer this.'],
    ['an answer that is not offered', { 'answer:read:right': 'maybe' }, 'answer:read:right', /none of the answers/],
    ['a rating beyond the scale', { 'answer:quality:1.2.3': '6' }, 'answer:quality:1.2.3', /from 1 to 5/],
    ['a rating that is no number', { 'answer:quality:1.2.3': '4.5' }, 'answer:quality:1.2.3', /whole number/],
    ['a text that is too long', { 'answer:box:1.2.3/1': 'far too long a text' }, 'answer:box:1.2.3/1', /at most 10/],
  ])('says at the field what is wrong with %s', (_, fields, field, message) => {
    expect(checkFields(asked, fields).errors.get(field)).toMatch(message);
  });
});

describe('checkAnswers', () => {
  const both = [
    { question: 'read', subject: 'right', value: 'fracture' },
    { question: 'read', subject: 'left', value: 'fracture' },
  ];

  it.each([
    [
      'about something that is not there',
      [...both, { question: 'quality', subject: '9.9', value: 3 }],
      'quality 9.9',
      /not asked/,
    ],
    ['given twice', [...both, { question: 'read', subject: 'left', value: 'fracture' }], 'read left', /twice/],
    ['left out though required', both.slice(0, 1), 'read left', /must be answered/],
    ['of another type', [...both, { question: 'quality', subject: UID, value: '3' }], `quality ${UID}`, /whole number/],
  ])('refuses an answer %s', (_, answers, label, message) => {
    expect(checkAnswers(asked, answers).errors.get(label)).toMatch(message);
  });
});

describe('questions about time points', () => {
  const overTime = Evaluation.parse({
    ...evaluation,
    pipeline: 'liver-transplant-segmentation',
    questions: [
      {
        ...{ name: 'change', label: 'Change', per: 'time-point', kind: 'choice', required: true },
        options: [
          { value: 'same', label: 'Same' },
          { value: 'larger', label: 'Larger' },
        ],
      },
    ],
  });
  const timePoints = [
    { studyInstanceUid: '1.2.1', date: '20250301' },
    { studyInstanceUid: '1.2.2', date: null },
  ];
  const over = {
    ...asked,
    evaluation: overTime,
    result: { kind: 'segmentation', structures: [] },
    timePoints,
  } as const;

  it('are asked once for each exam on the trend, with the model in view', () => {
    expect(formGroups(over).map(({ title }) => title)).toEqual([
      'Exam of 2025-03-01',
      'An exam that is no longer on the trend',
    ]);
    expect(formGroups({ ...over, stage: 'unaided' })).toEqual([]);
    expect(formGroups({ ...over, timePoints: [] })).toEqual([]);
  });

  it('must be answered for each, and for no other exam', () => {
    const answers = [
      { question: 'change', subject: '1.2.1', value: 'same' },
      { question: 'change', subject: '9.9', value: 'same' },
    ];
    expect([...checkAnswers(over, answers).errors]).toEqual([
      ['change 9.9', 'this is not asked'],
      ['change 1.2.2', 'this must be answered'],
    ]);
  });
});
