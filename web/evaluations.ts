import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { issueWords } from '../lib/platform/issue.ts';
import { Evaluation, type Question, type Reading } from '../schemas/evaluation.ts';

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
  const wrong =
    contradictionIn(parsed.data) ??
    contradictionInReaders(parsed.data.reading) ??
    contradictionInBlinding(parsed.data, BLINDED_FILE.test(path.basename(file)));
  if (wrong !== undefined) refuse(lineOf(wrong.at), wrong.what);
  return parsed.data;
}

/** What a file says twice, or of something that it does not have. */
interface Contradiction {
  readonly at: readonly PropertyKey[];
  readonly what: string;
}

function contradictionIn({ questions, reading, reference, trend }: Evaluation): Contradiction | undefined {
  const names = questions.map(({ name }) => name);
  for (const [index, question] of questions.entries()) {
    const at = ['questions', index];
    if (names.indexOf(question.name) !== index)
      return { at: [...at, 'name'], what: `two questions are named ${question.name}` };
    const wrong = contradictionInQuestion(question, names.slice(0, index));
    if (wrong !== undefined) return { at: [...at, ...wrong.at], what: wrong.what };
    if (question.per === 'time-point' && trend === undefined) {
      return { at: [...at, 'per'], what: 'there are time points only where there is a trend' };
    }
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

/** What is said of arms, or of how readers are chosen, where there are none or none are chosen. */
function contradictionInReaders({
  mode,
  arms,
  stratify,
  assignment,
  readersPerCase,
}: Reading): Contradiction | undefined {
  if (assignment !== undefined && readersPerCase === 'all') {
    return { at: ['reading', 'assignment'], what: 'nobody is chosen where readersPerCase is all' };
  }
  if (arms === undefined) {
    return stratify && { at: ['reading', 'stratify'], what: 'only arms are stratified, and there are none' };
  }
  const other = arms.findIndex((arm) => (mode === 'blinded' ? arm.mode : arm.showVolumes) !== undefined);
  if (other >= 0) {
    const what =
      mode === 'blinded'
        ? 'arms of blinded reads differ in showVolumes'
        : 'showVolumes belongs to arms of blinded reads';
    return { at: ['reading', 'arms', other], what };
  }
  const names = arms.map(({ name }) => name);
  const double = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (double >= 0) return { at: ['reading', 'arms', double, 'name'], what: `two arms are named ${names[double]}` };
  const by = stratify?.findIndex((one, index) => stratify.indexOf(one) !== index) ?? -1;
  return by < 0 ? undefined : { at: ['reading', 'stratify', by], what: `${stratify?.[by]} is named twice` };
}

/** What only one of the two kinds of evaluation has. @param isBlinded by the name of its file */
function contradictionInBlinding({ reading, reference, trend, questions }: Evaluation, isBlinded: boolean) {
  const wrong = (at: readonly PropertyKey[], what: string): Contradiction => ({ at, what });
  const { mode, sources = [], readAfterDays, showVolumes } = reading;
  if (!isBlinded) {
    if (mode === 'blinded')
      return wrong(['reading', 'mode'], 'blinded reads have a file of their own, <name>.evaluation.yaml');
    const only = Object.entries({ sources: reading.sources, readAfterDays, showVolumes }).find(
      ([, value]) => value !== undefined,
    );
    return only && wrong(['reading', only[0]], `${only[0]} belongs to the mode blinded`);
  }
  if (mode !== 'blinded') return wrong(['reading', 'mode'], 'the mode of a further evaluation is blinded');
  if (sources.length === 0) return wrong(['reading'], 'sources: names the segmentations that are judged, two at least');
  const double = sources.findIndex((source, index) => sources.indexOf(source) !== index);
  if (double >= 0) return wrong(['reading', 'sources', double], `${sources[double]} is named twice`);
  for (const [key, there] of Object.entries({
    qualityReview: reading.qualityReview !== undefined,
    adjudicate: reading.adjudicate.length > 0,
  })) {
    if (there) return wrong(['reading', key], `${key} is not for blinded reads`);
  }
  if (reference !== undefined) return wrong(['reference'], 'blinded reads have no reference standard: readers rate');
  if (trend !== undefined) return wrong(['trend'], 'the trend stands in the evaluation of the pipeline itself');
  return contradictionInBlindedQuestions(questions);
}

function contradictionInBlindedQuestions(questions: readonly Question[]): Contradiction | undefined {
  for (const [index, { per, stages, ...question }] of questions.entries()) {
    const at = (key: string) => ['questions', index, key];
    if (per !== 'exam' && per !== 'structure') {
      return { at: at('per'), what: 'a segmentation is asked about per exam or per structure' };
    }
    if (stages?.some((stage) => stage !== 'blinded')) {
      return { at: at('stages'), what: 'there is one stage, blinded' };
    }
    if ('agree' in question && question.agree !== undefined) {
      return { at: at('agree'), what: 'there is nobody to agree with' };
    }
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
