import { describe, expect, it } from 'vitest';
import { FaasError, type Invocation } from '../provider/client.ts';
import { callFunction, type Invoker } from './faas.ts';

const CALL = { operator: 'infer', run: 'a'.repeat(64), step: 'detect', attempt: 2, deadline: Date.now() + 60_000 };
const NEVER = new AbortController().signal;

function answering(answer: { status: number; body?: string; fromGateway?: boolean }): Invoker {
  const { status, body = '', fromGateway = false } = answer;
  const invocation: Invocation = { status, headers: {}, body: Buffer.from(body), fromGateway };
  return { invoke: async () => invocation };
}

function failing(code: string): Invoker {
  const cause = Object.assign(new Error('connect'), { code });
  return { invoke: () => Promise.reject(new FaasError(0, 'cannot be reached', { cause })) };
}

describe('callFunction', () => {
  it('names run and step in the body, attempt and deadline in headers', async () => {
    const said: unknown[] = [];
    const faas: Invoker = {
      invoke: async (name, body, { headers }) => {
        said.push(name, JSON.parse(body), headers);
        return { status: 200, headers: {}, body: Buffer.from(''), fromGateway: false };
      },
    };
    expect(await callFunction(faas, CALL, NEVER)).toEqual({ kind: 'answered' });
    expect(said).toEqual([
      'infer',
      { run: CALL.run, step: 'detect' },
      expect.objectContaining({ 'Overread-Attempt': '2', 'Overread-Deadline': String(CALL.deadline) }),
    ]);
  });

  it.each([401, 403, 404, 429, 503])('takes %i for "not yet"', async (status) => {
    const outcome = await callFunction(answering({ status }), CALL, NEVER);
    expect(outcome).toEqual({ kind: 'not-yet', reason: expect.stringContaining(`(${status})`) });
  });

  it('passes on why the gateway cannot place a function, but not what a function says outside of a problem', async () => {
    const body = 'infer needs a node with a GPU; no node has one.';
    expect(await callFunction(answering({ status: 503, body, fromGateway: true }), CALL, NEVER)).toEqual({
      kind: 'not-yet',
      reason: body,
    });
    const own = await callFunction(answering({ status: 503, body: 'DOE^JANE' }), CALL, NEVER);
    expect(own).toMatchObject({ reason: 'the function does not take calls at the moment (503)' });
  });

  it.each(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH'])(
    'takes a gateway that is not there (%s) for "not yet"',
    async (code) => {
      const outcome = await callFunction(failing(code), CALL, NEVER);
      expect(outcome).toEqual({ kind: 'not-yet', reason: `the gateway cannot be reached (${code})` });
    },
  );

  it.each<[string, Invoker, number, boolean, string]>([
    ['a lost connection', failing('ECONNRESET'), 502, true, 'The connection to function infer was lost.'],
    ['a 500 without words', answering({ status: 500 }), 500, true, 'Function infer answered 500.'],
    ['a 408', answering({ status: 408 }), 408, true, 'Function infer answered 408.'],
    ['a 400', answering({ status: 400 }), 400, false, 'Function infer answered 400.'],
    [
      'a problem',
      answering({ status: 422, body: '{"title":"No","status":422,"detail":"Not DICOM."}' }),
      422,
      false,
      'Not DICOM.',
    ],
    [
      'the gateway’s own words',
      answering({ status: 500, body: 'infer broke off the call.', fromGateway: true }),
      500,
      true,
      'infer broke off the call.',
    ],
  ])('takes %s for a failure', async (_, faas, status, retryable, detail) => {
    const outcome = await callFunction(faas, CALL, NEVER);
    expect(outcome).toMatchObject({ kind: 'failed', retryable, problem: { status, detail } });
  });

  it('keeps that the input is out of scope', async () => {
    const body = '{"title":"Out of scope","status":422,"detail":"A chest.","outOfScope":true}';
    expect(await callFunction(answering({ status: 422, body }), CALL, NEVER)).toMatchObject({
      problem: { outOfScope: true },
      retryable: false,
    });
  });

  it('takes a problem over in characters that tables and pages bear, and not without end', async () => {
    const detail = `BodyPartExamined CH\0EST \u202eTSEHC\n${'x'.repeat(5000)}`;
    const outcome = await callFunction(
      answering({ status: 422, body: JSON.stringify({ title: 'No\0', status: 422, detail }) }),
      CALL,
      NEVER,
    );
    expect(outcome).toMatchObject({
      problem: { title: 'No ', detail: expect.stringMatching(/^BodyPartExamined CH EST {2}TSEHC x{1,1000}…$/) },
    });
  });

  it('throws when the connector stops', async () => {
    const stopping = AbortSignal.abort(new Error('The connector stops.'));
    await expect(callFunction(failing('ABORT_ERR'), CALL, stopping)).rejects.toThrow('The connector stops.');
  });
});
