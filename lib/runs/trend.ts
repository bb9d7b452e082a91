import type {
  Measurement,
  Trend,
  TrendCurve,
  TrendEntry,
  TrendExam,
  TrendInput,
  TrendPoint,
  TrendState,
  VolumeMaker,
} from '../../schemas/trend.ts';
import { canonicalJson, sha256 } from './canonical.ts';

/** What people call the structure that is followed. */
export function structureTitle({ structureTitle: title, rules }: TrendInput): string {
  return title ?? rules.structure;
}

/** A trend with the name by which it is found again: the digest of what it was made of. */
export function trendState(given: TrendInput): TrendState {
  const input = ordered(given);
  return { digest: sha256(canonicalJson(input)), input, trend: trendOf(input) };
}

/**
 * The volumes of a patient's exams over time. Pure: the same results and the same words of people give the same trend,
 * in whatever order they came.
 *
 * Each maker (a version of a model, a person with a tool, readers who edit) has a curve of its own, and a volume is compared
 * with the baseline exam's volume by the same maker only; where nobody has edited the baseline exam, an edited volume is
 * compared with what was found there by whose results are edited, and says so. There is no percentage, and so no flag, where either of the two is
 * incomplete or the baseline is smaller than the rules allow.
 */
export function trendOf(given: TrendInput): Trend {
  return compared(ordered(given), undefined);
}

/** Another baseline or threshold to look with: nothing that anybody said, and never part of a state. */
export interface Look {
  /** StudyInstanceUID of the exam to compare with; left out: the baseline that there is. */
  readonly baseline?: string | undefined;
  /** As `progression` of the rules; left out: that. */
  readonly progression?: number | undefined;
}

/** The same exams compared otherwise. An exam that has no volume is no baseline: then the one that there is stays. */
export function lookedAt({ input }: Pick<TrendState, 'input'>, { baseline, progression }: Look): Trend {
  const rules = progression === undefined ? input.rules : { ...input.rules, progression };
  return compared({ ...input, rules }, baseline);
}

/** @param chosen exam that is the baseline whatever was said */
function compared(input: TrendInput, chosen: string | undefined): Trend {
  const { pipeline, rules } = input;
  const withdrawn = withdrawnExams(input.entries);
  const dated = input.exams.filter(({ studyInstanceUid, date }) => date !== null && !withdrawn.has(studyInstanceUid));
  const counted = input.measurements.filter(({ studyInstanceUid }) =>
    dated.some((exam) => exam.studyInstanceUid === studyInstanceUid),
  );
  const measured = dated.filter((exam) => counted.some((one) => one.studyInstanceUid === exam.studyInstanceUid));
  const looked = measured.find(({ studyInstanceUid }) => studyInstanceUid === chosen);
  const baseline =
    looked === undefined
      ? baselineOf(measured, standingEntries(input))
      : { studyInstanceUid: looked.studyInstanceUid, confirmed: null };
  const makers = [...Map.groupBy(counted, ({ maker }) => canonicalJson(maker)).values()];
  const curves = makers.flatMap((measurements) => {
    const [first] = measurements;
    if (first === undefined) return [];
    return [
      curveOf(first.maker, {
        measurements,
        all: counted,
        exams: measured,
        baselineUid: baseline?.studyInstanceUid,
        rules,
      }),
    ];
  });
  const left = input.exams
    .filter((exam) => !measured.includes(exam))
    .map((exam) => ({
      studyInstanceUid: exam.studyInstanceUid,
      date: exam.date,
      reason: withdrawn.get(exam.studyInstanceUid) ?? whyLeft(exam, input.measurements),
    }));
  return { pipeline, rules, baseline, curves: curves.sort(modelsFirst), left };
}

/** Everything in an order of its own, so that nothing hangs on the order in which it came. */
function ordered(input: TrendInput): TrendInput {
  const place = ({ date, time, studyInstanceUid }: TrendExam) => `${date ?? '9'} ${time ?? ''} ${studyInstanceUid}`;
  const by =
    <Item>(text: (item: Item) => string) =>
    (a: Item, b: Item) =>
      text(a) < text(b) ? -1 : 1;
  return {
    ...input,
    exams: [...input.exams].sort(by(place)),
    measurements: [...input.measurements].sort(by(({ studyInstanceUid, run }) => `${studyInstanceUid} ${run}`)),
    entries: [...input.entries].sort(by(({ createdAt, id }) => `${createdAt} ${id}`)),
  };
}

/** Exams whose last word is `withdrawn` → the sentence that says so. */
function withdrawnExams(entries: readonly TrendEntry[]): Map<string, string> {
  const withdrawn = new Map<string, string>();
  for (const { studyInstanceUid, kind, author, createdAt, reason } of entries) {
    if (kind === 'withdrawn') {
      withdrawn.set(studyInstanceUid, `Withdrawn by ${author} on ${createdAt.slice(0, 10)}: ${reason}`);
    } else if (kind === 'restored') withdrawn.delete(studyInstanceUid);
  }
  return withdrawn;
}

/**
 * What people said of these exams as this patient's: a baseline that was confirmed while other exams were the patient's has to
 * be confirmed again.
 */
export function standingEntries({ entries, patientChangedAt = '' }: TrendInput): TrendEntry[] {
  return entries.filter(({ kind, createdAt }) => kind !== 'baseline' || createdAt > patientChangedAt);
}

/** What a person confirmed last among the exams that count, else the first after an operation, else the first. */
function baselineOf(measured: readonly TrendExam[], entries: readonly TrendEntry[]): Trend['baseline'] {
  const holds = (uid: string) => measured.some(({ studyInstanceUid }) => studyInstanceUid === uid);
  const said = entries.findLast(({ kind, studyInstanceUid }) => kind === 'baseline' && holds(studyInstanceUid));
  if (said !== undefined) {
    const { studyInstanceUid, author, createdAt, reason } = said;
    return { studyInstanceUid, confirmed: { author, at: createdAt, reason } };
  }
  const suggested = measured.find(({ postOperative }) => postOperative) ?? measured[0];
  return suggested === undefined ? null : { studyInstanceUid: suggested.studyInstanceUid, confirmed: null };
}

interface CurveOf {
  /** By the maker. */
  readonly measurements: readonly Measurement[];
  /** By everybody. */
  readonly all: readonly Measurement[];
  readonly exams: readonly TrendExam[];
  readonly baselineUid: string | undefined;
  readonly rules: TrendInput['rules'];
}

function curveOf(maker: VolumeMaker, { measurements, all, exams, baselineUid, rules }: CurveOf): TrendCurve {
  const atBaseline = ({ studyInstanceUid }: Measurement) => studyInstanceUid === baselineUid;
  const own = measurements.find(atBaseline);
  const baseline = own ?? all.find((one) => atBaseline(one) && isSource(one.maker, maker));
  const comparedWith = own === undefined && baseline !== undefined ? { comparedWith: baseline.maker } : {};
  const baselineDate = exams.find(({ studyInstanceUid }) => studyInstanceUid === baselineUid)?.date ?? '';
  const points = exams.flatMap((exam): TrendPoint[] => {
    const here = measurements.find(({ studyInstanceUid }) => studyInstanceUid === exam.studyInstanceUid);
    if (here === undefined || exam.date === null) return [];
    const { run, studyInstanceUid, volumeMl, complete } = here;
    const isBaseline = here === baseline;
    const reason = isBaseline
      ? 'It is the baseline.'
      : exam.date < baselineDate
        ? 'It was made before the baseline.'
        : whyNoChange(here, baseline, rules);
    const change =
      reason === null && baseline !== undefined ? (volumeMl - baseline.volumeMl) / baseline.volumeMl : null;
    const progression = change === null ? null : change > rules.progression;
    const compared = change === null ? {} : comparedWith;
    return [
      {
        run,
        studyInstanceUid,
        date: exam.date,
        volumeMl,
        complete,
        isBaseline,
        change,
        ...compared,
        progression,
        reason,
      },
    ];
  });
  return { maker, points };
}

/** Whether a maker is the one whose results another one is edited from. */
function isSource(maker: VolumeMaker, edited: VolumeMaker): boolean {
  if (edited.kind !== 'edited' || maker.kind === 'edited') return false;
  const name = maker.kind === 'model' ? `${maker.name} ${maker.version}` : `${maker.source}, with ${maker.tool}`;
  return name === edited.from;
}

function whyNoChange(own: Measurement, baseline: Measurement | undefined, rules: TrendInput['rules']): string | null {
  if (baseline === undefined) return 'The baseline exam has no volume by the same maker.';
  if (!baseline.complete) return 'The baseline is incomplete: it reaches the first or last slice.';
  if (!own.complete) return 'The volume is incomplete: it reaches the first or last slice.';
  if (baseline.volumeMl < rules.minimumBaselineMl || baseline.volumeMl === 0) {
    return `The baseline is smaller than ${rules.minimumBaselineMl} mL: a percentage would say nothing.`;
  }
  return null;
}

function whyLeft({ studyInstanceUid, date, status }: TrendExam, measurements: readonly Measurement[]): string {
  if (measurements.some((one) => one.studyInstanceUid === studyInstanceUid) && date === null) {
    return 'It has a volume and no date, so it has no place in the trend.';
  }
  switch (status) {
    case 'none':
      return 'It has not been processed.';
    case 'queued':
    case 'running':
      return 'It is being processed.';
    case 'failed':
      return 'Its processing failed.';
    case 'out-of-scope':
      return 'It is out of the model’s scope.';
    case 'withheld':
      return 'You are still to read its images without the result.';
    case 'succeeded':
      return 'Its result has no volume of this structure.';
  }
}

/** Models by name and version, each with what was edited from it, then people. */
function modelsFirst(a: TrendCurve, b: TrendCurve): number {
  const place = ({ maker }: TrendCurve) =>
    maker.kind === 'model'
      ? `0 ${maker.name} ${maker.version}`
      : maker.kind === 'edited'
        ? `0 ${maker.from} edited`
        : `1 ${maker.source} ${maker.tool}`;
  return place(a) < place(b) ? -1 : 1;
}
