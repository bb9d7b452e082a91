import { type Colour, canWrite, FAINT, INK, LETTER, NO_LETTER, Page, wrap } from '../../lib/dicom/capture/page.ts';
import { BANNER } from '../../lib/dicom/capture/write.ts';
import { millilitres } from '../../lib/platform/words.ts';
import { structureTitle } from '../../lib/runs/trend.ts';
import type { TrendPoint, TrendState, VolumeMaker } from '../../schemas/trend.ts';
import { calendarDate } from '../pages/patient.ts';
import { changeText, makerName } from './page.ts';
import { drawPlot, drawSign } from './sheet-plot.ts';

const COLUMNS = 1024;
const MARGIN = 40;
const WIDTH = COLUMNS - 2 * MARGIN;
const LINE = 26;
const LETTERS_IN_LINE = Math.floor(WIDTH / LETTER.width);
const PLOT_HEIGHT = 320;
/** Where the columns of the table begin, of volume and change where they end, in pixels. */
const STOPS = { exam: MARGIN + 8, sign: 256, maker: 274, volume: 740, change: 836, note: 842, flag: 904 };
const ALARM: Colour = [120, 18, 18];
const FRAME: Colour = [70, 75, 82];

/** Whose report it is, in words. */
export interface Patient {
  readonly name: string;
  readonly patientId: string;
  readonly birthDate: string;
  readonly sex: string;
}

/** What a report shows. */
export interface Sheet {
  readonly site: string;
  readonly title: string;
  /** As the attributes of the object name them. */
  readonly patient: Patient;
  readonly state: TrendState;
  /** Exams among those shown whose images state somebody else, as StudyInstanceUIDs. */
  readonly restated: readonly string[];
  /** The pipeline and its versions that made what is shown. */
  readonly pipelines: readonly string[];
  /** When what is shown last changed; ISO 8601 in UTC. */
  readonly at: string;
  readonly author: string;
}

/** Draws the report: who it is, the plot, the table, and what it rests on; as long as it needs. The bands at its ends are left free. */
export function drawSheet(sheet: Sheet): Page {
  const rows = rowsOf(sheet.state);
  const notes = notesOf(sheet, rows).flatMap((note) => (note === '' ? [''] : wrap(note, LETTERS_IN_LINE)));
  const head = 2 * LINE + LINE + 3 * LINE + 24;
  const table = (rows.length + 2) * LINE + 12;
  const height = 2 * BANNER + 24 + head + PLOT_HEIGHT + 16 + table + notes.length * LINE + 24;
  const page = new Page(COLUMNS, Math.ceil(height / 2) * 2);
  let y = BANNER + 24;
  page.write(MARGIN, y, wrap(sheet.title, Math.floor(LETTERS_IN_LINE / 2))[0] ?? '', { size: 2 });
  y += 2 * LINE;
  const exams = new Set(rows.map(({ point }) => point.studyInstanceUid)).size;
  const followed = `${structureTitle(sheet.state.input)}: volume over time, ${exams === 1 ? 'one exam' : `${exams} exams`}`;
  page.write(MARGIN, y, followed);
  page.write(COLUMNS - MARGIN - sheet.site.length * LETTER.width, y, sheet.site, { colour: FAINT });
  y += LINE + 8;
  drawPatient(page, y, sheet.patient);
  y += 3 * LINE + 24;
  drawPlot(page, sheet.state.trend, { left: MARGIN, top: y, width: WIDTH, height: PLOT_HEIGHT });
  y += PLOT_HEIGHT + 16;
  y = drawTable(page, y, sheet.state, rows);
  y += 12;
  for (const line of notes) {
    page.write(MARGIN, y, line);
    y += LINE;
  }
  return page;
}

/** Name and number have a line each: they may be long, and must not be cut. */
function drawPatient(page: Page, top: number, { name, patientId, birthDate, sex }: Patient): void {
  frame(page, MARGIN, top - 8, WIDTH, 3 * LINE + 14);
  const write = (column: number, row: number, label: string, value: string) => {
    const [x, y] = [MARGIN + 12 + column * (WIDTH / 2), top + row * LINE];
    page.write(x, y, label, { colour: FAINT });
    page.write(x + 12 * LETTER.width, y, value);
  };
  write(0, 0, 'Patient', name);
  write(0, 1, 'Patient ID', patientId);
  write(0, 2, 'Born', birthDate);
  write(1, 2, 'Sex', sex);
}

interface Row {
  readonly point: TrendPoint;
  readonly curve: number;
  readonly maker: string;
  /** The first of its exam. */
  readonly isFirst: boolean;
}

/** Exam by exam, and for each who measured it. */
function rowsOf({ trend }: TrendState): Row[] {
  const all = trend.curves.flatMap(({ maker, points }, curve) =>
    points.map((point) => ({ point, curve, maker: shortName(maker) })),
  );
  const key = ({ date, studyInstanceUid }: TrendPoint) => `${date} ${studyInstanceUid}`;
  all.sort((a, b) => (key(a.point) === key(b.point) ? a.curve - b.curve : key(a.point) < key(b.point) ? -1 : 1));
  return all.map((row, at) => ({
    ...row,
    isFirst: all[at - 1]?.point.studyInstanceUid !== row.point.studyInstanceUid,
  }));
}

/** @returns where the page goes on */
function drawTable(page: Page, top: number, { trend }: TrendState, rows: readonly Row[]): number {
  const reasons = reasonsOf(rows);
  let y = top;
  const head = (x: number, text: string) => page.write(x, y, text, { colour: FAINT });
  head(STOPS.exam, 'Exam');
  head(STOPS.maker, 'Measured by');
  const endingAt = (x: number, text: string, colour: Colour = INK) =>
    page.write(x - [...text].length * LETTER.width, y, text, { colour });
  endingAt(STOPS.volume, 'Volume', FAINT);
  endingAt(STOPS.change, 'Change', FAINT);
  head(STOPS.flag, `> +${Math.round(trend.rules.progression * 100)} %`);
  y += LINE;
  page.fill(MARGIN, y - 2, WIDTH, 1, FAINT);
  y += 4;
  for (const { point, curve, maker, isFirst } of rows) {
    if (isFirst && y > top + LINE + 4) page.fill(MARGIN, y - 3, WIDTH, 1, FRAME);
    const beyond = point.progression === true;
    if (beyond) page.fill(STOPS.volume + 16, y - 1, COLUMNS - MARGIN - STOPS.volume - 16, LINE - 3, ALARM);
    if (isFirst) page.write(STOPS.exam, y, calendarDate(point.date) ?? '');
    if (point.isBaseline) page.write(STOPS.exam + 11 * LETTER.width, y, 'baseline', { colour: INK });
    drawSign(page, { x: STOPS.sign, y: y + 10 }, curve);
    page.write(STOPS.maker, y, maker.slice(0, 36));
    endingAt(STOPS.volume, `${point.complete ? '' : '>= '}${millilitres(point.volumeMl)}`);
    endingAt(STOPS.change, point.change === null ? '–' : changeText(point.change));
    const note = reasons.indexOf(point.reason ?? '');
    if (note >= 0) page.write(STOPS.note, y, `(${note + 1})`, { colour: FAINT });
    page.write(STOPS.flag, y, point.progression === null ? '–' : beyond ? 'YES' : 'no');
    y += LINE;
  }
  page.fill(MARGIN, y, WIDTH, 1, FAINT);
  return y + 8;
}

/** Why there is no change, each reason once: they are numbered in the table. */
function reasonsOf(rows: readonly Row[]): string[] {
  return [...new Set(rows.flatMap(({ point }) => (point.isBaseline ? [] : (point.reason ?? []))))];
}

/** What the numbers rest on, as sentences. */
function notesOf({ patient, state, restated, pipelines, at, author }: Sheet, rows: readonly Row[]): string[] {
  const { trend, input, digest } = state;
  const { rules, baseline } = trend;
  const dateOf = (study: string | undefined) =>
    calendarDate(input.exams.find(({ studyInstanceUid }) => studyInstanceUid === study)?.date ?? null) ??
    'unknown date';
  const said = baseline?.confirmed;
  const percent = Math.round(rules.progression * 100);
  const points = trend.curves.flatMap(({ points: own }) => own);
  const models = new Set(
    trend.curves.flatMap(({ maker }) =>
      maker.kind === 'model' ? `${maker.name} ${maker.version} (sha256 ${maker.sha256.slice(0, 12)})` : [],
    ),
  );
  return [
    said === undefined || said === null
      ? 'Baseline: suggested, not confirmed.'
      : `Baseline: exam of ${dateOf(baseline?.studyInstanceUid)}, confirmed by ${said.author} on ${minute(said.at)}: ${said.reason}`,
    `Threshold: more than ${percent} % larger than at the baseline is flagged. No percentage where the baseline is below ${rules.minimumBaselineMl} mL.`,
    ...reasonsOf(rows).map((reason, index) => `(${index + 1}) No change: ${reason}`),
    ...(points.some(({ comparedWith }) => comparedWith !== undefined)
      ? [
          'Edited volumes are compared with what was found at the baseline by whose results were edited, where nobody has edited the baseline.',
        ]
      : []),
    ...trend.left.map(({ date, reason }) => `Exam of ${calendarDate(date) ?? 'unknown date'}: ${reason}`),
    ...restated.map(
      (study) =>
        `Exam of ${dateOf(study)}: its images state another patient; people have said since that it is of this one.`,
    ),
    '',
    `Model: ${[...models].join(', ') || 'none'}`,
    `Pipeline: ${pipelines.join(', ') || 'none'}`,
    ...(canWrite(patient.name) && canWrite(patient.patientId)
      ? []
      : [
          `Letters that this page cannot show stand as ${NO_LETTER}: the attributes of the object name the patient in full.`,
        ]),
    `State: ${digest}`,
    `As of ${minute(at)}. Report generated by ${author}.`,
  ];
}

function shortName(maker: VolumeMaker): string {
  return maker.kind === 'edited' ? `Edited, from ${maker.from}` : makerName(maker);
}

/** A moment in UTC, to the minute. */
function minute(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC`;
}

function frame(page: Page, left: number, top: number, width: number, height: number): void {
  page.fill(left, top, width, 1, FRAME);
  page.fill(left, top + height, width, 1, FRAME);
  page.fill(left, top, 1, height, FRAME);
  page.fill(left + width, top, 1, height + 1, FRAME);
}
