import { describe, expect, it } from 'vitest';
import type { RunStep } from '../../schemas/run.ts';
import { advance, stepStatuses } from './advance.ts';
import { aFailure, anEnd, aState, type StateSketch } from './state.fixture.ts';

const FAN: Partial<RunStep>[] = [
  { name: 'parse' },
  { name: 'left', needs: ['parse'] },
  { name: 'right', needs: ['parse'] },
  { name: 'publish', needs: ['left', 'right'] },
];

/** `step#attempt` of what is due. */
const dueOf = (sketch: StateSketch) =>
  advance(aState(sketch)).due.map(({ step, attempt }) => `${step.name}#${attempt}`);

describe('advance', () => {
  it.each<[string, StateSketch, string[]]>([
    ['a new run begins with the steps that need nothing', { steps: FAN }, ['parse#1']],
    [
      'a step that ended lets all go on that need it alone',
      { steps: FAN, manifests: { parse: {} } },
      ['left#1', 'right#1'],
    ],
    ['one of two needs is not enough', { steps: FAN, manifests: { parse: {}, left: {} } }, ['right#1']],
    [
      'the last need lets the last step go on',
      { steps: FAN, manifests: { parse: {}, left: {}, right: {} } },
      ['publish#1'],
    ],
    ['a call that never ended is made again as the same attempt', { steps: FAN, started: { parse: [1] } }, ['parse#1']],
    [
      'a failure makes the next attempt due',
      { steps: FAN, started: { parse: [1] }, failed: { parse: [aFailure({ attempt: 1 })] } },
      ['parse#2'],
    ],
    [
      'attempts are numbered on after a lost number',
      { steps: FAN, failed: { parse: [aFailure({ attempt: 3 })] } },
      ['parse#4'],
    ],
    ['nothing is due in a run that ended', { steps: FAN, end: anEnd() }, []],
  ])('%s', (_, sketch, due) => {
    expect(dueOf(sketch)).toEqual(due);
    expect(advance(aState(sketch)).end).toBeUndefined();
  });

  it('waits longer after each failure, from half a second to a minute', () => {
    const failedAt = '2026-01-01T00:00:00.000Z';
    const pauses = [1, 2, 3, 12].map((failures) => {
      const failed = Array.from({ length: failures }, (_, index) => aFailure({ attempt: index + 1, failedAt }));
      const [due] = advance(aState({ steps: [{ name: 'parse', attempts: 20 }], failed: { parse: failed } })).due;
      return (due?.notBefore ?? 0) - Date.parse(failedAt);
    });
    expect(pauses).toEqual([500, 1_000, 2_000, 60_000]);
    expect(advance(aState({ steps: FAN })).due[0]?.notBefore).toBe(0);
  });

  describe('ends a run', () => {
    it('as succeeded when every step has', () => {
      const { due, end } = advance(aState({ steps: FAN, manifests: { parse: {}, left: {}, right: {}, publish: {} } }));
      expect(due).toEqual([]);
      expect(end).toEqual({ status: 'succeeded', reason: null, step: null, retries: 0 });
    });

    it('as failed when the attempts of a step are used up, whatever the others do', () => {
      const failed = [aFailure({ attempt: 1 }), aFailure({ attempt: 2, detail: 'Out of memory.' })];
      const steps = FAN.map((step) => ({ ...step, attempts: 2 }));
      const { due, end } = advance(aState({ steps, manifests: { parse: {} }, failed: { left: failed } }));
      expect(due).toEqual([]);
      expect(end).toEqual({ status: 'failed', reason: 'Out of memory.', step: 'left', retries: 0 });
    });

    it('as failed at once when trying again cannot help', () => {
      const failed = [aFailure({ attempt: 1, retryable: false, detail: 'Not DICOM.' })];
      expect(advance(aState({ steps: FAN, failed: { parse: failed } })).end).toMatchObject({
        status: 'failed',
        reason: 'Not DICOM.',
      });
    });

    it('as out of scope when the step says so', () => {
      const failed = [aFailure({ attempt: 1, retryable: false, outOfScope: true, detail: 'A chest.' })];
      expect(advance(aState({ steps: FAN, failed: { parse: failed } })).end).toMatchObject({
        status: 'out-of-scope',
        reason: 'A chest.',
      });
    });

    it('by a manifest that came after the last failure', () => {
      const failed = [aFailure({ attempt: 1 })];
      const steps = [{ name: 'parse', attempts: 1 }];
      expect(advance(aState({ steps, manifests: { parse: {} }, failed: { parse: failed } })).end?.status).toBe(
        'succeeded',
      );
    });
  });

  describe('after a retry by hand', () => {
    const failed = [1, 2].map((attempt) => aFailure({ attempt, failedAt: `2026-01-01T00:00:0${attempt}.000Z` }));
    const steps = [{ name: 'parse', attempts: 2 }];
    const setAside = anEnd({ endedAt: '2026-01-01T00:00:03.000Z' });

    it('gives all attempts again, at once', () => {
      const retries = [{ number: 1, by: 'a', at: '2026-01-01T00:01:00.000Z', setAside }];
      const { due, end } = advance(aState({ steps, failed: { parse: failed }, retries }));
      expect(due).toMatchObject([{ attempt: 3, notBefore: 0 }]);
      expect(end).toBeUndefined();
    });

    it('does so too when the clock of whoever asked is behind', () => {
      const retries = [{ number: 1, by: 'a', at: '2025-12-31T23:59:00.000Z', setAside }];
      expect(advance(aState({ steps, failed: { parse: failed }, retries })).due).toMatchObject([{ attempt: 3 }]);
    });

    it('counts what fails from then on, and ends with the number of retries', () => {
      const retries = [{ number: 1, by: 'a', at: '2026-01-01T00:01:00.000Z', setAside }];
      const later = [3, 4].map((attempt) => aFailure({ attempt, failedAt: `2026-01-01T00:02:0${attempt}.000Z` }));
      const state = aState({ steps, failed: { parse: [...failed, ...later] }, retries });
      expect(advance(state).end).toMatchObject({ status: 'failed', retries: 1 });
    });
  });
});

describe('stepStatuses', () => {
  const CHOICE: Partial<RunStep>[] = [
    { name: 'select' },
    { name: 'infer', needs: ['select'], when: [{ step: 'select', data: 'images', atLeast: 1 }] },
    { name: 'publish', needs: ['infer'] },
  ];

  it.each<[string, StateSketch, string[]]>([
    ['due, then waiting', { steps: FAN }, ['due', 'waiting', 'waiting', 'waiting']],
    ['running', { steps: FAN, started: { parse: [1] } }, ['running', 'waiting', 'waiting', 'waiting']],
    [
      'due between two attempts',
      { steps: FAN, started: { parse: [1] }, failed: { parse: [aFailure({ attempt: 1 })] } },
      ['due', 'waiting', 'waiting', 'waiting'],
    ],
    [
      'a condition that holds',
      { steps: CHOICE, manifests: { select: { images: 2 } } },
      ['succeeded', 'due', 'waiting'],
    ],
    [
      'a condition below its least',
      { steps: CHOICE, manifests: { select: { images: 0 } } },
      ['succeeded', 'skipped', 'skipped'],
    ],
    [
      'a condition on what is not there',
      { steps: CHOICE, manifests: { select: {} } },
      ['succeeded', 'skipped', 'skipped'],
    ],
    [
      'a condition on what is no number',
      { steps: CHOICE, manifests: { select: { images: '2' } } },
      ['succeeded', 'skipped', 'skipped'],
    ],
  ])('says %s', (_, sketch, statuses) => {
    expect([...stepStatuses(aState(sketch)).values()]).toEqual(statuses);
  });
});
