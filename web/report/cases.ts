import { z } from 'zod';
import type { RunView } from '../../schemas/api.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import { Slug } from '../../schemas/scalars.ts';
import type { Column } from '../csv.ts';
import type { Counted } from './counted.ts';
import { EXAM_COLUMNS, type Facts, factsOf, type Sources } from './exams.ts';

/** One exam, by the run that counts. */
export interface CaseRow extends Facts {
  readonly run: string;
  readonly status: RunView['status'];
  readonly reason: string | null;
  readonly withdrawn: boolean;
  /** Why a person took it out; null: nobody did. */
  readonly withdrawnReason: string | null;
  readonly runCreatedAt: Date;
  /** When the result was there; null where there is none. */
  readonly resultAt: Date | null;
  /** What the quality review said; null where the evaluation has none. */
  readonly quality: 'passed' | 'set-aside' | 'waiting' | null;
  /** When the first reader answered, in whatever version. */
  readonly firstAnswerAt: Date | null;
  readonly unaidedReaders: number;
  readonly aidedReaders: number;
  readonly adjudicated: boolean;
  readonly hasReference: boolean;
}

export const CaseFilter = z.object({
  status: z.enum(['queued', 'running', 'succeeded', 'failed', 'out-of-scope']).optional(),
  reason: z.string().max(2000).optional(),
  withdrawn: z.enum(['yes', 'no']).optional(),
  /** Why it was withdrawn. */
  withdrawal: z.string().max(2000).optional(),
  allocated: z.enum(['yes', 'no']).optional(),
  arm: Slug.optional(),
  result: z.enum(['yes', 'no']).optional(),
  quality: z.enum(['passed', 'set-aside', 'waiting']).optional(),
  read: z.enum(['yes', 'no']).optional(),
  reference: z.enum(['yes', 'no']).optional(),
});
export type CaseFilter = z.infer<typeof CaseFilter>;

const BATCH = 2000;

export const CASE_COLUMNS: readonly Column<CaseRow>[] = [
  ...EXAM_COLUMNS,
  { name: 'run', description: 'Id of the run that counts: the newest that no other amends.', of: (row) => row.run },
  { name: 'status', description: 'queued, running, succeeded, failed or out-of-scope.', of: (row) => row.status },
  { name: 'reason', description: 'Why the run failed or was out of scope.', of: (row) => row.reason },
  { name: 'withdrawn', description: 'yes: a person took the exam out; it counts nowhere.', of: (row) => row.withdrawn },
  { name: 'withdrawn_reason', description: 'Why, in the words of that person.', of: (row) => row.withdrawnReason },
  {
    name: 'received_at',
    description: 'When the last image came, UTC; at the latest when the run was made.',
    of: (row) => row.receivedAt,
  },
  { name: 'run_created_at', description: 'When the run was made, UTC.', of: (row) => row.runCreatedAt },
  { name: 'result_at', description: 'When the result was there, UTC.', of: (row) => row.resultAt },
  { name: 'first_answer_at', description: 'When the first reader had answered, UTC.', of: (row) => row.firstAnswerAt },
  {
    name: 'quality',
    description: 'passed, set-aside or waiting; empty: the evaluation has no quality review.',
    of: (row) => row.quality,
  },
  {
    name: 'unaided_readers',
    description: 'Readers who answered before the model was shown.',
    of: (row) => row.unaidedReaders,
  },
  { name: 'aided_readers', description: 'Readers who answered with the model in view.', of: (row) => row.aidedReaders },
  { name: 'adjudicated', description: 'yes: an adjudicator has answered.', of: (row) => row.adjudicated },
  {
    name: 'has_reference',
    description: 'yes: something of it has a reference standard.',
    of: (row) => row.hasReference,
  },
];

interface Row {
  readonly run: string;
  readonly study_instance_uid: string;
  readonly status: RunView['status'];
  readonly created_at: Date;
  readonly reason: string | null;
  readonly finished_at: string | null;
  readonly published: boolean;
  readonly withdrawn: boolean;
  readonly withdrawn_reason: string | null;
  readonly unaided: number | null;
  readonly aided: number | null;
  readonly adjudicated: boolean | null;
  readonly first_answer_at: Date | null;
  readonly quality: 'passed' | 'set-aside' | 'waiting' | null;
  readonly has_reference: boolean;
}

/** The exams of an evaluation, oldest first, some thousands at once. */
export async function* caseRows(
  sources: Sources,
  counted: Counted,
  evaluation: Evaluation,
  filter: CaseFilter = {},
): AsyncGenerator<CaseRow[]> {
  const { sql } = counted;
  const { qualityReview } = evaluation.reading;
  const rows = sql<Row[]>`${counted.with},
    sent as (
      select exam, count(*) filter (where stage = 'unaided')::int as unaided, count(*) filter (where stage = 'aided')::int as aided,
        bool_or(stage = 'adjudication') as adjudicated from counted_entry group by exam
    ),
    first_sent as (
      select run, min(created_at) as at from web.feedback
      where evaluation = ${evaluation.name} and stage in ('unaided', 'aided') group by run
    ),
    judged as (
      select exam, bool_or(value = any(${qualityReview?.passes ?? []})) as passes from answer
      where stage = 'quality' and question = ${qualityReview?.question ?? null}::text group by exam
    )
    select newest_run.id as run, newest_run.study_instance_uid, newest_run.status, newest_run.created_at,
      view.reason, view."finishedAt" as finished_at,
      jsonb_typeof(view.result) = 'object' as published, withdrawn.study_instance_uid is not null as withdrawn, withdrawn.reason as withdrawn_reason,
      sent.unaided, sent.aided, sent.adjudicated, first_sent.at as first_answer_at,
      ${
        qualityReview === undefined
          ? sql`null`
          : sql`case when judged.exam is null then 'waiting' when judged.passes then 'passed' else 'set-aside' end`
      } as quality,
      exists (select from reference where reference.exam = newest_run.exam) as has_reference
    from newest_run join web.run r on r.id = newest_run.id
    cross join jsonb_to_record(r.view) as view(reason text, "finishedAt" text, result jsonb)
    left join withdrawn on withdrawn.study_instance_uid = newest_run.study_instance_uid
    left join sent on sent.exam = newest_run.exam
    left join first_sent on first_sent.run = newest_run.id
    left join judged on judged.exam = newest_run.exam
    ${filter.status === undefined ? sql`` : sql`where newest_run.status = ${filter.status}`}
    order by newest_run.created_at, newest_run.id`;
  for await (const batch of rows.cursor(BATCH)) {
    const facts = await factsOf(
      sources,
      batch.map((row) => row.study_instance_uid),
    );
    yield batch.map((row) => caseOf(row, facts(row.study_instance_uid))).filter((row) => fits(row, filter));
  }
}

function caseOf(row: Row, facts: Facts): CaseRow {
  const hasResult = row.status === 'succeeded' && row.published;
  return {
    ...facts,
    // What came after the run was made is none of its images: a later version's, or our own that came back.
    receivedAt: facts.receivedAt === null || facts.receivedAt < row.created_at ? facts.receivedAt : row.created_at,
    run: row.run,
    status: row.status,
    reason: row.reason,
    withdrawn: row.withdrawn,
    withdrawnReason: row.withdrawn_reason,
    runCreatedAt: row.created_at,
    resultAt: hasResult && row.finished_at !== null ? new Date(row.finished_at) : null,
    quality: hasResult ? row.quality : null,
    firstAnswerAt: row.first_answer_at,
    unaidedReaders: row.unaided ?? 0,
    aidedReaders: row.aided ?? 0,
    adjudicated: row.adjudicated ?? false,
    hasReference: row.has_reference,
  };
}

const isRead = ({ unaidedReaders, aidedReaders }: CaseRow) => unaidedReaders + aidedReaders > 0;

function fits(row: CaseRow, filter: CaseFilter): boolean {
  const says = (wanted: 'yes' | 'no' | undefined, is: boolean) => wanted === undefined || (wanted === 'yes') === is;
  return (
    says(filter.withdrawn, row.withdrawn) &&
    (filter.withdrawal === undefined || row.withdrawnReason === filter.withdrawal) &&
    says(filter.allocated, row.arm !== null) &&
    says(filter.result, row.resultAt !== null) &&
    says(filter.read, isRead(row)) &&
    says(filter.reference, row.hasReference) &&
    (filter.reason === undefined || (row.reason ?? '') === filter.reason) &&
    (filter.quality === undefined || row.quality === filter.quality)
  );
}
