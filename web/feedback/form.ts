import type { Evaluation, FeedbackAnswer, Question, Stage } from '../../schemas/evaluation.ts';
import type { Result } from '../../schemas/result.ts';
import { calendarDate } from '../pages/patient.ts';
import { hipNames } from '../runs/hips.ts';
import { type AnswerValue, enteredValue, fieldsOfValue, valueError } from './answer.ts';
import type { TimePoint } from './time-points.ts';

/** One field of a form: a question about one thing. */
export interface FormField {
  /** Name of the HTML field. */
  readonly name: string;
  readonly question: Question;
  readonly subject: string;
}

/** Fields that belong together on the page. */
export interface FormGroup {
  readonly title: string;
  readonly fields: readonly (FormField & { readonly about: string })[];
}

/** Answers that can be kept, and what is wrong with the others, by field name. */
export interface CheckedAnswers {
  readonly answers: readonly FeedbackAnswer[];
  readonly errors: ReadonlyMap<string, string>;
}

/** What of a segmentation is asked about. */
export interface Outlined {
  readonly kind: 'segmentation';
  readonly structures: readonly { readonly name: string; readonly title: string }[];
}

/** What is asked about one result at one stage. */
export interface Asked {
  readonly evaluation: Evaluation;
  readonly result: Result | Outlined;
  readonly stage: Stage;
  /** Exams of the patient that are asked about one by one; none where no question is. */
  readonly timePoints?: readonly TimePoint[];
}

/** Subject of questions about the exam as a whole. */
const EXAM = 'exam';

const fieldName = (question: string, subject: string) => `answer:${question}:${subject}`;

/** Name of the n-th box of an image, counted from 1. */
const boxSubject = (SOPInstanceUID: string, number: number) => `${SOPInstanceUID}/${number}`;

/** Whether a question is asked at a stage: an adjudicator is asked what must be agreed on. */
function isAskedAt({ reading }: Evaluation, question: Question, stage: Stage): boolean {
  if (question.stages !== undefined) return question.stages.includes(stage);
  if (stage === 'blinded') return true;
  const isOfModel = question.per === 'box' || question.per === 'structure' || question.per === 'time-point';
  if (stage === 'adjudication') return reading.adjudicate.includes(question.name);
  return stage === 'aided' || (stage === 'unaided' && !isOfModel);
}

/**
 * The form that an evaluation asks for one result, in the order of reading: the patient's right and left hip and each
 * image with its boxes, or each structure; then each exam over time; then the exam.
 */
export function formGroups({ evaluation, result, stage, timePoints = [] }: Asked): FormGroup[] {
  const fields = (per: Question['per'], subject: string, about = '') =>
    evaluation.questions
      .filter((question) => question.per === per && isAskedAt(evaluation, question, stage))
      .map((question) => ({ name: fieldName(question.name, subject), question, subject, about }));
  const parts =
    result.kind === 'segmentation'
      ? result.structures.map(({ name, title }) => ({ title, fields: fields('structure', name) }))
      : [
          { title: 'Right hip', fields: fields('hip', 'right') },
          { title: 'Left hip', fields: fields('hip', 'left') },
          ...result.images.map((image, index) => ({
            title: `Image ${index + 1}`,
            fields: [
              ...fields('image', image.sopInstanceUid),
              ...hipNames(image.hips).flatMap((name, box) =>
                fields('box', boxSubject(image.sopInstanceUid, box + 1), name.toLowerCase()),
              ),
            ],
          })),
        ];
  const overTime = timePoints.map(({ studyInstanceUid, date }) => ({
    title: date === null ? 'An exam that is no longer on the trend' : `Exam of ${calendarDate(date)}`,
    fields: fields('time-point', studyInstanceUid),
  }));
  return [...parts, ...overTime, { title: 'Exam', fields: fields('exam', EXAM) }].filter(
    (group) => group.fields.length > 0,
  );
}

/** Takes what a browser sent: every value as text, by field name. What a condition leaves out is dropped. */
export function checkFields(asked: Asked, values: Readonly<Record<string, string>>): CheckedAnswers {
  const answers = new Map<string, FeedbackAnswer>();
  const errors = new Map<string, string>();
  for (const { name, question, subject } of fieldsOf(asked)) {
    if (!isConditionMet(question, subject, answers)) continue;
    const value = enteredValue(question, name, values);
    if (value === undefined) {
      if (question.required) errors.set(name, 'Please answer this.');
      continue;
    }
    const error = valueError(question, value);
    if (error === undefined) answers.set(name, { question: question.name, subject, value });
    else errors.set(name, error);
  }
  return { answers: [...answers.values()], errors };
}

/** Takes what a program sent. Errors are by `<question> <subject>`, and answers to questions that are not asked are errors. */
export function checkAnswers(asked: Asked, given: readonly FeedbackAnswer[]): CheckedAnswers {
  const fields = fieldsOf(asked);
  const errors = new Map<string, string>();
  const byField = new Map<string, FeedbackAnswer>();
  for (const answer of given) {
    const label = `${answer.question} ${answer.subject}`;
    const field = fields.find(({ name }) => name === fieldName(answer.question, answer.subject));
    if (field === undefined) errors.set(label, 'this is not asked');
    else if (byField.has(field.name)) errors.set(label, 'this is answered twice');
    else {
      byField.set(field.name, answer);
      const error = valueError(field.question, answer.value);
      if (error !== undefined) errors.set(label, error);
    }
  }
  for (const { name, question, subject } of fields) {
    const isMet = isConditionMet(question, subject, byField);
    if (isMet && question.required && !byField.has(name)) {
      errors.set(`${question.name} ${subject}`, 'this must be answered');
    }
    if (!isMet && byField.has(name)) errors.set(`${question.name} ${subject}`, 'this is not asked after that answer');
  }
  return { answers: [...byField.values()], errors };
}

/**
 * The answers of a reader who agrees with everything that the model says, by one act.
 *
 * @returns undefined where the form asks something that agreeing does not answer
 */
export function agreement(asked: Asked): FeedbackAnswer[] | undefined {
  const answers: FeedbackAnswer[] = [];
  for (const { question, subject } of fieldsOf(asked)) {
    const value = question.kind === 'choice' ? agreeing(question.agree, subject, asked.result) : undefined;
    if (value !== undefined) answers.push({ question: question.name, subject, value });
    else if (question.required && question.when === undefined) return undefined;
  }
  return answers.length === 0 || checkAnswers(asked, answers).errors.size > 0 ? undefined : answers;
}

/** Field name → text, to show answers again in the form. */
export function fieldsOfAnswers(answers: readonly FeedbackAnswer[]): Record<string, string> {
  return Object.assign(
    {},
    ...answers.map(({ question, subject, value }) => fieldsOfValue(fieldName(question, subject), value)),
  );
}

/** The value that was given for a field. */
export function answerFor(field: FormField, answers: readonly FeedbackAnswer[]): AnswerValue | undefined {
  return answers.find(({ question, subject }) => question === field.question.name && subject === field.subject)?.value;
}

const fieldsOf = (asked: Asked) => formGroups(asked).flatMap((group) => group.fields);

/** The model's own answer about a hip: its class, where it gave one; `no-fracture` where it found nothing is never assumed. */
function agreeing(agree: string | undefined, subject: string, result: Asked['result']): string | undefined {
  if (agree !== 'model') return agree;
  return result.kind === 'detection' ? result.summary.sides.find(({ side }) => side === subject)?.class : undefined;
}

function isConditionMet(question: Question, subject: string, answers: ReadonlyMap<string, FeedbackAnswer>): boolean {
  if (question.when === undefined) return true;
  const { question: other, is } = question.when;
  const answer = answers.get(fieldName(other, subject)) ?? answers.get(fieldName(other, EXAM));
  const given = [answer?.value].flat();
  return is.some((value) => given.includes(value));
}
