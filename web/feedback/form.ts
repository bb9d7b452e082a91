import type { Evaluation, FeedbackAnswer, Question } from '../../schemas/evaluation.ts';
import type { Result } from '../../schemas/result.ts';
import { hipNames } from '../hips.ts';

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

const fieldName = (question: string, subject: string) => `answer:${question}:${subject}`;

/** Name of the n-th box of an image, counted from 1. */
export const boxSubject = (SOPInstanceUID: string, number: number) => `${SOPInstanceUID}/${number}`;

/**
 * The form that an evaluation asks for one result, in the order of reading: the patient's right and left hip and each
 * image with its boxes, or each structure; then the exam.
 */
export function formGroups(evaluation: Evaluation, result: Result): FormGroup[] {
  const fields = (per: Question['per'], subject: string, about = '') =>
    evaluation.questions
      .filter((question) => question.per === per)
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
  return [...parts, { title: 'Exam', fields: fields('exam', 'exam') }].filter((group) => group.fields.length > 0);
}

/** Takes what a browser sent: every value as text, by field name. */
export function checkFields(
  evaluation: Evaluation,
  result: Result,
  values: Readonly<Record<string, string>>,
): CheckedAnswers {
  const answers: FeedbackAnswer[] = [];
  const errors = new Map<string, string>();
  for (const { fields } of formGroups(evaluation, result)) {
    for (const { name, question, subject } of fields) {
      const text = values[name]?.trim() ?? '';
      if (text === '') {
        if (question.required) errors.set(name, 'Please answer this.');
        continue;
      }
      const value = question.kind === 'rating' && /^-?\d+$/.test(text) ? Number(text) : text;
      const error = valueError(question, value);
      if (error === undefined) answers.push({ question: question.name, subject, value });
      else errors.set(name, error);
    }
  }
  return { answers, errors };
}

/** Takes what a program sent. Errors are by `<question> <subject>`, and answers to questions that are not asked are errors. */
export function checkAnswers(evaluation: Evaluation, result: Result, given: readonly FeedbackAnswer[]): CheckedAnswers {
  const asked = formGroups(evaluation, result).flatMap((group) => group.fields);
  const errors = new Map<string, string>();
  const byField = new Map<string, FeedbackAnswer>();
  for (const answer of given) {
    const label = `${answer.question} ${answer.subject}`;
    const field = asked.find(({ name }) => name === fieldName(answer.question, answer.subject));
    if (field === undefined) errors.set(label, 'this is not asked');
    else if (byField.has(field.name)) errors.set(label, 'this is answered twice');
    else {
      byField.set(field.name, answer);
      const error = valueError(field.question, answer.value);
      if (error !== undefined) errors.set(label, error);
    }
  }
  for (const { name, question, subject } of asked) {
    if (question.required && !byField.has(name)) errors.set(`${question.name} ${subject}`, 'this must be answered');
  }
  return { answers: [...byField.values()], errors };
}

/** Field name → text, to show answers again in the form. */
export function fieldsOfAnswers(answers: readonly FeedbackAnswer[]): Record<string, string> {
  return Object.fromEntries(
    answers.map(({ question, subject, value }) => [fieldName(question, subject), String(value)]),
  );
}

function valueError(question: Question, value: string | number): string | undefined {
  switch (question.kind) {
    case 'choice':
      return question.options.some((option) => option.value === value)
        ? undefined
        : 'This is none of the answers offered.';
    case 'rating':
      return typeof value === 'number' && Number.isInteger(value) && value >= question.from && value <= question.to
        ? undefined
        : `The answer is a whole number from ${question.from} to ${question.to}.`;
    case 'text':
      if (typeof value !== 'string') return 'The answer is a text.';
      return value.length <= question.maxLength
        ? undefined
        : `The text has ${value.length} characters; at most ${question.maxLength} are kept.`;
  }
}
