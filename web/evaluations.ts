import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { issueWords } from '../lib/platform/issue.ts';
import { Evaluation } from '../schemas/evaluation.ts';

/** An evaluation file that cannot be used; the message names file, line and what is wrong. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
}

/**
 * Reads the evaluation beside each pipeline (`<folder>/<pipeline>/evaluation.yaml`); of two for one pipeline the later
 * folder's wins, as with pipelines.
 *
 * @returns by the pipeline's name
 * @throws {EvaluationError}
 */
export function loadEvaluations(folders: readonly string[]): ReadonlyMap<string, Evaluation> {
  const evaluations = new Map<string, Evaluation>();
  for (const folder of folders.filter((candidate) => existsSync(candidate))) {
    for (const entry of readdirSync(folder).sort()) {
      const file = path.join(folder, entry, 'evaluation.yaml');
      if (!existsSync(file)) continue;
      const evaluation = parseEvaluation(readFileSync(file, 'utf8'), file);
      evaluations.set(evaluation.pipeline, evaluation);
    }
  }
  return evaluations;
}

/** Parses one evaluation. @param file named in errors @throws {EvaluationError} */
export function parseEvaluation(text: string, file: string): Evaluation {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const refuse = (offset: number | undefined, what: string): never => {
    const line = offset === undefined ? 1 : lines.linePos(offset).line;
    throw new EvaluationError(`${file}:${line}: ${what}`);
  };
  const syntax = document.errors[0];
  if (syntax !== undefined) return refuse(syntax.pos[0], syntax.message);

  const lineOf = (keys: readonly PropertyKey[]): number | undefined => {
    // What is missing has no place of its own: the nearest thing around it has.
    for (let length = keys.length; length >= 0; length -= 1) {
      const node = document.getIn(keys.slice(0, length), true);
      if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range))
        return node.range[0];
    }
    return undefined;
  };
  const parsed = Evaluation.safeParse(document.toJS());
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue?.path ?? [];
    return refuse(
      lineOf(where),
      `${where.map(String).join('.')}: ${issue === undefined ? 'is not valid' : issueWords(issue)}`,
    );
  }
  const names = parsed.data.questions.map(({ name }) => name);
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (twice >= 0) refuse(lineOf(['questions', twice, 'name']), `two questions are named ${names[twice]}`);
  for (const [index, question] of parsed.data.questions.entries()) {
    const values = question.kind === 'choice' ? question.options.map(({ value }) => value) : [];
    const double = values.findIndex((value, place) => values.indexOf(value) !== place);
    if (double >= 0) {
      refuse(lineOf(['questions', index, 'options', double, 'value']), `two options have the value ${values[double]}`);
    }
  }
  return parsed.data;
}
