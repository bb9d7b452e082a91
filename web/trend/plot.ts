import { html } from 'hono/html';
import { millilitres } from '../../lib/platform/words.ts';
import type { Trend, TrendCurve, TrendPoint } from '../../schemas/trend.ts';
import type { Html } from '../pages/layout.ts';
import { calendarDate } from '../pages/patient.ts';

/** Sizes of a plot in its own units, about a pixel each: of a page, and of a card on one. */
const SIZES = { page: { width: 760, height: 300 }, card: { width: 400, height: 230 } } as const;
const MARGIN = { left: 48, right: 40, top: 28, bottom: 30 };
/** Between the axis and the first exam, and after the last: a point must not lie on a number. */
const INSET = 14;

/** Marks on the axis of volumes. */
const MOST_MARKS = 5;

const DAY_MS = 86_400_000;

/** Volumes over the dates of the exams, a line for each maker, and the threshold of the first curve that has a baseline. */
export function plot(trend: Trend, size: keyof typeof SIZES): Html {
  const { width, height } = SIZES[size];
  const points = trend.curves.flatMap((curve) => curve.points);
  const days = points.map(({ date }) => dayOf(date));
  const [first, last] = [Math.min(...days), Math.max(...days)];
  const threshold = thresholdOf(trend);
  const marks = axisMarks(Math.max(...points.map(({ volumeMl }) => volumeMl), threshold ?? 0));
  const top = marks.at(-1) ?? 1;
  const span = width - MARGIN.left - MARGIN.right - 2 * INSET;
  const x = (day: number) =>
    MARGIN.left + INSET + (first === last ? span / 2 : ((day - first) / (last - first)) * span);
  const y = (volumeMl: number) => height - MARGIN.bottom - (volumeMl / top) * (height - MARGIN.top - MARGIN.bottom);
  const place = (point: TrendPoint) => ({ x: round(x(dayOf(point.date))), y: round(y(point.volumeMl)) });
  return html`<svg class="plot" viewBox="0 0 ${width} ${height}" role="img" aria-label="Volume at each exam; the table below has the numbers">
${marks.map(
  (
    mark,
  ) => html`<line class="grid" x1="${MARGIN.left}" x2="${width - MARGIN.right}" y1="${round(y(mark))}" y2="${round(y(mark))}"/>
<text class="axis" x="${MARGIN.left - 8}" y="${round(y(mark) + 4)}" text-anchor="end">${mark}</text>`,
)}
<text class="axis" x="${MARGIN.left - 8}" y="14" text-anchor="end">mL</text>
${dateMarks([...new Set(points.map(({ date }) => date))].sort(), (date) => x(dayOf(date)), SIZES[size])}
${
  threshold === undefined
    ? ''
    : html`<line class="threshold" x1="${MARGIN.left}" x2="${width - MARGIN.right}" y1="${round(y(threshold))}" y2="${round(y(threshold))}"/>
${thresholdKey(trend, width - MARGIN.right)}`
}
${trend.curves.map((curve, index) => line(curve, index, place))}
</svg>`;
}

/** What the dashed line is, above the plot, where neither a point nor a curve can lie on it. */
function thresholdKey({ rules }: Trend, right: number): Html {
  const [dash, gap] = [26, 6];
  return html`<line class="threshold" x1="${right - dash}" x2="${right}" y1="10" y2="10"/>
<text class="axis threshold-label" x="${right - dash - gap}" y="14" text-anchor="end">baseline + ${Math.round(rules.progression * 100)} %</text>`;
}

function line({ points }: TrendCurve, index: number, place: (point: TrendPoint) => { x: number; y: number }): Html {
  const path = points.map((point) => `${place(point).x},${place(point).y}`).join(' ');
  return html`<g class="curve curve-${index % 4}">
<polyline points="${path}"/>
${points.map((point) => {
  const { x, y } = place(point);
  const title = `${calendarDate(point.date)}: ${millilitres(point.volumeMl)}${point.isBaseline ? ', baseline' : ''}`;
  const state = `${point.isBaseline ? ' is-baseline' : ''}${point.progression === true ? ' is-progression' : ''}${point.complete ? '' : ' is-incomplete'}`;
  return html`<circle class="point${state}" cx="${x}" cy="${y}" r="${point.isBaseline ? 7 : 5}"><title>${title}</title></circle>`;
})}
</g>`;
}

/** Dates below the axis; where two would lie over each other the later one is left out. */
function dateMarks(
  dates: readonly string[],
  x: (date: string) => number,
  { width, height }: { readonly width: number; readonly height: number },
): Html[] {
  const widthOfDate = 78;
  let free = 0;
  return dates.flatMap((date) => {
    const at = Math.min(width - widthOfDate / 2, Math.max(widthOfDate / 2, x(date)));
    if (at - widthOfDate / 2 < free) return [];
    free = at + widthOfDate / 2;
    return [
      html`<text class="axis" x="${round(at)}" y="${height - 8}" text-anchor="middle">${calendarDate(date)}</text>`,
    ];
  });
}

/** Volume in mL beyond which the first curve that has a baseline is flagged. */
export function thresholdOf({ curves, rules }: Trend): number | undefined {
  const compared = curves.find(({ points }) => points.some(({ change }) => change !== null));
  const baseline = compared?.points.find(({ isBaseline }) => isBaseline);
  return baseline === undefined ? undefined : baseline.volumeMl * (1 + rules.progression);
}

/** Round numbers from 0 up to the first that is not below the greatest volume. */
export function axisMarks(greatest: number): number[] {
  if (!(greatest > 0)) return [0, 1];
  const rough = greatest / MOST_MARKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const count = Math.ceil(greatest / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}

/** Days since 1970 of a DICOM date, `YYYYMMDD`. */
export function dayOf(date: string): number {
  return Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6, 8))) / DAY_MS;
}

const round = (value: number) => Math.round(value * 10) / 10;
