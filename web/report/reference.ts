import { z } from 'zod';
import { accuracy, type PatientTable } from '../../lib/statistics/accuracy.ts';
import type { Evaluation, ReferenceStandard, Stage } from '../../schemas/evaluation.ts';
import { Slug } from '../../schemas/scalars.ts';
import type { Column } from '../csv.ts';
import type { Counted } from './counted.ts';
import { EXAM_COLUMNS, type Facts, factsOf, type Sources } from './exams.ts';

/** What an answer is to the reference standard. */
export type Sign = 'positive' | 'negative' | 'neither';

export function signOf(reference: ReferenceStandard | undefined, value: string): Sign {
  if (reference?.positive.includes(value)) return 'positive';
  return reference?.negative.includes(value) ? 'negative' : 'neither';
}

/** What the reference standard says of one thing, and the model. */
export interface ReferenceRow extends Facts {
  readonly run: string;
  readonly subject: string;
  readonly referenceValue: string;
  readonly reference: Sign;
  /** An adjudicator said it; else all readers alike. */
  readonly settled: boolean;
  /** How many readers answered before the model was shown. */
  readonly readers: number;
  readonly modelValue: string | null;
  readonly model: Sign;
  /** What readers said, by stage and name: `aided ann` → value. */
  readonly answers: Readonly<Record<string, string>>;
}

export const ReferenceFilter = z.object({
  reference: z.enum(['positive', 'negative', 'neither']).optional(),
  model: z.enum(['positive', 'negative', 'neither']).optional(),
  sex: z.string().max(20).optional(),
  age: z.string().max(20).optional(),
  scanner: z.string().max(600).optional(),
  arm: Slug.optional(),
});
export type ReferenceFilter = z.infer<typeof ReferenceFilter>;

const BATCH = 2000;

export const REFERENCE_COLUMNS: readonly Column<ReferenceRow>[] = [
  ...EXAM_COLUMNS,
  { name: 'run', description: 'Id of the run that counts.', of: (row) => row.run },
  { name: 'subject', description: 'What was asked about, as in the answers.', of: (row) => row.subject },
  { name: 'reference_value', description: 'What the reference standard says.', of: (row) => row.referenceValue },
  { name: 'reference', description: 'positive, negative or neither.', of: (row) => row.reference },
  {
    name: 'reference_from',
    description: 'adjudication: an adjudicator said it; readers: all readers said it before they saw the model.',
    of: (row) => (row.settled ? 'adjudication' : 'readers'),
  },
  {
    name: 'unaided_readers',
    description: 'How many readers answered before the model was shown.',
    of: (row) => row.readers,
  },
  {
    name: 'model_value',
    description: 'What the model said; empty: it found nothing to say it of.',
    of: (row) => row.modelValue,
  },
  { name: 'model', description: 'positive, negative or neither, of model_value.', of: (row) => row.model },
];

interface Row {
  readonly run: string;
  readonly study_instance_uid: string;
  readonly subject: string;
  readonly value: string;
  readonly readers: number;
  readonly settled: boolean;
  readonly model_value: string | null;
  readonly answers: Readonly<Record<string, string>>;
}

/** Everything that has a reference, some thousands at once. */
export async function* referenceRows(
  sources: Sources,
  counted: Counted,
  evaluation: Evaluation,
  filter: ReferenceFilter = {},
): AsyncGenerator<ReferenceRow[]> {
  const { sql } = counted;
  const standard = evaluation.reference;
  if (standard === undefined) return;
  const rows = sql<Row[]>`${counted.with},
    said as (
      select exam, subject, jsonb_object_agg(stage || ' ' || author, value) as answers from answer
      where question = ${standard.question} and stage in ('unaided', 'aided') group by exam, subject
    )
    select r.id as run, r.study_instance_uid, reference.subject, reference.value, reference.readers, reference.settled,
      (select one->>'class' from jsonb_array_elements(r.view->'result'->'summary'->'sides') one
        where one->>'side' = reference.subject limit 1) as model_value,
      coalesce(said.answers, '{}') as answers
    from reference join counted_run using (exam) join web.run r on r.id = counted_run.id
    left join said on said.exam = reference.exam and said.subject = reference.subject
    order by r.created_at, r.id, reference.subject`;
  for await (const batch of rows.cursor(BATCH)) {
    const facts = await factsOf(
      sources,
      batch.map((row) => row.study_instance_uid),
    );
    yield batch
      .map((row) => ({
        ...facts(row.study_instance_uid),
        run: row.run,
        subject: row.subject,
        referenceValue: row.value,
        reference: signOf(standard, row.value),
        settled: row.settled,
        readers: row.readers,
        modelValue: row.model_value,
        model: row.model_value === null ? ('neither' as const) : signOf(standard, row.model_value),
        answers: row.answers,
      }))
      .filter((row) => fits(row, filter));
  }
}

function fits(row: ReferenceRow, { reference, model, sex, age, scanner }: ReferenceFilter): boolean {
  return (
    (reference === undefined || row.reference === reference) &&
    (model === undefined || row.model === model) &&
    (sex === undefined || (row.sex ?? '') === sex) &&
    (age === undefined || (row.ageBand ?? '') === age) &&
    (scanner === undefined || (row.scanner ?? '') === scanner)
  );
}

/** Collects what a test says against the reference, patient by patient. */
export class AccuracyCount {
  readonly #patients = new Map<string, { -readonly [Field in keyof PatientTable]: PatientTable[Field] }>();
  inconclusive = 0;

  add(patient: string, test: Sign, reference: Sign): void {
    if (reference === 'neither') return;
    if (test === 'neither') {
      this.inconclusive += 1;
      return;
    }
    const table = this.#patients.get(patient) ?? {
      truePositive: 0,
      falsePositive: 0,
      falseNegative: 0,
      trueNegative: 0,
    };
    this.#patients.set(patient, table);
    if (test === 'positive') table[reference === 'positive' ? 'truePositive' : 'falsePositive'] += 1;
    else table[reference === 'negative' ? 'trueNegative' : 'falseNegative'] += 1;
  }

  accuracy() {
    return accuracy([...this.#patients.values()]);
  }
}

/** Who said it, and when: the model, or a reader at a stage. */
export interface Test {
  readonly reader: string | null;
  readonly stage: Stage | null;
}
