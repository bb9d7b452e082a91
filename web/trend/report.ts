import { imagesOfStudy } from '../../lib/archive/instances.ts';
import type { Database } from '../../lib/database/connection.ts';
import { canWrite } from '../../lib/dicom/capture/page.ts';
import { writeCapture } from '../../lib/dicom/capture/write.ts';
import type { Dataset } from '../../lib/dicom/dataset.ts';
import { examOf } from '../../lib/dicom/made/exam.ts';
import { deriveUid } from '../../lib/dicom/uid.ts';
import { ProblemError } from '../../lib/platform/problem.ts';
import { sha256 } from '../../lib/runs/canonical.ts';
import type { RunView } from '../../schemas/api.ts';
import type { ShownExams } from '../../schemas/delivery.ts';
import type { TrendState } from '../../schemas/trend.ts';
import { readHead } from '../dicomweb/head.ts';
import { calendarDate, personName, SEXES } from '../pages/patient.ts';
import type { Parts } from '../parts.ts';
import { findRuns } from './read.ts';
import { drawSheet, type Patient } from './sheet.ts';

/** SeriesNumber of a report; the objects of a run have numbers below. */
const SERIES_NUMBER = 9021;

/** Plot and table of a trend as a DICOM object, ready to be sent. */
export interface TrendReport {
  /** Digest of the state that it shows. */
  readonly state: string;
  readonly SOPInstanceUID: string;
  /** A Secondary Capture, Part 10. */
  readonly bytes: Buffer;
  readonly sha256: string;
  /** What it shows: R, G, B of each pixel, row by row. */
  readonly pixels: Uint8Array;
  readonly rows: number;
  readonly columns: number;
  /** The run to whose deliveries it belongs: of the newest exam. */
  readonly run: string;
  readonly pipeline: string;
  /** Versions of the pipeline that made what it shows, the newest first: a clinical receiver needs the approval of each. */
  readonly versions: readonly string[];
  /** What people say of these exams later stops it where it waits for a receiver. */
  readonly shows: ShownExams;
}

/**
 * Makes the report of a trend, in the study of its newest exam. The same state and person give the same object, byte for
 * byte: nothing in it is the clock's.
 *
 * @throws {ProblemError} 409: nobody has confirmed the baseline; exams are left out that who asks is still to read; the
 *   images do not say whose they are as the archive does
 */
export async function makeReport(parts: Parts, state: TrendState, author: string): Promise<TrendReport> {
  const obstacle = whyNoReport(state);
  if (obstacle !== null) throw new ProblemError(409, 'No report yet', obstacle);
  const shown = state.trend.curves.flatMap(({ points }) => points.map(({ run }) => run));
  const runs = await findRuns(parts.database, shown);
  const newest = newestOf(state, runs);
  const { dataset, digest } = await imageOf(parts, newest);
  const { pipeline } = state.input;
  const versions = await versionsOf(parts.database, runs, pipeline);
  const at = lastChange(state, runs);
  const title = parts.pipelines.get(pipeline)?.title ?? pipeline;
  const pipelines = versions.map((version) => `${pipeline} ${version}`);
  const exams = shownExams(state);
  const restated = await restatedAmong(parts, exams);
  const page = drawSheet({
    site: parts.site.name,
    title,
    patient: patientOf(dataset),
    state,
    restated,
    pipelines,
    at,
    author,
  });
  // Of what it shows and of whose images: other pixels or another name are never sent under the same UID.
  const of = [state.digest, author, digest, sha256(Buffer.from(page.pixels))];
  const SOPInstanceUID = deriveUid('trend-report', ...of);
  const bytes = writeCapture({
    exam: examOf(dataset),
    page,
    namesPatient: true,
    derivation: `Volumes over time, trend state ${state.digest}`,
    made: {
      SOPInstanceUID,
      SeriesInstanceUID: deriveUid('trend-report-series', ...of),
      seriesNumber: SERIES_NUMBER,
      seriesDescription: `${title}: over time`,
      at,
      softwareVersions: pipelines,
    },
  });
  const { pixels, rows, columns } = page;
  const made = { state: state.digest, SOPInstanceUID, bytes, sha256: sha256(bytes), pixels, rows, columns };
  const own = newest.studyInstanceUid;
  const patientChangedAt = state.input.patientChangedAt ?? null;
  const shows = { exams: [own, ...exams.filter((exam) => exam !== own)], patientChangedAt };
  return { ...made, run: newest.id, pipeline, versions, shows };
}

/** What must be done before there can be a report, as a sentence; null where nothing must. */
export function whyNoReport({ input, trend }: TrendState): string | null {
  if (trend.baseline === null) return 'No exam has a volume yet.';
  if (input.exams.some(({ status }) => status === 'withheld')) {
    return 'Exams of this patient are left out that you are still to read without the result. Read them first.';
  }
  if (trend.baseline.confirmed === null) {
    return 'The baseline is only suggested. Confirm it first, or another exam: every percentage of the report rests on it.';
  }
  return null;
}

const shownExams = ({ trend }: TrendState): string[] => [
  ...new Set(trend.curves.flatMap(({ points }) => points.map(({ studyInstanceUid }) => studyInstanceUid))),
];

/** Those of these exams of which people have said that they are of somebody else than their images state. */
async function restatedAmong({ archive }: Pick<Parts, 'archive'>, studies: readonly string[]): Promise<string[]> {
  const exams = await archive.findExams(studies);
  return studies.filter((study) => exams.get(study)?.isRestated === true);
}

/** The run that measured the newest exam: the model's, where there is one. */
function newestOf({ input, trend }: TrendState, runs: readonly RunView[]): RunView {
  const points = trend.curves.flatMap((curve) => curve.points);
  const of = (study: string) => points.find(({ studyInstanceUid }) => studyInstanceUid === study);
  const newest = input.exams
    .map(({ studyInstanceUid }) => of(studyInstanceUid))
    .findLast((point) => point !== undefined);
  const run = runs.find(({ id }) => id === newest?.run);
  if (run === undefined) throw new ProblemError(409, 'No report yet', 'The run of the newest exam is not there.');
  return run;
}

/** When what is shown last changed: by a run, or by what somebody said. */
function lastChange({ input }: TrendState, runs: readonly RunView[]): string {
  const said = input.entries.map(({ createdAt }) => createdAt);
  const moments = [
    ...said,
    ...(input.patientChangedAt === undefined ? [] : [input.patientChangedAt]),
    ...runs.map((run) => run.finishedAt ?? run.createdAt),
  ];
  return new Date(Math.max(...moments.map((moment) => Date.parse(moment)))).toISOString();
}

/** Of what is shown, and of what was edited to make it. */
async function versionsOf(database: Database, runs: readonly RunView[], pipeline: string): Promise<string[]> {
  const edited = runs.flatMap(({ imported }) => imported?.edits ?? []);
  const made = [...runs, ...(await findRuns(database, edited))].filter((run) => run.pipeline === pipeline);
  made.sort((a, b) => (a.createdAt > b.createdAt ? -1 : 1));
  return [...new Set(made.map(({ pipelineVersion }) => pipelineVersion))];
}

/** One image of the series that was measured: patient and study are taken from it. */
async function imageOf(parts: Parts, run: RunView): Promise<{ dataset: Dataset; digest: string }> {
  const images = await imagesOfStudy(parts.database, run.studyInstanceUid);
  const measured = run.result?.kind === 'segmentation' ? run.result.seriesInstanceUid : undefined;
  const own = images.filter(({ SeriesInstanceUID }) => SeriesInstanceUID === measured);
  const [first] = (own.length > 0 ? own : images).sort((a, b) => (a.SOPInstanceUID < b.SOPInstanceUID ? -1 : 1));
  if (first === undefined) throw new ProblemError(409, 'No report', 'The images of the newest exam are not held here.');
  const { dataset } = await readHead(parts.store, { bucket: 'dicom', key: first.key });
  const known = (await parts.archive.findExams([run.studyInstanceUid])).get(run.studyInstanceUid);
  const isOther = known !== undefined && (known.patientId ?? '') !== (dataset.text('PatientID') ?? '');
  // Two issuers may give the same number, and images may bear none.
  if (isOther || known?.isRestated === true) {
    throw new ProblemError(
      409,
      'No report',
      'The images of the newest exam state another patient than the archive knows for them since patients were merged or corrected. Send the corrected images first.',
    );
  }
  return { dataset, digest: first.sha256 };
}

function patientOf(dataset: Dataset): Patient {
  const text = (keyword: string) => dataset.text(keyword)?.trim() || null;
  const [name, sex] = [text('PatientName'), text('PatientSex')];
  const whole = personName(name);
  // Not every script can be drawn: of a name in several the first is written where the others cannot be.
  const shown = whole === null || canWrite(whole) ? whole : personName(name?.split('=')[0] ?? null);
  return {
    name: shown ?? whole ?? NOT_GIVEN,
    patientId: text('PatientID') ?? NOT_GIVEN,
    birthDate: calendarDate(text('PatientBirthDate')) ?? NOT_GIVEN,
    sex: sex === null ? NOT_GIVEN : (SEXES[sex] ?? sex),
  };
}

const NOT_GIVEN = 'not given';
