import { z } from 'zod';
import {
  type Evaluation,
  type FeedbackAnswer,
  type Question,
  type ReviewTime,
  Stage,
} from '../../schemas/evaluation.ts';
import type { HipSummary } from '../../schemas/result.ts';
import { Slug, Uid } from '../../schemas/scalars.ts';
import type { Column } from '../csv.ts';
import type { Counted } from './counted.ts';
import { EXAM_COLUMNS, type Facts, factsOf, type Sources } from './exams.ts';
import type { Reported } from './links.ts';
import { type Sign, signOf } from './reference.ts';

/** One answer of one reader about one thing. */
export interface AnswerRow extends Facts {
  readonly evaluation: string;
  readonly stage: Stage;
  readonly counted: boolean;
  readonly evaluationVersion: string;
  readonly run: string;
  readonly pipelineVersion: string | null;
  readonly models: string;
  readonly runCreatedAt: Date;
  readonly reader: string;
  readonly entry: string;
  readonly entryVersion: number;
  readonly reason: string | null;
  readonly agreedWithAll: boolean;
  readonly createdAt: Date;
  /** How long it took; null where a program sent it, or the browser ran no scripts. */
  readonly reviewTime: ReviewTime | null;
  readonly question: string;
  readonly kind: Question['kind'] | null;
  readonly subject: string;
  readonly value: string | number | readonly string[];
  readonly modelValue: string | null;
  readonly referenceValue: string | null;
  readonly reference: Sign | null;
}

/** Which rows: what is left out is not asked for. */
export const AnswerFilter = z.object({
  counted: z.enum(['yes', 'no']).optional(),
  version: z.string().max(40).optional(),
  stage: Stage.optional(),
  /** One or several. */
  reader: z.array(z.string().max(200)).max(50).optional(),
  question: Slug.optional(),
  subject: z.string().max(80).optional(),
  value: z.string().max(200).optional(),
  model: z.string().max(200).optional(),
  reference: z.enum(['positive', 'negative', 'neither']).optional(),
  study: Uid.optional(),
  /** Given to a run that is not the newest of its exam any more. */
  run: z.literal('earlier').optional(),
  arm: Slug.optional(),
});
export type AnswerFilter = z.infer<typeof AnswerFilter>;

/** Entries that are read at once. */
const BATCH = 500;

export const ANSWER_COLUMNS: readonly Column<AnswerRow>[] = [
  { name: 'evaluation', description: 'Name of the evaluation.', of: (row) => row.evaluation },
  {
    name: 'evaluation_version',
    description: 'Version of the form that was answered.',
    of: (row) => row.evaluationVersion,
  },
  {
    name: 'stage',
    description:
      'quality: of the images, before readers; unaided: before the model was shown; aided: with the model in view; adjudication: where readers disagreed. Never pool unaided and aided.',
    of: (row) => row.stage,
  },
  {
    name: 'counted',
    description: 'yes: statistics count it; the rule stands in the report.',
    of: (row) => row.counted,
  },
  ...EXAM_COLUMNS,
  { name: 'run', description: 'Id of the run whose result the answers are bound to.', of: (row) => row.run },
  { name: 'run_created_at', description: 'When the run was made, UTC.', of: (row) => row.runCreatedAt },
  { name: 'pipeline_version', description: 'Version of the pipeline.', of: (row) => row.pipelineVersion },
  {
    name: 'models',
    description: 'Models of the run: name, version, first 12 digits of the SHA-256.',
    of: (row) => row.models,
  },
  { name: 'reader', description: 'Account name of who answered.', of: (row) => row.reader },
  { name: 'entry', description: 'Id of the form that was sent.', of: (row) => row.entry },
  {
    name: 'entry_version',
    description: '1, 2, … of one reader on one run at one stage; 2 and above are corrections.',
    of: (row) => row.entryVersion,
  },
  { name: 'correction_reason', description: 'Why the version before was corrected.', of: (row) => row.reason },
  {
    name: 'agreed_with_all',
    description: 'yes: the answers are the model’s, taken over by one act.',
    of: (row) => row.agreedWithAll,
  },
  {
    name: 'opened_at',
    description: 'When the reader opened the form, UTC; empty: sent by a program, or without scripts.',
    of: (row) => row.reviewTime?.openedAt,
  },
  {
    name: 'first_action_at',
    description: 'When the reader gave the first answer, UTC.',
    of: (row) => row.reviewTime?.firstActionAt,
  },
  {
    name: 'active_seconds',
    description: 'How long the reader was at work, s.',
    of: (row) => row.reviewTime?.activeSeconds,
  },
  {
    name: 'idle_seconds',
    description: 'How long the form lay open and nothing happened, s.',
    of: (row) => row.reviewTime?.idleSeconds,
  },
  { name: 'created_at', description: 'When it was sent, UTC.', of: (row) => row.createdAt },
  { name: 'question', description: 'Name of the question.', of: (row) => row.question },
  {
    name: 'kind',
    description: 'choice, choices, rating, number or text; empty where the form in effect has no such question.',
    of: (row) => row.kind,
  },
  {
    name: 'subject',
    description:
      'What was asked about: exam; right or left hip; a structure; a SOPInstanceUID; its n-th box as SOPInstanceUID/n.',
    of: (row) => row.subject,
  },
  { name: 'value', description: 'The answer; several choices with blanks between.', of: (row) => row.value },
  {
    name: 'model_value',
    description: 'What the model said of the same thing; empty where it said nothing, or is not asked.',
    of: (row) => row.modelValue,
  },
  {
    name: 'reference_value',
    description: 'What the reference standard says of it; empty where there is none.',
    of: (row) => row.referenceValue,
  },
  { name: 'reference', description: 'positive, negative or neither, of reference_value.', of: (row) => row.reference },
];

interface EntryRow {
  readonly entry: string;
  readonly stage: Stage;
  readonly counted: boolean;
  readonly evaluation_version: string;
  readonly run: string;
  readonly study_instance_uid: string;
  readonly pipeline_version: string | null;
  readonly models: readonly { readonly name: string; readonly version: string; readonly sha256: string }[] | null;
  readonly run_created_at: Date;
  readonly author: string;
  readonly version: number;
  readonly reason: string | null;
  readonly agreed_with_all: boolean;
  readonly created_at: Date;
  readonly review_time: ReviewTime | null;
  readonly answers: readonly FeedbackAnswer[];
  readonly sides: HipSummary['sides'] | null;
  readonly references: Readonly<Record<string, string>> | null;
}

/** The answers of an evaluation, in the order of the exams; some hundreds at once. */
export async function* answerRows(
  sources: Sources,
  counted: Counted,
  evaluation: Reported,
  filter: AnswerFilter,
): AsyncGenerator<AnswerRow[]> {
  const { sql } = counted;
  const questions = new Map(evaluation.questions.map((question) => [question.name, question]));
  const entries = sql<EntryRow[]>`${counted.with},
    references_of as (
      select id as run, jsonb_object_agg(subject, value) as values from reference join counted_run using (exam) group by id
    )
    select entry.id as entry, entry.stage, counted_entry.id is not null as counted, entry.evaluation_version, entry.run, r.study_instance_uid,
      r.view->>'pipelineVersion' as pipeline_version, r.view->'models' as models, r.created_at as run_created_at,
      entry.author, entry.version, entry.reason, entry.agreed_with_all, entry.created_at, entry.review_time, entry.answers,
      r.view->'result'->'summary'->'sides' as sides, references_of.values as references
    from web.feedback entry join web.run r on r.id = entry.run
    left join counted_entry on counted_entry.id = entry.id
    left join references_of on references_of.run = entry.run
    where entry.evaluation = ${evaluation.name}
      ${filter.stage === undefined ? sql`` : sql`and entry.stage = ${filter.stage}`}
      ${filter.version === undefined ? sql`` : sql`and entry.evaluation_version = ${filter.version}`}
      ${filter.reader === undefined ? sql`` : sql`and entry.author = any(${filter.reader})`}
      ${
        filter.run === undefined
          ? sql``
          : sql`and not exists (select from newest_run where newest_run.id = entry.run)
            and exists (select from newest_run where newest_run.study_instance_uid = r.study_instance_uid)`
      }
      ${evaluation.arm === undefined ? sql`` : sql`and r.study_instance_uid in (select study_instance_uid from newest_run)`}
      ${filter.study === undefined ? sql`` : sql`and r.study_instance_uid = ${filter.study}`}
      ${filter.counted === undefined ? sql`` : sql`and (counted_entry.id is not null) = ${filter.counted === 'yes'}`}
    order by r.created_at, r.id, entry.author, entry.stage, entry.version`;
  for await (const batch of entries.cursor(BATCH)) {
    const facts = await factsOf(
      sources,
      batch.map((row) => row.study_instance_uid),
    );
    yield batch
      .flatMap((row) => rowsOfEntry(row, evaluation, questions, facts(row.study_instance_uid)))
      .filter((row) => fits(row, filter));
  }
}

function rowsOfEntry(
  row: EntryRow,
  evaluation: Evaluation,
  questions: ReadonlyMap<string, Question>,
  facts: Facts,
): AnswerRow[] {
  return row.answers.map(({ question: name, subject, value }) => {
    const question = questions.get(name);
    const isReference = name === evaluation.reference?.question;
    const referenceValue = isReference ? (row.references?.[subject] ?? null) : null;
    return {
      ...facts,
      evaluation: evaluation.name,
      stage: row.stage,
      counted: row.counted,
      evaluationVersion: row.evaluation_version,
      run: row.run,
      pipelineVersion: row.pipeline_version,
      models: (row.models ?? [])
        .map((model) => `${model.name} ${model.version} ${model.sha256.slice(0, 12)}`)
        .join('; '),
      runCreatedAt: row.run_created_at,
      reader: row.author,
      entry: row.entry,
      entryVersion: row.version,
      reason: row.reason,
      agreedWithAll: row.agreed_with_all,
      createdAt: row.created_at,
      reviewTime: row.review_time,
      question: name,
      kind: question?.kind ?? null,
      subject,
      value,
      modelValue: question?.per === 'hip' ? modelValue(row.sides, subject) : null,
      referenceValue,
      reference: referenceValue === null ? null : signOf(evaluation.reference, referenceValue),
    };
  });
}

/** What the model said of a hip; null where it found none. */
function modelValue(sides: HipSummary['sides'] | null, subject: string): string | null {
  return sides?.find(({ side }) => side === subject)?.class ?? null;
}

function fits(row: AnswerRow, { question, subject, value, model, reference }: AnswerFilter): boolean {
  const text = typeof row.value === 'object' ? JSON.stringify(row.value) : String(row.value);
  return (
    (question === undefined || row.question === question) &&
    (subject === undefined || row.subject === subject) &&
    (value === undefined || text === value) &&
    (model === undefined || (row.modelValue ?? '') === model) &&
    (reference === undefined || row.reference === reference)
  );
}
