import { blandAltmanByPatient } from '../../lib/statistics/bland-altman.ts';
import { spreadOf } from '../../lib/statistics/quantiles.ts';
import type {
  BlindedFigures,
  BlindedReport,
  RatingsBySource,
  SourceTimes,
  SourceVolumes,
} from '../../schemas/blinded.ts';
import type { Evaluation, Question } from '../../schemas/evaluation.ts';
import type { Parts } from '../parts.ts';
import { inArm } from '../reading/arms.ts';
import { factsOf } from '../report/exams.ts';
import { agreementOf, type Pattern } from '../report/patterns.ts';
import { armsOfCopies, type Copy } from './copies.ts';
import { sourcesOf, waitingExams } from './exams.ts';
import { progressOf } from './progress.ts';
import { type BlindedEntry, copiesOf, entriesOf, minutesOf, RULE } from './rows.ts';

/** Everything that the lead of blinded reads is told, as it is now. */
export async function blindedReport(parts: Parts, evaluation: Evaluation, now: Date): Promise<BlindedReport> {
  const copies = await copiesOf(parts, evaluation);
  const entries = await entriesOf(parts, evaluation, copies);
  const read: Read = { copies, entries };
  // First, since it gives out what has come to no arm yet.
  const progress = await progressOf(parts, evaluation, read);
  const arms = await armsIn(parts, evaluation, read);
  return {
    evaluation: evaluation.name,
    evaluationVersion: evaluation.version,
    pipeline: evaluation.pipeline,
    title: evaluation.title,
    asOf: now.toISOString(),
    rule: RULE,
    sources: [...sourcesOf(evaluation)],
    ...progress,
    exams: examsAmong(copies),
    waiting: await waitingOf(parts, evaluation),
    ...(await figuresOf(parts, evaluation, arms.length === 0 ? read : { copies: [], entries: [] })),
    arms,
  };
}

/** Copies, and what was sent about them. */
interface Read {
  readonly copies: readonly Copy[];
  readonly entries: readonly BlindedEntry[];
}

const examsAmong = (copies: readonly Copy[]) => new Set(copies.map(({ studyInstanceUid }) => studyInstanceUid)).size;

/** Each arm for itself; none where the evaluation has none. */
async function armsIn(parts: Parts, evaluation: Evaluation, { copies, entries }: Read): Promise<BlindedReport['arms']> {
  const { arms = [] } = evaluation.reading;
  if (arms.length === 0) return [];
  const allocated = await armsOfCopies(parts.database, evaluation.name);
  const found: BlindedReport['arms'] = [];
  for (const arm of arms) {
    const isIn = ({ studyInstanceUid }: Copy) => allocated.get(studyInstanceUid) === arm.name;
    const read = { copies: copies.filter(isIn), entries: entries.filter(({ copy }) => isIn(copy)) };
    const { complete } = await progressOf(parts, evaluation, read);
    const showVolumes = inArm(evaluation, arm).reading.showVolumes === true;
    const counts = { exams: examsAmong(read.copies), complete };
    found.push({ arm: arm.name, showVolumes, ...counts, ...(await figuresOf(parts, evaluation, read)) });
  }
  return found;
}

async function figuresOf(parts: Parts, evaluation: Evaluation, { copies, entries }: Read): Promise<BlindedFigures> {
  const counted = entries.filter((entry) => entry.counted);
  return {
    ratings: ratingsOf(evaluation, counted),
    agreement: agreementsOf(evaluation, counted),
    volumes: await volumesOf(parts, evaluation, copies),
    times: await timesOf(parts, evaluation, copies, entries),
  };
}

async function waitingOf(parts: Parts, evaluation: Evaluation): Promise<BlindedReport['waiting']> {
  const exams = await waitingExams(parts.database, evaluation);
  return exams.map(({ StudyInstanceUID, runs, missing, since, readAt }) => ({
    studyInstanceUid: StudyInstanceUID,
    there: sourcesOf(evaluation).filter((source) => runs.has(source)),
    missing: [...missing],
    since: since.toISOString(),
    readAt: readAt?.toISOString() ?? null,
    whyNot: parts.copies.whyNot(evaluation.name, StudyInstanceUID) ?? null,
  }));
}

function ratingsOf(evaluation: Evaluation, counted: readonly BlindedEntry[]): RatingsBySource[] {
  return compared(evaluation).flatMap((question) => {
    const subjects = [
      ...new Set(
        counted.flatMap(({ answers }) =>
          answers.filter((one) => one.question === question.name).map(({ subject }) => subject),
        ),
      ),
    ];
    return inOrder(subjects, counted).flatMap((subject) =>
      sourcesOf(evaluation).map((source) => {
        const values = counted
          .filter(({ copy }) => copy.source === source)
          .flatMap(({ answers }) => answers)
          .filter((one) => one.question === question.name && one.subject === subject)
          .flatMap(({ value }) => value);
        return { question: question.name, label: question.label, subject, source, ...summaryOf(question, values) };
      }),
    );
  });
}

/** Questions whose answers can be counted. */
const compared = ({ questions }: Evaluation) => questions.filter(({ kind }) => kind !== 'text');

/** Structures as the form has them. */
function inOrder(subjects: readonly string[], counted: readonly BlindedEntry[]): string[] {
  const names = counted[0]?.copy.structures.map(({ name }) => name) ?? [];
  return [...subjects].sort((a, b) => names.indexOf(a) - names.indexOf(b));
}

function summaryOf(question: Question, values: readonly (string | number)[]) {
  const answers = values.length;
  if (question.kind === 'rating' || question.kind === 'number') {
    const numbers = values.map(Number);
    const mean = answers === 0 ? null : numbers.reduce((sum, value) => sum + value, 0) / answers;
    return { answers, spread: spreadOf(numbers), mean, chosen: null };
  }
  const options = 'options' in question ? question.options.map(({ value }) => value) : [];
  const chosen = Object.fromEntries(
    options.map((option) => [option, values.filter((value) => value === option).length]),
  );
  return { answers, spread: null, mean: null, chosen };
}

/** Between readers, on all segmentations taken together: whose they are, they did not know. */
function agreementsOf(evaluation: Evaluation, counted: readonly BlindedEntry[]): BlindedReport['agreement'] {
  return compared(evaluation).flatMap((question) => {
    const patterns = new Map<string, Record<string, string>>();
    for (const { author, copy, answers } of counted) {
      for (const { subject, value } of answers.filter((one) => one.question === question.name)) {
        const key = `${copy.id} ${subject}`;
        patterns.set(key, { ...patterns.get(key), [author]: String(value) });
      }
    }
    if (patterns.size === 0) return [];
    const of: Pattern[] = [...patterns.values()].map((values) => ({ values, cases: 1 }));
    const { label, readers, cases, fleissKappa, icc } = agreementOf(question, of, () => '');
    const correlation = icc === null || 'because' in icc ? icc : { cases: icc.cases, agreement: icc.agreement };
    return [{ question: question.name, label, readers: [...readers], cases, fleissKappa, icc: correlation }];
  });
}

async function volumesOf(parts: Parts, evaluation: Evaluation, copies: readonly Copy[]): Promise<SourceVolumes[]> {
  const sources = sourcesOf(evaluation);
  const exams = Map.groupBy(copies, ({ studyInstanceUid }) => studyInstanceUid);
  const facts = await factsOf(parts, [...exams.keys()]);
  const structures = new Map(copies.flatMap((copy) => copy.structures.map(({ name, title }) => [name, title])));
  return [...structures].flatMap(([structure, title]) =>
    sources.flatMap((first, index) =>
      sources.slice(index + 1).flatMap((second) => {
        const pairs = [...exams].flatMap(([study, of]) => {
          const [a, b] = [volumeOf(of, first, structure), volumeOf(of, second, structure)];
          return a === undefined || b === undefined ? [] : [{ patient: facts(study).patient, pair: [a, b] as const }];
        });
        if (pairs.length === 0) return [];
        const patients = [...Map.groupBy(pairs, ({ patient }) => patient).values()];
        const apart = blandAltmanByPatient(patients.map((own) => own.map(({ pair }) => pair)));
        const counts = { exams: pairs.length, patients: patients.length };
        return [{ structure, title, first, second, ...counts, blandAltman: apart }];
      }),
    ),
  );
}

function volumeOf(copies: readonly Copy[], source: string, structure: string): number | undefined {
  const copy = copies.find((one) => one.source === source);
  return copy?.structures.find(({ name }) => name === structure)?.volumeMl;
}

async function timesOf(
  parts: Parts,
  evaluation: Evaluation,
  copies: readonly Copy[],
  entries: readonly BlindedEntry[],
): Promise<SourceTimes[]> {
  const times: SourceTimes[] = [];
  for (const source of sourcesOf(evaluation)) {
    const own = copies.filter((copy) => copy.source === source);
    const made = await Promise.all(own.map((copy) => minutesOf(parts, copy)));
    const first = entries.filter(({ copy, version }) => copy.source === source && version === 1);
    const reviews = first.flatMap(({ reviewTime }) => reviewTime ?? []);
    times.push({
      source,
      made: spreadOf(made.filter((minutes) => minutes !== null)),
      active: spreadOf(reviews.map(({ activeSeconds }) => activeSeconds / 60)),
      whole: spreadOf(reviews.map(({ activeSeconds, idleSeconds }) => (activeSeconds + idleSeconds) / 60)),
    });
  }
  return times;
}
