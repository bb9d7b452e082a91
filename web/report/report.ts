import { listApprovals } from '../../lib/archive/approvals.ts';
import { blandAltmanByPatient, type Pair } from '../../lib/statistics/bland-altman.ts';
import { type AnswerPair, confusionMatrix } from '../../lib/statistics/confusion.ts';
import { spreadOf } from '../../lib/statistics/quantiles.ts';
import type { Evaluation, Stage } from '../../schemas/evaluation.ts';
import type {
  AccuracyView,
  ArmReport,
  EvaluationReport,
  QuestionAgreement,
  ReferenceView,
  VolumeAgreement,
} from '../../schemas/report.ts';
import type { Parts } from '../parts.ts';
import { reportedOn, withArms } from './arms.ts';
import { NOT_FOUND, readConfusion, readInfluence } from './beside-model.ts';
import { caseRows } from './cases.ts';
import { type Counted, RULE, withCounted } from './counted.ts';
import type { Sources } from './exams.ts';
import { FlowCount } from './flow.ts';
import { type Reported, rowsAt } from './links.ts';
import { agreementOf } from './patterns.ts';
import { countOfEarlierRuns, readOtherVersions, readPatterns, readProgress } from './progress.ts';
import { AccuracyCount, type ReferenceRow, referenceRows, signOf, type Test } from './reference.ts';
import { readReviewTimes } from './review-times.ts';
import { type VolumeRow, volumeRows } from './volumes.ts';

/** The order in which stages are shown. */
const STAGES: readonly Stage[] = ['quality', 'unaided', 'aided', 'adjudication'];

/** The group of all exams. */
const ALL = 'all';

/** Everything that the evaluation lead and the committee are told, as it is now. */
export async function makeReport(
  from: Sources & Pick<Parts, 'database'>,
  evaluation: Evaluation,
  now: Date,
): Promise<EvaluationReport> {
  const approvals = await listApprovals(from.database);
  const sources = withArms(from, evaluation);
  const arms: ArmReport[] = [];
  for (const { name: arm } of evaluation.reading.arms ?? []) {
    const reported = reportedOn(evaluation, arm);
    const figures = (counted: Counted) => figuresOf(sources, counted, reported);
    arms.push({ arm, ...(await withCounted(sources.database, reported, figures)) });
  }
  const whole = await withCounted(sources.database, evaluation, async (counted) => ({
    otherVersions: await readOtherVersions(counted, evaluation),
    ofEarlierRuns: await countOfEarlierRuns(counted, evaluation),
    ...(arms.length === 0
      ? await figuresOf(sources, counted, evaluation)
      : await flowAlone(sources, counted, evaluation)),
  }));
  return {
    evaluation: evaluation.name,
    evaluationVersion: evaluation.version,
    pipeline: evaluation.pipeline,
    title: evaluation.title,
    asOf: now.toISOString(),
    rule: RULE,
    ...whole,
    arms,
    approvals: approvals.filter(({ pipeline }) => pipeline === evaluation.pipeline),
  };
}

type Figures = Omit<ArmReport, 'arm'>;

/** Of an evaluation with arms: how its exams come to them. Nothing that people said, which is counted in each arm alone. */
async function flowAlone(sources: Sources, counted: Counted, evaluation: Reported): Promise<Figures> {
  const has = { quality: evaluation.reading.qualityReview !== undefined, reference: false, arms: true };
  const flow = new FlowCount(evaluation, has);
  for await (const batch of caseRows(sources, counted, evaluation)) for (const row of batch) flow.add(row);
  const nothing = { readers: [], agreement: [], confusion: [], influence: [], reference: null, accuracy: [] };
  return {
    ...{ mode: evaluation.reading.mode, flow: flow.flow(), ...nothing },
    ...{ times: [], reviewTimes: [], volumes: [] },
  };
}

async function figuresOf(sources: Sources, counted: Counted, evaluation: Reported): Promise<Figures> {
  const flow = new FlowCount(evaluation, {
    quality: evaluation.reading.qualityReview !== undefined,
    reference: evaluation.reference !== undefined,
  });
  let [exams, examsWithout] = [0, 0];
  for await (const batch of caseRows(sources, counted, evaluation)) {
    for (const row of batch) {
      flow.add(row);
      if (row.withdrawn || row.resultAt === null) continue;
      exams += 1;
      if (!row.hasReference) examsWithout += 1;
    }
  }
  const judged = await accuracies(sources, counted, evaluation);
  return {
    mode: evaluation.reading.mode,
    flow: flow.flow(),
    readers: await readProgress(counted, evaluation),
    agreement: await agreements(counted, evaluation),
    confusion: await readConfusion(counted, evaluation),
    influence: await readInfluence(counted, evaluation),
    reference: judged === undefined ? null : { ...judged.reference, exams, examsWithout },
    accuracy: judged?.accuracy ?? [],
    times: flow.times(),
    reviewTimes: await readReviewTimes(counted, evaluation),
    volumes: await volumeAgreements(sources, counted, evaluation),
  };
}

async function agreements(counted: Counted, evaluation: Evaluation): Promise<QuestionAgreement[]> {
  const patterns = await readPatterns(counted, evaluation);
  return evaluation.questions.flatMap((question) =>
    STAGES.flatMap((stage) => {
      const own = patterns.filter((pattern) => pattern.question === question.name && pattern.stage === stage);
      if (own.length === 0) return [];
      const rowsOf = (readers: readonly string[]) =>
        rowsAt(evaluation, 'export', { counted: 'yes', question: question.name, stage, reader: readers });
      return [{ ...agreementOf(question, own, rowsOf), stage }];
    }),
  );
}

/** A test with the group of exams that it is judged on. */
interface Judged extends Test {
  readonly group: string;
  readonly filter: Readonly<Record<string, string>>;
  readonly count: AccuracyCount;
}

async function accuracies(sources: Sources, counted: Counted, evaluation: Evaluation) {
  const standard = evaluation.reference;
  if (standard === undefined) return undefined;
  const judged = new Map<string, Judged>();
  const judge = (test: Test, group: string, filter: Judged['filter']) => {
    const place = [
      test.stage === null ? -1 : STAGES.indexOf(test.stage),
      test.reader ?? '',
      group === ALL ? '' : group,
    ];
    const key = JSON.stringify(place);
    const known = judged.get(key) ?? { ...test, group, filter, count: new AccuracyCount() };
    judged.set(key, known);
    return known.count;
  };
  const said = new Map<string, AnswerPair & { cases: number }>();
  const from = { settled: 0, alike: 0, singleReader: 0, neither: 0 };
  const add = (row: ReferenceRow) => {
    if (row.settled) from.settled += 1;
    else if (row.readers === 1) from.singleReader += 1;
    else from.alike += 1;
    if (row.reference === 'neither') from.neither += 1;
    const pair = { first: row.modelValue ?? NOT_FOUND, second: row.referenceValue };
    const known = said.get(JSON.stringify(pair)) ?? { ...pair, cases: 0 };
    known.cases += 1;
    said.set(JSON.stringify(pair), known);
    const model: Test = { reader: null, stage: null };
    judge(model, ALL, {}).add(row.patient, row.model, row.reference);
    judge(model, `sex ${row.sex ?? 'not given'}`, { sex: row.sex ?? '' }).add(row.patient, row.model, row.reference);
    const age = row.ageBand ?? 'not given';
    judge(model, `age ${age}`, { age: row.ageBand ?? '' }).add(row.patient, row.model, row.reference);
    const scanner = row.scanner ?? '';
    judge(model, `scanner ${scanner || 'not given'}`, { scanner }).add(row.patient, row.model, row.reference);
    for (const [who, value] of Object.entries(row.answers)) {
      const stage: Stage = who.startsWith('unaided ') ? 'unaided' : 'aided';
      const reader = who.slice(stage.length + 1);
      judge({ reader, stage }, ALL, {}).add(row.patient, signOf(standard, value), row.reference);
    }
  };
  for await (const batch of referenceRows(sources, counted, evaluation)) batch.forEach(add);
  const { categories, table } = confusionMatrix([...said.values()], [...standard.positive, ...standard.negative]);
  const reference: Omit<ReferenceView, 'exams' | 'examsWithout'> = {
    question: standard.question,
    positive: standard.positive,
    negative: standard.negative,
    ...from,
    confusion: { categories: [...categories], table: table.map((row) => [...row]) },
    rows: rowsAt(evaluation, 'reference'),
  };
  const accuracy = [...judged.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => shown(evaluation, one));
  return { reference, accuracy };
}

function shown(evaluation: Evaluation, { reader, stage, group, filter, count }: Judged): AccuracyView {
  const { patients, table, ...proportions } = count.accuracy();
  const question = evaluation.reference?.question;
  const rows = (cells: Readonly<Record<string, string>>) =>
    reader === null
      ? rowsAt(evaluation, 'reference', { ...filter, ...cells })
      : rowsAt(evaluation, 'export', {
          counted: 'yes',
          question,
          stage: stage ?? undefined,
          reader,
          ...(cells.reference === undefined ? {} : { reference: cells.reference }),
        });
  return {
    reader,
    stage,
    group,
    patients,
    table,
    sensitivity: { ...proportions.sensitivity, rows: rows({ reference: 'positive' }) },
    specificity: { ...proportions.specificity, rows: rows({ reference: 'negative' }) },
    positivePredictiveValue: { ...proportions.positivePredictiveValue, rows: rows({ model: 'positive' }) },
    negativePredictiveValue: { ...proportions.negativePredictiveValue, rows: rows({ model: 'negative' }) },
    inconclusive: count.inconclusive,
    rows: rows({}),
  };
}

async function volumeAgreements(
  sources: Sources,
  counted: Counted,
  evaluation: Evaluation,
): Promise<VolumeAgreement[]> {
  const rows: VolumeRow[] = [];
  for await (const batch of volumeRows(sources, counted, evaluation)) rows.push(...batch);
  return [...Map.groupBy(rows, ({ structure, source }) => JSON.stringify([structure, source])).entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, own]): VolumeAgreement[] => {
      const [first] = own;
      if (first === undefined) return [];
      const { structure, source } = first;
      const patients = [...Map.groupBy(own, ({ patient }) => patient).values()];
      const given = (of: (row: VolumeRow) => number | null) => spreadOf(own.map(of).filter((value) => value !== null));
      return [
        {
          structure,
          source,
          pairs: own.length,
          exams: new Set(own.map(({ modelRun }) => modelRun)).size,
          patients: patients.length,
          points: pointsOf(own),
          blandAltman: blandAltmanByPatient(
            patients.map((rowsOf) => rowsOf.map(({ modelMl, ml }): Pair => [modelMl, ml])),
          ),
          dice: given(({ dice }) => dice),
          surfaceDistance95: given(({ surfaceDistance95Mm }) => surfaceDistance95Mm),
          minutes: given(({ minutes }) => minutes),
          rows: rowsAt(evaluation, 'volumes', { structure, source }),
        },
      ];
    });
}

/** Points of a plot at most: more of them are a blot. */
const MOST_POINTS = 500;

function pointsOf(rows: readonly VolumeRow[]): [number, number][] {
  const every = Math.ceil(rows.length / MOST_POINTS);
  return rows
    .filter((_, index) => index % every === 0)
    .map(({ modelMl, ml }): [number, number] => [(modelMl + ml) / 2, ml - modelMl]);
}
