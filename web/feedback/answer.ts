import type { FeedbackAnswer, Question } from '../../schemas/evaluation.ts';

export type AnswerValue = FeedbackAnswer['value'];

/** Name of the box to tick for one option of a question of kind `choices`. */
export const optionField = (name: string, option: string) => `${name}#${option}`;

const TICKED = 'on';

/** What a browser sent for a question; undefined where nothing was entered. A decimal comma is a decimal point. */
export function enteredValue(
  question: Question,
  name: string,
  values: Readonly<Record<string, string>>,
): AnswerValue | undefined {
  if (question.kind === 'choices') {
    const chosen = question.options
      .map(({ value }) => value)
      .filter((value) => values[optionField(name, value)] === TICKED);
    return chosen.length === 0 ? undefined : chosen.sort();
  }
  const text = values[name]?.trim() ?? '';
  if (text === '') return undefined;
  if (question.kind === 'rating') return /^-?\d+$/.test(text) ? Number(text) : text;
  if (question.kind === 'number') return /^-?\d+([.,]\d+)?$/.test(text) ? Number(text.replace(',', '.')) : text;
  return text;
}

/** Fields of a form in which a value stands again. */
export function fieldsOfValue(name: string, value: AnswerValue): Record<string, string> {
  if (!Array.isArray(value)) return { [name]: String(value) };
  return Object.fromEntries(value.map((option) => [optionField(name, option), TICKED]));
}

/** What is wrong with a value, as a sentence for who entered it; undefined where it can be kept. */
export function valueError(question: Question, value: AnswerValue): string | undefined {
  switch (question.kind) {
    case 'choice':
      return question.options.some((option) => option.value === value)
        ? undefined
        : 'This is none of the answers offered.';
    case 'choices': {
      const offered = question.options.map((option) => option.value);
      if (!Array.isArray(value)) return 'The answer is a list of the answers offered.';
      if (new Set(value).size < value.length) return 'An answer is named twice.';
      return value.every((option) => offered.includes(option)) ? undefined : 'This is none of the answers offered.';
    }
    case 'rating':
      return typeof value === 'number' && Number.isInteger(value) && value >= question.from && value <= question.to
        ? undefined
        : `The answer is a whole number from ${question.from} to ${question.to}.`;
    case 'number':
      return typeof value === 'number' && value >= question.from && value <= question.to
        ? undefined
        : `The answer is a number from ${question.from} to ${question.to} ${question.unit}.`;
    case 'text':
      if (typeof value !== 'string') return 'The answer is a text.';
      return value.length <= question.maxLength
        ? undefined
        : `The text has ${value.length} characters; at most ${question.maxLength} are kept.`;
  }
}

/** A value in words. */
export function valueWords(question: Question, value: AnswerValue): string {
  const label = (option: string) =>
    'options' in question ? (question.options.find(({ value: known }) => known === option)?.label ?? option) : option;
  if (Array.isArray(value)) return value.map(label).join(', ');
  if (question.kind === 'rating') return `${value} of ${question.to}`;
  if (question.kind === 'number') return `${value} ${question.unit}`;
  return typeof value === 'string' ? label(value) : String(value);
}
