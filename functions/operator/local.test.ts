import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { outOfScope } from '../../lib/platform/problem.ts';
import { defineOperator } from './define.ts';
import { helpText, runLocally } from './local.ts';

const shout = defineOperator({
  name: 'shout',
  version: '1.2.3',
  description: 'Writes in capitals.',
  parameters: z.object({
    mark: z.string().default('!').describe('What follows.'),
    times: z.int().min(1).default(1).describe('How often.'),
  }),
  inputs: { text: 'A text.' },
  outputs: { text: 'The text in capitals.' },
  async run({ parameters: { mark, times }, inputFile, output }) {
    const text = (await inputFile('text').read()).toString('utf8');
    if (text === '') throw outOfScope('There is nothing to shout.');
    await output('text', 'text.txt', Buffer.from(text.toUpperCase() + mark.repeat(times)));
    return { characters: text.length };
  },
});

let folder = '';
const printed: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'overread-local-'));
  await writeFile(path.join(folder, 'in.txt'), 'hello');
  await writeFile(path.join(folder, 'empty.txt'), '');
  for (const way of ['log', 'error'] as const)
    vi.spyOn(console, way).mockImplementation((line) => void printed.push(line));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
  vi.restoreAllMocks();
  printed.length = 0;
});

describe('runLocally', () => {
  const run = (...args: string[]) => runLocally(shout, ['--local', '--out', path.join(folder, 'out'), ...args]);
  const text = () => `text=${path.join(folder, 'in.txt')}`;

  it('runs on files and prints what the operator tells', async () => {
    expect(await run('--input', text(), '--parameter', 'mark=?', '--parameter', 'times=2')).toBe(0);
    expect(await readFile(path.join(folder, 'out/text.txt'), 'utf8')).toBe('HELLO??');
    expect(printed.join()).toContain('"characters": 5');
  });

  it('takes parameters from a YAML file, and single ones over them', async () => {
    const file = path.join(folder, 'parameters.yaml');
    await writeFile(file, 'mark: "#"\ntimes: 3\n');
    expect(await run('--input', text(), '--parameters', file, '--parameter', 'times=1')).toBe(0);
    expect(await readFile(path.join(folder, 'out/text.txt'), 'utf8')).toBe('HELLO#');
  });

  it('ends with 1 and the operator’s sentence where the input is refused', async () => {
    expect(await run('--input', `text=${path.join(folder, 'empty.txt')}`)).toBe(1);
    expect(printed.join()).toContain('Out of scope: There is nothing to shout.');
  });

  it.each([
    ['an input that it does not have', ['--input', 'voice=x'], /no input `voice`: text/],
    ['an option that does not exist', ['--loud'], /--loud/],
    ['a parameter out of range', ['--input', 'TEXT', '--parameter', 'times=0'], /times/],
    ['a parameter without a value', ['--input', 'TEXT', '--parameter', 'times'], /give --parameter NAME=VALUE/],
  ])('ends with 2 for %s', async (_, args, message) => {
    expect(await run(...args.map((arg) => (arg === 'TEXT' ? text() : arg)))).toBe(2);
    expect(printed.join()).toMatch(message);
  });

  it('lists what it takes, from the declaration', async () => {
    expect(await runLocally(shout, ['--help'])).toBe(0);
    const help = helpText(shout);
    expect(printed).toEqual([help]);
    for (const part of ['shout 1.2.3: Writes in capitals.', 'What follows. ["!"]', 'How often. [1]', 'A text.']) {
      expect(help).toContain(part);
    }
  });
});
