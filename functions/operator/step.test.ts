import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ProblemError } from '../../lib/platform/problem.ts';
import { Manifest } from '../../schemas/manifest.ts';
import { defineOperator, type StepContext } from './define.ts';
import { doStep, storeRun, temporaryStore } from './world.fixture.ts';

let calls = 0;
/** Joins its files; counts how often it worked. */
const join = defineOperator({
  name: 'join',
  version: '1.0.0',
  description: 'Joins files.',
  parameters: z.object({ between: z.string().default('-').describe('Text between two files.') }),
  inputs: { parts: 'Files.' },
  outputs: { whole: 'The files joined.' },
  async run({ parameters, input, output }) {
    calls++;
    const texts = await Promise.all(input('parts').map(async (file) => (await file.read()).toString('utf8')));
    await output('whole', 'whole.txt', Buffer.from(texts.join(parameters.between)), 'text/plain');
    return { parts: texts.length };
  },
});

const first = { name: 'join', operator: 'join', inputs: { parts: 'run.instances' } };
const second = { name: 'again', operator: 'join', inputs: { parts: 'join.whole' }, parameters: { between: '+' } };
const files = [Buffer.from('a'), Buffer.from('b')];

describe('runStep', () => {
  it('stores outputs under the attempt, then the manifest that names them', async () => {
    const store = await temporaryStore();
    const run = await storeRun(store, { steps: [first], files });
    const manifest = await doStep(store, join, run, { attempt: 3 });
    expect(manifest.data).toEqual({ parts: 2 });
    expect(manifest.device.threads).toBe(1);
    const [whole] = manifest.outputs.whole ?? [];
    expect(whole?.key).toBe(`${run}/steps/join/3/whole.txt`);
    expect((await store.get('runs', whole?.key ?? '')).toString()).toBe('a-b');
    const stored = await store.get('runs', `${run}/steps/join/manifest.json`);
    expect(Manifest.parse(JSON.parse(stored.toString()))).toEqual(manifest);
  });

  it('hands the outputs of one step to the next', async () => {
    const store = await temporaryStore();
    const run = await storeRun(store, { steps: [first, second], files });
    await doStep(store, join, run);
    const manifest = await doStep(store, join, run, { step: 'again' });
    expect(manifest.data).toEqual({ parts: 1 });
  });

  it('answers with the manifest that is there for the same inputs, without working again', async () => {
    const store = await temporaryStore();
    const run = await storeRun(store, { steps: [first], files });
    const once = await doStep(store, join, run);
    const before = calls;
    expect(await doStep(store, join, run)).toEqual(once);
    expect(calls).toBe(before);
  });

  it('writes its manifest over an object that is none', async () => {
    const store = await temporaryStore();
    const run = await storeRun(store, { steps: [first], files });
    const key = `${run}/steps/join/manifest.json`;
    await store.put('runs', key, Buffer.from('{"run":'));
    const manifest = await doStep(store, join, run);
    expect(JSON.parse((await store.get('runs', key)).toString())).toEqual(manifest);
  });

  it('works again for another version of the operator, in the next free attempt', async () => {
    const store = await temporaryStore();
    const run = await storeRun(store, { steps: [first], files });
    const once = await doStep(store, join, run);
    const again = await doStep(store, { ...join, version: '1.0.1' }, run);
    expect([once.attempt, again.attempt]).toEqual([1, 2]);
    expect(again.inputDigest).not.toBe(once.inputDigest);
  });

  it('ends with one manifest when two workers do the step at once', async () => {
    const store = await temporaryStore();
    const run = await storeRun(store, { steps: [first], files });
    const [a, b] = await Promise.all([
      doStep(store, join, run, { attempt: 1 }),
      doStep(store, join, run, { attempt: 1 }),
    ]);
    expect(a.outputs).toEqual(b.outputs);
    const stored = Manifest.parse(JSON.parse((await store.get('runs', `${run}/steps/join/manifest.json`)).toString()));
    expect(stored.outputs).toEqual(a.outputs);
  });

  it('writes nothing once its signal has aborted', async () => {
    const store = await temporaryStore();
    const run = await storeRun(store, { steps: [first], files });
    const deadline = new AbortController();
    const late = {
      ...join,
      run: async (context: StepContext) => {
        deadline.abort(new Error('too late'));
        await context.output('whole', 'whole.txt', Buffer.from('x'));
        return {};
      },
    };
    await expect(doStep(store, late, run, { signal: deadline.signal })).rejects.toThrow('too late');
    expect(await store.stat('runs', `${run}/steps/join/manifest.json`)).toBeUndefined();
    expect(await store.stat('runs', `${run}/steps/join/1/whole.txt`)).toBeUndefined();
  });

  it.each([
    ['a step that the run does not have', { step: 'other' }, [first], 422, /has no step other/],
    ['a step of another operator', {}, [{ ...first, operator: 'split' }], 422, /is work for split; this is join/],
    [
      'a parameter of the wrong type',
      {},
      [{ ...first, parameters: { between: 1 } }],
      422,
      /Step join: parameters\.between/,
    ],
    ['a parameter that does not exist', {}, [{ ...first, parameters: { beetwen: '' } }], 422, /beetwen/],
    ['an input that the plan does not give', {}, [{ ...first, inputs: {} }], 422, /no input `parts`/],
    ['an input that a run does not have', {}, [{ ...first, inputs: { parts: 'run.images' } }], 422, /run\.instances/],
    ['an earlier step that has not ended', { step: 'again' }, [first, second], 503, /needs join, which has not ended/],
  ])('refuses %s', async (_, options, steps, status, message) => {
    const store = await temporaryStore();
    const run = await storeRun(store, { steps, files });
    const refused = await doStep(store, join, run, options).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ProblemError);
    expect(refused).toMatchObject({ message: expect.stringMatching(message), problem: { status } });
  });

  it('refuses a run that does not exist', async () => {
    const store = await temporaryStore();
    await expect(doStep(store, join, 'a'.repeat(64))).rejects.toThrow(/There is no run a{64}\./);
  });

  it('refuses an input whose bytes are not those that the run names', async () => {
    const store = await temporaryStore();
    const run = await storeRun(store, { steps: [first], files });
    await store.put('dicom', 'studies/2.25.100/0.dcm', Buffer.from('c'));
    await expect(doStep(store, join, run)).rejects.toThrow(/does not have its SHA-256 any more/);
  });
});
