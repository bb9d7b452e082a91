import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { firstIssue } from './issue.ts';

const schema = z.strictObject({
  port: z.int().min(1).max(65535),
  mode: z.enum(['test', 'production']),
  name: z.string().min(2).optional(),
  at: z.url().optional(),
  list: z.array(z.string()).min(1).optional(),
  code: z.string().regex(/^a/, 'begins with a').optional(),
  form: z.string().regex(/^a/).optional(),
  over: z.number().positive().optional(),
  byName: z.record(z.string().regex(/^a/, 'a name begins with a'), z.string()).optional(),
});
const right = { port: 1, mode: 'test' };

describe('what a schema found wrong', () => {
  it.each([
    [{ mode: 'test' }, 'port: is missing'],
    [{ ...right, port: '1' }, 'port: must be a number'],
    [{ ...right, port: 1.5 }, 'port: must be a whole number'],
    [{ ...right, port: 0 }, 'port: must be at least 1'],
    [{ ...right, port: 70_000 }, 'port: must be at most 65535'],
    [{ ...right, mode: 'live' }, 'mode: must be `test` or `production`'],
    [{ ...right, name: 'x' }, 'name: must be at least 2 characters long'],
    [{ ...right, at: 'here' }, 'at: is no web address'],
    [{ ...right, list: [] }, 'list: must be at least 1 entries long'],
    [{ ...right, list: 'x' }, 'list: must be a list'],
    [{ ...right, list: [1] }, 'list.0: must be a text'],
    [{ ...right, code: 'b' }, 'code: begins with a'],
    [{ ...right, form: 'b' }, 'form: is no text of the form that is wanted'],
    [{ ...right, over: 0 }, 'over: must be more than 0'],
    [{ ...right, byName: { b: '' } }, 'byName.b: a name begins with a'],
    [{ ...right, prot: 1 }, '`prot` is not known here'],
    ['text', 'must be a group of settings'],
  ])('is said for people: %j', (value, words) => {
    const { error } = schema.safeParse(value);
    expect(error && firstIssue(error)).toBe(words);
  });
});
