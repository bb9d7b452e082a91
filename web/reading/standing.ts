import type { Evaluation, Feedback, FeedbackAnswer, Reading, Stage } from '../../schemas/evaluation.ts';

/** What counts of an entry here. */
export type Entry = Pick<Feedback, 'author' | 'stage' | 'version' | 'answers'>;

/** Who asks, and what they may do in the evaluation. */
export interface Participant {
  readonly name: string;
  readonly reads: boolean;
  /** May be a reader who has not seen the model: cannot look up its results elsewhere. */
  readonly readsBlinded: boolean;
  readonly reviewsQuality: boolean;
  readonly adjudicates: boolean;
  /** Leads the evaluation, or browses the store: sees every result. */
  readonly seesAll: boolean;
}

/** A case: the newest run on an exam, what was sent about it so far, and who reads it. */
export interface Case {
  readonly entries: readonly Entry[];
  /** Those it was assigned to; undefined: everybody reads it. */
  readonly readers: readonly string[] | undefined;
  /** Those who were shown what the model found in an earlier run on the exam: they cannot read it without the model any more. */
  readonly haveSeen?: readonly string[];
  /** Why no reader is asked about the exam: a sentence; undefined: nothing is in the way. */
  readonly closed?: string | undefined;
}

/** What a person has to do with a case now. */
export type Standing =
  /** A form is open. */
  | { readonly kind: 'asked'; readonly stage: Stage }
  /** Everything that they are asked has been sent; the newest stage of it. */
  | { readonly kind: 'sent'; readonly stage: Stage }
  /** Nothing is asked of them now, and why. */
  | { readonly kind: 'not-asked'; readonly why: string };

const STAGES: Readonly<Record<Reading['mode'], readonly Stage[]>> = {
  'model-shown': ['aided'],
  'unaided-first': ['unaided', 'aided'],
  'never-revealed': ['unaided'],
  blinded: ['blinded'],
};

/** What a reader is asked, one after the other. */
export const stagesOf = ({ mode }: Reading): readonly Stage[] => STAGES[mode];

/** How a case stands with the quality reviewer: it passes if at least one of its images does. */
export function qualityOf({ reading }: Evaluation, entries: readonly Entry[]): 'passed' | 'waiting' | 'set-aside' {
  const { qualityReview } = reading;
  if (qualityReview === undefined) return 'passed';
  const judged = newestOf(entries, 'quality')
    .flatMap(({ answers }) => answers)
    .filter(({ question }) => question === qualityReview.question);
  if (judged.length === 0) return 'waiting';
  return judged.some(({ value }) => qualityReview.passes.some((passes) => passes === value)) ? 'passed' : 'set-aside';
}

/**
 * What the readers of a case answered differently, question and subject, each at the first stage they were asked: before
 * the model could bring them together.
 */
export function disagreements(
  { reading }: Evaluation,
  entries: readonly Entry[],
): { question: string; subject: string }[] {
  const answers = new Map<string, Set<string>>();
  const asked = new Map<string, { question: string; subject: string }>();
  for (const { question, subject, value } of answersAtFirst(reading, entries)) {
    if (!reading.adjudicate.includes(question)) continue;
    const key = `${question} ${subject}`;
    asked.set(key, { question, subject });
    answers.set(key, (answers.get(key) ?? new Set()).add(JSON.stringify(value)));
  }
  return [...asked].filter(([key]) => (answers.get(key)?.size ?? 0) > 1).map(([, found]) => found);
}

/** What a person has to do with a case now. */
export function standingOf(evaluation: Evaluation, person: Participant, shown: Case): Standing {
  const { entries } = shown;
  const sent = (stage: Stage) => entries.some((entry) => entry.author === person.name && entry.stage === stage);
  const quality = qualityOf(evaluation, entries);
  if (person.reviewsQuality && quality === 'waiting' && shown.closed === undefined) {
    return { kind: 'asked', stage: 'quality' };
  }
  const reader = readerStanding(evaluation, person, shown, sent);
  if (reader.kind === 'asked') return reader;
  const isSettled = entries.some(({ stage }) => stage === 'adjudication');
  const isOpen = shown.closed === undefined && !isSettled;
  if (person.adjudicates && isOpen && disagreements(evaluation, entries).length > 0) {
    return { kind: 'asked', stage: 'adjudication' };
  }
  if (reader.kind === 'sent') return reader;
  if (sent('adjudication')) return { kind: 'sent', stage: 'adjudication' };
  if (sent('quality')) return { kind: 'sent', stage: 'quality' };
  return reader;
}

/** Whether a person may see what the model found, and what others answered to it. */
export function isRevealed(
  { reading }: Evaluation,
  person: Participant,
  { entries, haveSeen = [] }: Pick<Case, 'entries' | 'haveSeen'>,
): boolean {
  if (reading.mode === 'model-shown' || person.seesAll) return true;
  if (reading.mode !== 'unaided-first') return false;
  return (
    haveSeen.includes(person.name) || entries.some(({ author, stage }) => author === person.name && stage === 'unaided')
  );
}

/** What is asked of a reader who has, or has not, seen the model's result of an earlier run: an unaided read needs that they have not. */
function stagesLeft(reading: Reading, hasSeen: boolean): readonly Stage[] {
  return stagesOf(reading).filter((stage) => !(hasSeen && stage === 'unaided' && reading.mode === 'unaided-first'));
}

function readerStanding(
  evaluation: Evaluation,
  person: Participant,
  { entries, readers, haveSeen = [], closed }: Case,
  sent: (stage: Stage) => boolean,
): Standing {
  const { reading } = evaluation;
  const not = (why: string): Standing => ({ kind: 'not-asked', why });
  if (!person.reads) return not('You are no reader of this evaluation.');
  const blinded = reading.mode !== 'model-shown';
  if (blinded && !person.readsBlinded) {
    return not(
      'Its readers must not know the model’s result beforehand. Your account can look it up, so you cannot be one of them.',
    );
  }
  const stages = stagesLeft(reading, haveSeen.includes(person.name));
  const next = stages.find((stage) => !sent(stage));
  if (next === undefined) return { kind: 'sent', stage: stages.at(-1) ?? 'aided' };
  if (readers !== undefined && !readers.includes(person.name)) return not('This exam was given to other readers.');
  const quality = qualityOf(evaluation, entries);
  if (quality === 'waiting')
    return not('A quality reviewer looks at the images first. The exam comes to you after that.');
  if (quality === 'set-aside')
    return not('The quality review has set this exam aside: no image of it is good enough to be read.');
  if (closed !== undefined) return not(closed);
  return { kind: 'asked', stage: next };
}

function answersAtFirst(reading: Reading, entries: readonly Entry[]): FeedbackAnswer[] {
  const [first] = stagesOf(reading);
  return first === undefined ? [] : newestOf(entries, first).flatMap(({ answers }) => answers);
}

/** The newest entry of each author at a stage. */
function newestOf(entries: readonly Entry[], stage: Stage): Entry[] {
  const newest = new Map<string, Entry>();
  for (const entry of entries.filter((one) => one.stage === stage)) {
    if ((newest.get(entry.author)?.version ?? 0) < entry.version) newest.set(entry.author, entry);
  }
  return [...newest.values()];
}
