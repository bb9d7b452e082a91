import { describe, expect, it } from 'vitest';
import { FunctionLogs, type LogQuery } from './logs.ts';

async function texts(logs: FunctionLogs, query: LogQuery): Promise<string[]> {
  const lines = (await new Response(logs.read('f', query)).text()).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line).text);
}

describe('FunctionLogs', () => {
  it('gives the lines of one function, oldest first', async () => {
    const logs = new FunctionLogs();
    logs.add('f', 'f-0-1', 'one');
    logs.add('other', 'other-0-1', 'not mine');
    logs.add('f', 'f-1-1', 'two');
    expect(await texts(logs, {})).toEqual(['one', 'two']);
    expect(await texts(logs, { tail: 1 })).toEqual(['two']);
    expect(await texts(logs, { tail: 0 })).toEqual([]);
    expect(await texts(logs, { instance: 'f-0-1' })).toEqual(['one']);
    expect(await texts(logs, { since: new Date(Date.now() + 1_000) })).toEqual([]);
  });

  it('goes on with new lines for a follower until it leaves', async () => {
    const logs = new FunctionLogs();
    logs.add('f', 'f-0-1', 'before');
    const reader = logs.read('f', { follow: true }).getReader();
    const next = async () => JSON.parse(Buffer.from((await reader.read()).value ?? []).toString()).text;
    expect(await next()).toBe('before');
    logs.add('f', 'f-0-1', 'after');
    expect(await next()).toBe('after');
    await reader.cancel();
    logs.add('f', 'f-0-1', 'unheard');
  });

  it('keeps a limited number of lines', async () => {
    const logs = new FunctionLogs();
    for (let line = 0; line < 2_500; line += 1) logs.add('f', 'f-0-1', String(line));
    const kept = await texts(logs, {});
    expect(kept).toHaveLength(2_000);
    expect(kept.at(-1)).toBe('2499');
  });

  it('lets a follower go that does not read', async () => {
    const logs = new FunctionLogs();
    const stream = logs.read('f', { follow: true });
    for (let line = 0; line < 12_000; line += 1) logs.add('f', 'f-0-1', String(line));
    const lines = (await new Response(stream).text()).trim().split('\n');
    expect(lines.length).toBeLessThan(10_100);
  });
});
