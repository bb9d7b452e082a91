import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { issueWords } from '../../lib/platform/issue.ts';
import { Evaluation } from '../../schemas/evaluation.ts';
import { contradictionIn } from './contradictions.ts';

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

/** Files of further evaluations of a pipeline, in which readers judge segmentations without knowing who made them. */
const BLINDED_FILE = /^[a-z0-9-]+\.evaluation\.yaml$/;

/**
 * Reads the evaluations with blinded readers (`<folder>/<pipeline>/<any name>.evaluation.yaml`); of two with one name the later
 * folder's wins.
 *
 * @returns by the evaluation's own name
 * @throws {EvaluationError}
 */
export function loadBlindedEvaluations(folders: readonly string[]): ReadonlyMap<string, Evaluation> {
  const evaluations = new Map<string, Evaluation>();
  const others = new Set([...loadEvaluations(folders).values()].map(({ name }) => name));
  for (const folder of folders.filter((candidate) => existsSync(candidate))) {
    const files = readdirSync(folder)
      .sort()
      .filter((entry) => statSync(path.join(folder, entry)).isDirectory())
      .flatMap((entry) => readdirSync(path.join(folder, entry)).map((name) => ({ name, entry })))
      .filter(({ name }) => BLINDED_FILE.test(name));
    for (const { name, entry } of files) {
      const file = path.join(folder, entry, name);
      const evaluation = parseEvaluation(readFileSync(file, 'utf8'), file);
      if (others.has(evaluation.name)) {
        throw new EvaluationError(
          `${file}:1: another evaluation is named ${evaluation.name}; people get roles by its name`,
        );
      }
      evaluations.set(evaluation.name, evaluation);
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
  const wrong = contradictionIn(parsed.data, { isBlinded: BLINDED_FILE.test(path.basename(file)) });
  if (wrong !== undefined) refuse(lineOf(wrong.at), wrong.what);
  return parsed.data;
}
