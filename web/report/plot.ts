import { html } from 'hono/html';
import type { VolumeAgreement } from '../../schemas/report.ts';
import type { Html } from '../pages/layout.ts';
import { axisMarks } from '../trend/plot.ts';

/** In units of the plot, about a pixel each. */
const SIZE = { width: 420, height: 260 };
const MARGIN = { left: 62, right: 26, top: 14, bottom: 38 };

/**
 * Differences over means with bias and limits of agreement, after Bland and Altman; nothing where there are no limits.
 * Both axes are in mL.
 */
export function agreementPlot({ structure, source, points, blandAltman }: VolumeAgreement): Html | string {
  if ('because' in blandAltman) return '';
  const { bias, lowerLimit, upperLimit } = blandAltman;
  const lines = [
    { label: 'bias', of: bias },
    { label: 'limit', of: lowerLimit },
    { label: 'limit', of: upperLimit },
  ].flatMap(({ label, of }) => ('because' in of ? [] : [{ label, value: of.value }]));
  const reach = Math.max(
    0,
    ...points.map(([, difference]) => Math.abs(difference)),
    ...lines.map(({ value }) => Math.abs(value)),
  );
  const ups = axisMarks(reach);
  const top = ups.at(-1) ?? 1;
  const means = axisMarks(Math.max(...points.map(([mean]) => mean)));
  const end = means.at(-1) ?? 1;
  const x = (mean: number) => round(MARGIN.left + (mean / end) * (SIZE.width - MARGIN.left - MARGIN.right));
  const middle = MARGIN.top + (SIZE.height - MARGIN.top - MARGIN.bottom) / 2;
  const y = (difference: number) => round(middle - (difference / top) * (middle - MARGIN.top));
  const across = (value: number) =>
    html`x1="${MARGIN.left}" x2="${SIZE.width - MARGIN.right}" y1="${y(value)}" y2="${y(value)}"`;
  const marks = [...new Set([...ups, ...ups.map((mark) => -mark)])];
  return html`<figure class="agreement-plot"><figcaption>${structure}, ${source}</figcaption>
<svg class="plot" viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-label="Differences of ${structure}, ${source}, over means, with bias and limits; the table has the numbers">
${marks.map(
  (mark) =>
    html`<line class="grid" ${across(mark)}/><text class="axis" x="${MARGIN.left - 6}" y="${y(mark) + 4}" text-anchor="end">${String(mark).replace('-', '−')}</text>`,
)}
${means.map((mark) => html`<text class="axis" x="${x(mark)}" y="${SIZE.height - MARGIN.bottom + 16}" text-anchor="middle">${mark}</text>`)}
<text class="axis" x="${SIZE.width - MARGIN.right}" y="${SIZE.height - 4}" text-anchor="end">mean of both, mL</text>
<text class="axis" x="4" y="${SIZE.height - 4}">up: person − model, mL</text>
${lines.map(({ label, value }) => html`<line class="${label === 'bias' ? 'bias' : 'threshold'}" ${across(value)}/>`)}
<g class="curve curve-0">${points.map(([mean, difference]) => html`<circle class="point" cx="${x(mean)}" cy="${y(difference)}" r="3"/>`)}</g>
</svg></figure>`;
}

const round = (value: number) => Math.round(value * 10) / 10;
