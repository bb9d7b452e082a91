import type { Evaluation, FeedbackAnswer } from '../../schemas/evaluation.ts';
import { type Column, csvLine, headerLine, rowLines } from '../csv.ts';
import type { Parts } from '../parts.ts';
import { withArms } from '../report/arms.ts';
import { EXAM_COLUMNS, type Facts, factsOf } from '../report/exams.ts';
import type { Copy } from './copies.ts';
import { inOrderFor } from './identity.ts';
import { type BlindedEntry, copiesOf, entriesOf, minutesOf } from './rows.ts';

/** One answer of one reader about one copy. */
interface AnswerRow extends Facts, Pick<FeedbackAnswer, 'question' | 'subject' | 'value'> {
  readonly evaluation: string;
  readonly entry: BlindedEntry;
  /** Place of the copy in the order in which this reader was given those of the exam, from 1. */
  readonly place: number;
}

/** A structure of a copy. */
interface VolumeRow extends Facts {
  readonly copy: Copy;
  readonly structure: Copy['structures'][number];
  readonly minutes: number | null;
}

const SOURCE: Column<AnswerRow> = {
  name: 'source',
  description: 'Who made it: model, or the name under which it was brought in. For who leads the evaluation alone.',
  of: ({ entry }) => entry.copy.source,
};

const ANSWER_COLUMNS: readonly Column<AnswerRow>[] = [
  { name: 'evaluation', description: 'Name of the evaluation.', of: (row) => row.evaluation },
  {
    name: 'evaluation_version',
    description: 'Version of the form that was answered.',
    of: ({ entry }) => entry.evaluationVersion,
  },
  {
    name: 'counted',
    description: 'yes: statistics count it; the rule stands in the report.',
    of: ({ entry }) => entry.counted,
  },
  ...EXAM_COLUMNS,
  { name: 'copy', description: 'What the reader knew the segmentation by.', of: ({ entry }) => entry.copy.id },
  SOURCE,
  { name: 'reader', description: 'Account of the reader.', of: ({ entry }) => entry.author },
  {
    name: 'place',
    description: 'Place of the segmentation in the order in which the reader was given those of the exam, from 1.',
    of: (row) => row.place,
  },
  { name: 'entry', description: 'Id of the form that was sent.', of: ({ entry }) => entry.id },
  { name: 'entry_version', description: '1; 2 and more are corrections.', of: ({ entry }) => entry.version },
  { name: 'reason', description: 'Why it was corrected.', of: ({ entry }) => entry.reason },
  { name: 'sent_at', description: 'When it was sent, UTC.', of: ({ entry }) => entry.createdAt },
  {
    name: 'opened_at',
    description: 'When it was opened; empty: not counted.',
    of: ({ entry }) => entry.reviewTime?.openedAt,
  },
  {
    name: 'first_action_at',
    description: 'When the first answer was entered.',
    of: ({ entry }) => entry.reviewTime?.firstActionAt,
  },
  { name: 'active_seconds', description: 'Time at work.', of: ({ entry }) => entry.reviewTime?.activeSeconds },
  {
    name: 'idle_seconds',
    description: 'The rest of the time from opening to sending.',
    of: ({ entry }) => entry.reviewTime?.idleSeconds,
  },
  { name: 'question', description: 'Name of the question.', of: (row) => row.question },
  {
    name: 'subject',
    description: 'What it was asked about: exam, or the name of a structure.',
    of: (row) => row.subject,
  },
  {
    name: 'value',
    description: 'The answer.',
    of: ({ value }) => value,
  },
];

const VOLUME_COLUMNS: readonly Column<VolumeRow>[] = [
  ...EXAM_COLUMNS,
  { name: 'copy', description: 'What readers know the segmentation by.', of: ({ copy }) => copy.id },
  { name: 'source', description: 'Who made it.', of: ({ copy }) => copy.source },
  { name: 'run', description: 'Id of the run whose segmentation it is.', of: ({ copy }) => copy.run },
  { name: 'structure', description: 'Name of the structure.', of: ({ structure }) => structure.name },
  { name: 'ml', description: 'Its volume, mL.', of: ({ structure }) => structure.volumeMl },
  {
    name: 'complete',
    description: 'no: it touches the first or last slice, the volume is a lower bound.',
    of: ({ structure }) => structure.complete,
  },
  {
    name: 'minutes',
    description: 'How long the segmentation took to make: by hand as stated, of the model its run.',
    of: (row) => row.minutes,
  },
];

/** One row per reader, copy and question, every version of it. @param withSource for who leads the evaluation */
export async function answersCsv(parts: Parts, evaluation: Evaluation, withSource: boolean): Promise<string> {
  const copies = await copiesOf(parts, evaluation);
  const entries = await entriesOf(parts, evaluation, copies);
  const facts = await factsOf(
    withArms(parts, evaluation),
    copies.map(({ studyInstanceUid }) => studyInstanceUid),
  );
  const ofExam = Map.groupBy(copies, ({ studyInstanceUid }) => studyInstanceUid);
  const placeOf = ({ author, copy }: BlindedEntry) =>
    1 +
    inOrderFor(parts.blindingKey, author, ofExam.get(copy.studyInstanceUid) ?? []).findIndex(
      ({ id }) => id === copy.id,
    );
  const rows = entries.flatMap((entry) => {
    const place = placeOf(entry);
    return entry.answers.map((answer): AnswerRow => {
      return { ...facts(entry.copy.studyInstanceUid), ...answer, evaluation: evaluation.name, entry, place };
    });
  });
  const columns = withSource ? ANSWER_COLUMNS : ANSWER_COLUMNS.filter((column) => column !== SOURCE);
  return headerLine(columns) + rowLines(columns, rows);
}

/** One row per copy and structure. */
export async function volumesCsv(parts: Parts, evaluation: Evaluation): Promise<string> {
  const copies = await copiesOf(parts, evaluation);
  const facts = await factsOf(
    withArms(parts, evaluation),
    copies.map(({ studyInstanceUid }) => studyInstanceUid),
  );
  const rows: VolumeRow[] = [];
  for (const copy of copies) {
    const minutes = await minutesOf(parts, copy);
    for (const structure of copy.structures) rows.push({ ...facts(copy.studyInstanceUid), copy, structure, minutes });
  }
  return headerLine(VOLUME_COLUMNS) + rowLines(VOLUME_COLUMNS, rows);
}

/** What the columns of both mean. */
export function blindedDictionary(evaluation: Evaluation): string {
  const tables = [
    ['export.csv', '', 'The table: one row per reader, segmentation and question, every version of it.'],
    ['volumes.csv', '', 'The table: one row per segmentation and structure.'],
  ];
  const columns = [
    ...ANSWER_COLUMNS.map(({ name, description }) => ['export.csv', name, description]),
    ...VOLUME_COLUMNS.map(({ name, description }) => ['volumes.csv', name, description]),
  ];
  const answers = evaluation.questions.flatMap((question) => {
    const options = 'options' in question ? question.options : [];
    const about = `${question.label}${question.help === '' ? '' : ` (${question.help})`}, per ${question.per}.`;
    return [
      ['export.csv', `value of ${question.name}`, about],
      ...options.map(({ value, label }) => ['export.csv', `value of ${question.name}: ${value}`, label]),
    ];
  });
  return [['table', 'column', 'meaning'], ...tables, ...columns, ...answers].map(csvLine).join('');
}
