import { type Colour, FAINT, INK, LETTER, PAPER, type Page, type Point, RED } from '../../lib/dicom/capture/page.ts';
import type { Trend, TrendPoint } from '../../schemas/trend.ts';
import { calendarDate } from '../pages/patient.ts';
import { axisMarks, dayOf, thresholdOf } from './plot.ts';

/** A part of a page, in pixels. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Colours of the curves, told apart by the colour-blind too (Okabe and Ito), each with a shape of its own. */
const COLOURS: readonly Colour[] = [
  [86, 180, 233],
  [230, 159, 0],
  [0, 158, 115],
  [204, 121, 167],
];
const GRID: Colour = [52, 56, 62];
const MARGIN = { left: 80, right: 24, top: 40, bottom: 40 };
const RADIUS = 6;

/** Draws volumes over the dates of the exams into a part of a page: axes with units, threshold, a line for each maker. */
export function drawPlot(page: Page, trend: Trend, area: Area): void {
  const points = trend.curves.flatMap((curve) => curve.points);
  const days = points.map(({ date }) => dayOf(date));
  const [first, last] = [Math.min(...days), Math.max(...days)];
  const threshold = thresholdOf(trend);
  const marks = axisMarks(Math.max(...points.map(({ volumeMl }) => volumeMl), threshold ?? 0));
  const most = marks.at(-1) ?? 1;
  const [left, right] = [area.left + MARGIN.left, area.left + area.width - MARGIN.right];
  const [top, bottom] = [area.top + MARGIN.top, area.top + area.height - MARGIN.bottom];
  // Room for a mark at either end of the axis of time.
  const inset = 40;
  const span = right - left - 2 * inset;
  const x = (date: string) =>
    Math.round(left + inset + (first === last ? 0.5 : (dayOf(date) - first) / (last - first)) * span);
  const y = (volumeMl: number) => Math.round(bottom - (volumeMl / most) * (bottom - top));

  page.write(left - 2 * LETTER.width - 12, area.top, 'mL', { colour: FAINT });
  for (const mark of marks) {
    page.fill(left, y(mark), right - left, 1, mark === 0 ? FAINT : GRID);
    const text = String(mark);
    page.write(left - 12 - text.length * LETTER.width, y(mark) - LETTER.height / 2, text, { colour: FAINT });
  }
  page.fill(left, top, 1, bottom - top, FAINT);
  drawDates(page, [...new Set(points.map(({ date }) => date))].sort(), { x, bottom, right });
  if (threshold !== undefined) {
    dashes(page, left, right, y(threshold));
  }
  drawKey(page, trend, { right, top: area.top });
  for (const [index, { points: own }] of trend.curves.entries()) {
    const places = own.map((point) => ({ x: x(point.date), y: y(point.volumeMl) }));
    for (const [at, to] of places.entries()) {
      const from = places[at - 1];
      if (from !== undefined) page.line(from, to, { colour: colourOf(index), width: 2 });
    }
    for (const [at, place] of places.entries()) drawPoint(page, place, index, own[at]);
  }
}

/** What line and rings mean, above the plot, where no curve can lie over it. */
function drawKey(page: Page, { rules }: Trend, { right, top }: { right: number; top: number }): void {
  const middle = top + LETTER.height / 2;
  const threshold = `baseline + ${Math.round(rules.progression * 100)} %`;
  let x = right - threshold.length * LETTER.width;
  page.write(x, top, threshold, { colour: RED });
  dashes(page, x - 44, x - 10, middle);
  for (const [text, colour] of [
    ['beyond it', RED],
    ['baseline', INK],
  ] as const) {
    x -= 70 + text.length * LETTER.width;
    page.write(x, top, text, { colour });
    ring(page, { x: x - 18, y: middle }, colour);
  }
}

function dashes(page: Page, left: number, right: number, y: number): void {
  for (let at = left; at < right; at += 12) page.fill(at, y, Math.min(7, right - at), 2, RED);
}

function ring(page: Page, at: Point, colour: Colour): void {
  page.disc(at, RADIUS + 5, colour);
  page.disc(at, RADIUS + 3, PAPER);
}

/** The sign of a curve: a disc, a square, a diamond, a cross. */
export function drawSign(page: Page, at: Point, index: number): void {
  const colour = colourOf(index);
  const side = 2 * RADIUS - 1;
  const [top, right, bottom, left] = [
    { x: at.x, y: at.y - RADIUS },
    { x: at.x + RADIUS, y: at.y },
    { x: at.x, y: at.y + RADIUS },
    { x: at.x - RADIUS, y: at.y },
  ];
  const strokes = { colour, width: 3 };
  switch (index % 4) {
    case 0:
      page.disc(at, RADIUS, colour);
      break;
    case 1:
      page.fill(at.x - RADIUS + 1, at.y - RADIUS + 1, side, side, colour);
      break;
    case 2:
      for (const [from, to] of [
        [top, right],
        [right, bottom],
        [bottom, left],
        [left, top],
      ] as const)
        page.line(from, to, strokes);
      break;
    default:
      page.line(top, bottom, strokes);
      page.line(left, right, strokes);
  }
}

/** A ring around the baseline, red around what has grown beyond the threshold. */
function drawPoint(page: Page, at: Point, index: number, point: TrendPoint | undefined): void {
  if (point?.isBaseline === true) ring(page, at, INK);
  else if (point?.progression === true) ring(page, at, RED);
  drawSign(page, at, index);
}

function drawDates(
  page: Page,
  dates: readonly string[],
  { x, bottom, right }: { x: (date: string) => number; bottom: number; right: number },
): void {
  const width = 10 * LETTER.width;
  let free = 0;
  for (const date of dates) {
    page.fill(x(date), bottom, 1, 6, FAINT);
    const at = Math.min(right - width, x(date) - width / 2);
    if (at < free) continue;
    page.write(at, bottom + 12, calendarDate(date) ?? '', { colour: FAINT });
    free = at + width + LETTER.width;
  }
}

function colourOf(index: number): Colour {
  return COLOURS[index % COLOURS.length] ?? INK;
}
