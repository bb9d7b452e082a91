import type { Evaluation, Question, Reading } from '../../schemas/evaluation.ts';

/** What a file says twice, or of something that it does not have. */
export interface Contradiction {
  /** The key that is wrong, by the keys that lead to it. */
  readonly at: readonly PropertyKey[];
  readonly what: string;
}

/** The first thing in an evaluation that its shape allows and its other parts do not. @param isBlinded by the name of its file */
export function contradictionIn(
  evaluation: Evaluation,
  { isBlinded }: { readonly isBlinded: boolean },
): Contradiction | undefined {
  return (
    contradictionInQuestions(evaluation) ??
    contradictionInNames(evaluation) ??
    contradictionInReaders(evaluation.reading) ??
    contradictionInBlinding(evaluation, isBlinded)
  );
}

function contradictionInQuestions({ questions, trend }: Evaluation): Contradiction | undefined {
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
  return undefined;
}

/** Whether reading and reference standard speak of questions and options that there are. */
function contradictionInNames({ questions, reading, reference }: Evaluation): Contradiction | undefined {
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
