import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Configuration } from '../../lib/platform/configuration.ts';
import type {
  AskedChange,
  NamedPatient,
  PatientPreview,
  PatientStatementView,
  PersonReference,
} from '../../schemas/patients.ts';
import { Uid } from '../../schemas/scalars.ts';
import { connectApi } from '../api.ts';
import { CommandError, EXIT } from '../exit.ts';
import { table } from '../table.ts';
import { runningApi } from '../up/data-folder.ts';

interface Saying {
  readonly reason?: string;
  readonly yes: boolean;
}

/**
 * Says that two numbers are of one patient. A number is never an argument, where everybody on the machine could read it: it is
 * read from standard input, a line with the number, then one with its issuer, which may be empty.
 */
export async function mergePatients(
  configuration: Configuration,
  { mergedExam, intoExam, ...saying }: Saying & { readonly mergedExam?: string; readonly intoExam?: string },
): Promise<void> {
  await using lines = openLines();
  const merged = await patientAsked(lines, exam('--merged-exam', mergedExam), 'that is given up');
  const into = await patientAsked(lines, exam('--into-exam', intoExam), 'that stays');
  await say(configuration, { kind: 'merge', merged, into }, saying);
}

/** Says that an exam is of another patient than its images state. */
export async function moveExam(
  configuration: Configuration,
  moved: string,
  { toExam, new: toNew, ...saying }: Saying & { readonly toExam?: string; readonly new: boolean },
): Promise<void> {
  if (toNew && toExam !== undefined) throw new CommandError(EXIT.usage, 'Give --to-exam or --new, not both.');
  const change = { kind: 'move', exam: exam('<exam>', moved) } as const;
  await using lines = openLines();
  const to = toNew ? 'new' : await patientAsked(lines, exam('--to-exam', toExam), 'of the patient whose it is');
  await say(configuration, { ...change, to }, saying);
}

/** Says that an earlier statement holds no more. */
export async function undoStatement(configuration: Configuration, id: string, saying: Saying): Promise<void> {
  if (!z.uuid().safeParse(id).success)
    throw new CommandError(EXIT.usage, '<id> wants the whole id of a statement; `overread patient list` has it.');
  await say(configuration, { kind: 'undo', undoes: id }, saying);
}

/** Lists what was said, newest first. */
export async function listStatements(configuration: Configuration): Promise<void> {
  const statements = await connectApi(runningApi(configuration)).patientStatements();
  if (statements.length === 0) return console.log('Nobody has said anything: every exam is of whom its images state.');
  const rows = statements.map((one) => [one.id, one.statedAt, one.author, inWords(one), one.reason]);
  console.log(table(['statement', 'when', 'by', 'what', 'reason'], rows));
}

/** What was typed for an exam. @throws {CommandError} (2) it is no UID; it is not repeated, since it may be a patient's number */
function exam<Typed extends string | undefined>(argument: string, typed: Typed): Typed {
  if (typed !== undefined && !Uid.safeParse(typed).success)
    throw new CommandError(EXIT.usage, `${argument} wants a StudyInstanceUID; the exam’s page has it.`);
  return typed;
}

async function say(configuration: Configuration, change: AskedChange, { reason, yes }: Saying): Promise<void> {
  if (yes && reason === undefined)
    throw new CommandError(EXIT.usage, 'Give --reason with --yes: it is kept with the statement.');
  const api = connectApi(runningApi(configuration));
  const preview = await api.previewPatients(change);
  console.log(described(preview));
  if (!yes || reason === undefined) return console.log('Nothing is done yet: say it again with --yes and --reason.');
  const { id } = await api.statePatients({ id: randomUUID(), change, reason, preview: preview.digest });
  console.log(`Done. To take it back: overread patient undo ${id}`);
}

/** What a change does, in lines. Exams alone: no name or number. */
export function described({ before, after, trends, baselines, runs, deliveries }: PatientPreview): string {
  const persons = (groups: readonly (readonly string[])[]) =>
    groups.map((exams) => `  one patient: ${exams.join(', ')}`);
  return [
    'Now:',
    ...persons(before),
    'Then:',
    ...persons(after),
    `Trends made anew: ${trends.join(', ') || 'none'}`,
    ...baselines.map(
      (one) =>
        `To be confirmed again: the baseline ${one.studyInstanceUid} of ${one.pipeline}, confirmed by ${one.author}`,
    ),
    ...runs.map(({ pipeline, studyInstanceUid }) => `Asked for: ${pipeline} on ${studyInstanceUid}`),
    ...(deliveries === 0 ? [] : [`Objects that wait for a receiver and will never be sent: ${deliveries}`]),
  ].join('\n');
}

function inWords({ change, undoneBy }: PatientStatementView): string {
  const said =
    change.kind === 'undo'
      ? `undoes ${change.undoes}`
      : change.kind === 'merge'
        ? `${whom(change.merged)} is ${whom(change.into)}`
        : `${change.exam} is of ${change.to === 'new' ? 'somebody else' : whom(change.to)}`;
  return undoneBy === null ? said : `${said} (undone)`;
}

const whom = (reference: PersonReference) =>
  'exam' in reference ? `the patient of ${reference.exam}` : `the person ${reference.person}`;

interface Lines extends AsyncDisposable {
  next(question: string): Promise<string>;
}

function openLines(): Lines {
  const reader = createInterface({ input: process.stdin });
  const lines = reader[Symbol.asyncIterator]();
  return {
    next: async (question) => {
      if (process.stdin.isTTY) process.stderr.write(question);
      const { value, done } = await lines.next();
      if (done)
        throw new CommandError(
          EXIT.usage,
          'Standard input ended: give a line with the number and one with its issuer.',
        );
      return value.trim();
    },
    [Symbol.asyncDispose]: async () => reader.close(),
  };
}

async function patientAsked(lines: Lines, exam: string | undefined, which: string): Promise<NamedPatient> {
  if (exam !== undefined) return { exam };
  const patientId = await lines.next(`Patient ID ${which}: `);
  if (patientId === '') throw new CommandError(EXIT.usage, 'An empty number is nobody’s. Name an exam instead.');
  return { patientId, issuer: await lines.next('Its issuer, empty where the images name none: ') };
}
