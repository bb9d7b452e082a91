import { describe, expect, it } from 'vitest';
import { aFailure, anEnd, aState } from './state.fixture.ts';
import { viewRun } from './view.ts';

const STEPS = [{ name: 'parse' }, { name: 'infer', needs: ['parse'] }];

describe('viewRun', () => {
  it.each([
    ['queued', {}],
    ['running', { started: { parse: [1] } }],
    ['running', { manifests: { parse: {} } }],
    ['failed', { end: anEnd() }],
    ['out-of-scope', { end: anEnd({ status: 'out-of-scope' }) }],
  ])('shows a run as %s', (status, sketch) => {
    expect(viewRun(aState({ steps: STEPS, ...sketch })).status).toBe(status);
  });

  it.each([
    ['null while nothing failed', {}, null],
    ['true where a failure may pass', { parse: [aFailure({ retryable: true })] }, true],
    ['false where it never can', { parse: [aFailure({}), aFailure({ attempt: 2, retryable: false })] }, false],
  ])('says whether a step may be tried again: %s', (_, failed, retryable) => {
    expect(viewRun(aState({ steps: STEPS, failed })).steps[0]?.retryable).toBe(retryable);
  });

  it('shows each step with its attempts and the last error, until it succeeds', () => {
    const failed = { parse: [aFailure({ attempt: 1, detail: 'Out of memory.' })] };
    const started = { parse: [1, 2] };
    const [parse, infer] = viewRun(aState({ steps: STEPS, failed, started })).steps;
    expect(parse).toMatchObject({ name: 'parse', status: 'running', attempts: 2, error: 'Out of memory.' });
    expect(infer).toMatchObject({ status: 'waiting', attempts: 0, startedAt: null, error: null });
    const [done] = viewRun(aState({ steps: STEPS, failed, started, manifests: { parse: {} } })).steps;
    expect(done).toMatchObject({
      status: 'succeeded',
      error: null,
      retryable: null,
      device: { kind: 'cpu' },
      timings: { computeMs: 2 },
    });
  });
});
