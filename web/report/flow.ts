import { spreadOf } from '../../lib/statistics/quantiles.ts';
import type { CountView, FlowView, TimeView } from '../../schemas/report.ts';
import type { CaseRow } from './cases.ts';
import { type Reported, rowsAt } from './links.ts';

/** Reasons that are told apart; what is rarer is taken together. */
const MOST_REASONS = 20;

const MINUTE_MS = 60_000;

/** A step of the way of an exam, and why some do not come so far. */
interface Step {
  readonly name: string;
  readonly label: string;
  readonly passes: (row: CaseRow) => boolean;
  /** Which rows of the cases are those. */
  readonly filter: Readonly<Record<string, string>>;
  /** Why an exam is left behind here; the filter of those. */
  readonly left: (row: CaseRow) => { readonly reason: string; readonly filter: Readonly<Record<string, string>> };
}

const NOT_WITHDRAWN = { withdrawn: 'no' };
const WITH_RESULT = { ...NOT_WITHDRAWN, result: 'yes' };

interface Has {
  readonly quality: boolean;
  readonly reference: boolean;
  readonly arms?: boolean;
}

function stepsOf({ quality: withQuality, reference: withReference, arms = false }: Has): Step[] {
  const notSetAside = (row: CaseRow) => row.quality === null || row.quality === 'passed';
  const good: Record<string, string> = withQuality ? { ...WITH_RESULT, quality: 'passed' } : WITH_RESULT;
  return [
    {
      name: 'counted',
      label: 'not withdrawn',
      passes: (row) => !row.withdrawn,
      filter: NOT_WITHDRAWN,
      left: ({ withdrawnReason }) => ({
        reason: `Withdrawn: ${withdrawnReason ?? 'no reason given'}`,
        filter: { withdrawn: 'yes', ...(withdrawnReason === null ? {} : { withdrawal: withdrawnReason }) },
      }),
    },
    {
      name: 'result',
      label: 'with a result of the model',
      passes: (row) => row.resultAt !== null,
      filter: WITH_RESULT,
      left: whyNoResult,
    },
    ...(withQuality
      ? [
          {
            name: 'quality',
            label: 'passed the quality review',
            passes: notSetAside,
            filter: good,
            left: ({ quality }: CaseRow) => ({
              reason: quality === 'waiting' ? 'Waits for the quality review' : 'Set aside by the quality review',
              filter: { ...WITH_RESULT, quality: quality ?? 'waiting' },
            }),
          },
        ]
      : []),
    ...(arms ? [TO_AN_ARM(good)] : readSteps(good, withReference)),
  ];
}

const TO_AN_ARM = (good: Step['filter']): Step => ({
  name: 'arm',
  label: 'came to an arm',
  passes: ({ arm }) => arm !== null,
  filter: { ...good, allocated: 'yes' },
  left: () => ({ reason: 'Has come to no arm yet', filter: { ...good, allocated: 'no' } }),
});

function readSteps(good: Step['filter'], withReference: boolean): Step[] {
  return [
    {
      name: 'read',
      label: 'read by at least one reader',
      passes: (row) => row.unaidedReaders + row.aidedReaders > 0,
      filter: { ...good, read: 'yes' },
      left: () => ({ reason: 'Not read yet', filter: { ...good, read: 'no' } }),
    },
    ...(withReference
      ? [
          {
            name: 'reference',
            label: 'with a reference standard',
            passes: (row: CaseRow) => row.hasReference,
            filter: { ...good, read: 'yes', reference: 'yes' },
            left: () => ({ reason: 'No reference standard', filter: { ...good, read: 'yes', reference: 'no' } }),
          },
        ]
      : []),
  ];
}

function whyNoResult({ status, reason }: CaseRow): ReturnType<Step['left']> {
  const filter = { ...NOT_WITHDRAWN, result: 'no', status };
  if (status === 'queued' || status === 'running') return { reason: 'Still being processed', filter };
  if (status === 'succeeded') return { reason: 'Nothing was published', filter };
  const why = reason ?? 'no reason given';
  const words = status === 'failed' ? 'Processing failed' : 'Out of the model’s scope';
  return { reason: `${words}: ${why}`, filter: { ...filter, reason: why } };
}

/** Counts exams on their way, and how long each stretch of it took; row by row, so that however many take no memory. */
export class FlowCount {
  readonly #evaluation: Pick<Reported, 'name' | 'arm'>;
  readonly #steps: readonly Step[];
  readonly #counts: number[];
  readonly #left = new Map<string, { from: string; reason: string; count: number; filter: Record<string, string> }>();
  readonly #minutes = { result: [] as number[], answer: [] as number[], whole: [] as number[] };
  #exams = 0;

  /** @param has which of the steps the evaluation has; one with arms is read, and has a reference, in each of them */
  constructor(evaluation: Pick<Reported, 'name' | 'arm'>, has: Has) {
    this.#evaluation = evaluation;
    this.#steps = stepsOf(has);
    this.#counts = this.#steps.map(() => 0);
  }

  add(row: CaseRow): void {
    this.#exams += 1;
    this.#time(row);
    for (const [index, step] of this.#steps.entries()) {
      if (!step.passes(row)) {
        const { reason, filter } = step.left(row);
        const key = `${step.name} ${reason}`;
        const known = this.#left.get(key) ?? { from: step.name, reason, count: 0, filter: { ...filter } };
        known.count += 1;
        this.#left.set(key, known);
        return;
      }
      this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    }
  }

  #time({ receivedAt, resultAt, firstAnswerAt, withdrawn }: CaseRow): void {
    if (withdrawn || resultAt === null) return;
    const minutes = (from: Date, to: Date) => (to.getTime() - from.getTime()) / MINUTE_MS;
    if (receivedAt !== null) this.#minutes.result.push(minutes(receivedAt, resultAt));
    if (firstAnswerAt !== null) this.#minutes.answer.push(minutes(resultAt, firstAnswerAt));
    if (receivedAt !== null && firstAnswerAt !== null) this.#minutes.whole.push(minutes(receivedAt, firstAnswerAt));
  }

  flow(): FlowView {
    const rows = (filter: Readonly<Record<string, string>>) => rowsAt(this.#evaluation, 'cases', filter);
    const steps: CountView[] = [
      { name: 'exams', label: 'exams sent to the pipeline', count: this.#exams, rows: rows({}) },
      ...this.#steps.map(({ name, label, filter }, index) => ({
        name,
        label,
        count: this.#counts[index] ?? 0,
        rows: rows(filter),
      })),
    ];
    const exclusions = this.#steps.flatMap(({ name }) => {
      const own = [...this.#left.values()].filter(({ from }) => from === name).sort((a, b) => b.count - a.count);
      const shown = own
        .slice(0, MOST_REASONS)
        .map(({ from, reason, count, filter }) => ({ from, name, label: reason, count, rows: rows(filter) }));
      const rest = own.slice(MOST_REASONS);
      if (rest.length === 0) return shown;
      const count = rest.reduce((total, one) => total + one.count, 0);
      const label = `${rest.length} rarer reasons`;
      return [...shown, { from: name, name, label, count, rows: rows({ ...NOT_WITHDRAWN, result: 'no' }) }];
    });
    return { steps, exclusions };
  }

  times(): TimeView[] {
    const rows = rowsAt(this.#evaluation, 'cases', WITH_RESULT);
    return [
      {
        name: 'received-to-result',
        label: 'From the last image to the result',
        minutes: spreadOf(this.#minutes.result),
        rows,
      },
      {
        name: 'result-to-answer',
        label: 'From the result to the first reader’s answer',
        minutes: spreadOf(this.#minutes.answer),
        rows,
      },
      {
        name: 'received-to-answer',
        label: 'From the last image to the first reader’s answer',
        minutes: spreadOf(this.#minutes.whole),
        rows,
      },
    ];
  }
}
