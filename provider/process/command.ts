import { ProblemError } from '../../lib/platform/problem.ts';

const WORD = /\s*((?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+)\s*/y;
const PART = /"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)|([^"'\\]+)/g;

/** Signs that do something in a shell. There is none here, so a command with one would not do what its author thinks. */
const SHELL_SIGNS = /^(?:[|&;<>]+|\d?>.*|<.*|.*\$\(.*|.*`.*)$/;

/**
 * The command with the function's name in place of `{name}`. faas-cli sends the `fprocess` of the template and not that
 * of stack.yml, so the one of the template must do for every function.
 */
export function commandFor(name: string, command: string): string {
  return command.replaceAll('{name}', name);
}

/**
 * Splits a command as a shell would, without one: blanks, double quotes with backslash, single quotes.
 *
 * @throws {ProblemError} 400, if there is no command, a quote is not closed, or it needs a shell
 */
export function splitCommand(command: string): [string, ...string[]] {
  const words: string[] = [];
  WORD.lastIndex = 0;
  while (WORD.lastIndex < command.length) {
    const from = WORD.lastIndex;
    const word = WORD.exec(command)?.[1];
    if (word === undefined) {
      if (command.slice(from).trim() === '') break;
      throw refusal(`a quote or backslash is not closed: ${command.slice(from).trim()}`);
    }
    if (SHELL_SIGNS.test(word)) throw refusal(`no shell reads it, so ${word} means nothing; put it in a script`);
    words.push(word.replace(PART, unquoted));
  }
  const [program, ...parameters] = words;
  if (program === undefined || program === '') throw refusal('it is empty; give fprocess, "node functions/x/main.ts"');
  return [program, ...parameters];
}

function unquoted(_: string, double?: string, single?: string, escaped?: string, plain?: string): string {
  return double?.replace(/\\(["\\$`])/g, '$1') ?? single ?? escaped ?? plain ?? '';
}

function refusal(why: string): ProblemError {
  return new ProblemError(400, 'Command refused', `The function's command (envProcess) cannot be run: ${why}.`);
}
