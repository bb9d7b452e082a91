import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { issueWords } from '../lib/platform/issue.ts';
import { Evaluation, type Question } from '../schemas/evaluation.ts';

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
  const wrong = contradictionIn(parsed.data);
  if (wrong !== undefined) refuse(lineOf(wrong.at), wrong.what);
  return parsed.data;
}

/** What a file says twice, or of something that it does not have. */
interface Contradiction {
  readonly at: readonly PropertyKey[];
  readonly what: string;
}

function contradictionIn({ questions, reading, reference }: Evaluation): Contradiction | undefined {
  const names = questions.map(({ name }) => name);
  for (const [index, question] of questions.entries()) {
    const at = ['questions', index];
    if (names.indexOf(question.name) !== index)
      return { at: [...at, 'name'], what: `two questions are named ${question.name}` };
    const wrong = contradictionInQuestion(question, names.slice(0, index));
    if (wrong !== undefined) return { at: [...at, ...wrong.at], what: wrong.what };
  }
  const named = [
    ...reading.adjudicate.map((name, index) => ({ name, at: ['reading', 'adjudicate', index], values: [] })),
    ...(reading.qualityReview === undefined
      ? []
      : [
          {
            name: reading.qualityReview.question,
            at: ['reading', 'qualityReview'],
            values: reading.qualityReview.passes,
          },
        ]),
    ...(reference === undefined
      ? []
      : [{ name: reference.question, at: ['reference'], values: [...reference.positive, ...reference.negative] }]),
  ];
  for (const { name, at, values } of named) {
    const question = questions.find((candidate) => candidate.name === name);
    if (question === undefined) return { at, what: `there is no question ${name}` };
    const offered = 'options' in question ? question.options.map(({ value }) => value) : [];
    const unknown = values.find((value) => !offered.includes(value));
    if (unknown !== undefined) return { at, what: `question ${name} has no option ${unknown}` };
  }
  const quality = questions.find(({ name }) => name === reading.qualityReview?.question);
  if (quality !== undefined && quality.stages?.includes('quality') !== true) {
    return { at: ['reading', 'qualityReview'], what: `question ${quality.name} is not asked at the stage quality` };
  }
  return undefined;
}

function contradictionInQuestion(question: Question, earlier: readonly string[]): Contradiction | undefined {
  if ('options' in question) {
    const values = question.options.map(({ value }) => value);
    const double = values.findIndex((value, place) => values.indexOf(value) !== place);
    if (double >= 0) return { at: ['options', double, 'value'], what: `two options have the value ${values[double]}` };
    const agree = question.kind === 'choice' ? question.agree : undefined;
    if (agree !== undefined && agree !== 'model' && !values.includes(agree)) {
      return { at: ['agree'], what: `there is no option ${agree}` };
    }
  }
  if (question.when !== undefined && !earlier.includes(question.when.question)) {
    return { at: ['when'], what: `there is no question ${question.when.question} before this one` };
  }
  return undefined;
}
