import { describe, expect, it } from 'vitest';
import { Evaluation } from '../../schemas/evaluation.ts';
import { armAt, evaluationIn, inArm, lotKey, stratumOf } from './arms.ts';

const evaluation = Evaluation.parse({
  name: 'hips',
  version: '1.0.0',
  title: 'Hips',
  pipeline: 'hips',
  questions: [{ name: 'remarks', label: 'Remarks', per: 'exam', kind: 'text' }],
  reading: {
    mode: 'unaided-first',
    stratify: ['sex', 'scanner'],
    arms: [{ name: 'first' }, { name: 'shown', mode: 'model-shown', share: 2 }],
  },
});
const { arms = [] } = evaluation.reading;
const key = lotKey(Buffer.from('secret of a site'));
const sequence = (length: number, from: { key?: Buffer; stratum?: string } = {}) =>
  Array.from({ length }, (_, place) =>
    armAt(arms, from.key ?? key, { evaluation: 'hips', stratum: from.stratum ?? 'sex=F', place }),
  );

describe('armAt', () => {
  it('keeps to the shares of the arms in every block', () => {
    const drawn = sequence(600);
    for (let from = 0; from < drawn.length; from += 6) {
      expect(drawn.slice(from, from + 6).filter((arm) => arm === 'shown')).toHaveLength(4);
    }
  });

  it('draws the order of each block anew', () => {
    const drawn = sequence(600);
    const blocks = new Set(Array.from({ length: 100 }, (_, block) => drawn.slice(block * 6, block * 6 + 6).join()));
    expect(blocks.size, 'all 15 orders of 2 among 4 occur').toBe(15);
  });

  it('gives the same again from the same secret, and another sequence to each stratum and site', () => {
    expect(sequence(60)).toEqual(sequence(60));
    expect(sequence(60)).not.toEqual(sequence(60, { stratum: 'sex=M' }));
    expect(sequence(60)).not.toEqual(sequence(60, { key: lotKey(Buffer.from('another site')) }));
  });
});

describe('stratumOf', () => {
  it('names what exams are alike in', () => {
    const dates = { firstReceivedAt: new Date(), lastReceivedAt: new Date() };
    const facts = { patient: 'p', sex: 'F', ageBand: '70-79', scanner: null, ...dates };
    expect(stratumOf(evaluation.reading, facts)).toBe('sex=F; scanner=?');
    expect(stratumOf(evaluation.reading, undefined)).toBe('sex=?; scanner=?');
  });
});

describe('evaluationIn', () => {
  it('has the mode of the arm, or of the evaluation where the arm names none', () => {
    expect(evaluationIn(evaluation, 'shown').reading.mode).toBe('model-shown');
    expect(evaluationIn(evaluation, 'first').reading.mode).toBe('unaided-first');
  });

  it('shows nothing of an exam that has no arm', () => {
    expect(evaluationIn(evaluation, undefined).reading.mode).toBe('never-revealed');
    expect(evaluationIn(evaluation, 'removed').reading.mode).toBe('never-revealed');
  });

  it('leaves an evaluation without arms as it is', () => {
    const plain = inArm(
      { ...evaluation, reading: { ...evaluation.reading, arms: undefined } },
      { name: 'x', share: 1 },
    );
    expect(evaluationIn(plain, undefined)).toBe(plain);
  });
});
