import { expect, it } from 'vitest';
import { readConfiguration } from '../../lib/platform/configuration.ts';
import { described, moveExam, undoStatement } from './patient.ts';

it('says what a change does, by exams alone', () => {
  const preview = {
    digest: 'd',
    before: [['1.1'], ['1.2']],
    after: [['1.1', '1.2']],
    trends: ['brain'],
    baselines: [{ pipeline: 'brain', studyInstanceUid: '1.2', author: 'ada', confirmedAt: '2026-01-01T00:00:00.000Z' }],
    runs: [{ pipeline: 'brain', studyInstanceUid: '1.1' }],
    deliveries: 2,
  };
  expect(described(preview).split('\n')).toEqual([
    'Now:',
    '  one patient: 1.1',
    '  one patient: 1.2',
    'Then:',
    '  one patient: 1.1, 1.2',
    'Trends made anew: brain',
    'To be confirmed again: the baseline 1.2 of brain, confirmed by ada',
    'Asked for: brain on 1.1',
    'Objects that wait for a receiver and will never be sent: 2',
  ]);
});

it('says what an exam or a statement is known by, where something else was typed', async () => {
  const configuration = readConfiguration({});
  await expect(moveExam(configuration, 'PELVIS', { new: true, yes: false })).rejects.toThrow(
    '<exam> wants a StudyInstanceUID; the exam’s page has it.',
  );
  await expect(moveExam(configuration, '1.2.3', { toExam: '12-B', new: false, yes: false })).rejects.toThrow(
    '--to-exam wants a StudyInstanceUID; the exam’s page has it.',
  );
  await expect(undoStatement(configuration, 'c7ae70', { yes: false })).rejects.toThrow(
    '<id> wants the whole id of a statement; `overread patient list` has it.',
  );
});
