import { describe, expect, it } from 'vitest';
import { commandFor, splitCommand } from './command.ts';

describe('splitCommand', () => {
  it.each([
    ['node functions/a/main.ts', ['node', 'functions/a/main.ts']],
    ['  python3   -m  "my app" ', ['python3', '-m', 'my app']],
    [`sh -c 'echo "a b" | wc'`, ['sh', '-c', 'echo "a b" | wc']],
    ['a\\ b c"d e"f', ['a b', 'cd ef']],
    ['run "say \\"x\\"" --empty ""', ['run', 'say "x"', '--empty', '']],
    ['tool --rule=a>b', ['tool', '--rule=a>b']],
  ])('splits %s as a shell would', (command, words) => {
    expect(splitCommand(command)).toEqual(words);
  });

  it.each([
    ['', /is empty/],
    ['   ', /is empty/],
    ['node "main.ts', /a quote or backslash is not closed: "main\.ts/],
    ['node main.ts | tee log', /no shell reads it, so \| means nothing/],
    ['node main.ts && rm -r x', /so && means nothing/],
    ['node main.ts 2>log', /so 2>log means nothing/],
    ['echo $(id)', /means nothing/],
  ])('refuses %j with a sentence', (command, message) => {
    expect(() => splitCommand(command)).toThrow(message);
  });
});

describe('commandFor', () => {
  it('puts the name of the function in', () => {
    expect(commandFor('preprocess', 'node functions/{name}/main.ts')).toBe('node functions/preprocess/main.ts');
  });
});
