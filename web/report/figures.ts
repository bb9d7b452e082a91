import { html } from 'hono/html';
import type { EstimateView, ProportionView, SpreadView } from '../../schemas/report.ts';
import type { Html } from '../pages/layout.ts';

/** How figures are written on the report: the number, its interval, and why there is none. */

/** A kappa or a correlation; an approximate interval may reach beyond what there can be. */
export function coefficient(estimate: EstimateView): Html {
  if ('because' in estimate) return without(estimate.because);
  const { value, low, high } = estimate;
  return html`<span class="number">${fixed(value)} <span class="interval">(${fixed(Math.max(-1, low))} to ${fixed(Math.min(1, high))})</span></span>`;
}

/** A proportion as a percentage, its count, and both intervals. */
export function proportion({ hits, cases, wilson, clustered, rows }: ProportionView): Html {
  if ('because' in wilson) return without(wilson.because);
  return html`<span class="number">${percentage(wilson.value)} %</span> <a class="number" href="${rows}">${hits} of ${cases}</a>
<span class="second">${'because' in clustered ? html`by patient: ${without(clustered.because)}` : html`${range(clustered)} by patient`}<br>${range(wilson)} by case</span>`;
}

const range = ({ low, high }: { readonly low: number; readonly high: number }) =>
  html`<span class="number">${percentage(low)} to ${percentage(high)} %</span>`;

/** A number in a unit with its interval. */
export function measured(estimate: EstimateView, unit: string): Html {
  if ('because' in estimate) return without(estimate.because);
  const { value, low, high } = estimate;
  return html`<span class="number">${decimal(value)} ${unit} <span class="interval">(${decimal(low)} to ${decimal(high)})</span></span>`;
}

/** Median with quartiles and ends. @param words how one of the values is written */
export function spread(of: SpreadView, words: (value: number) => string): Html {
  if ('because' in of) return html`<span class="muted">–</span>`;
  return html`<span class="number">${words(of.median)}</span><span class="second">quartiles ${words(of.firstQuartile)} to ${words(of.thirdQuartile)}<br>
all ${words(of.minimum)} to ${words(of.maximum)}</span>`;
}

/** Minutes as people say them: 40 s, 12 min, 5 h 20 min, 3 d 4 h. */
export function duration(minutes: number): string {
  const sign = minutes < 0 ? '−' : '';
  const seconds = Math.round(Math.abs(minutes) * 60);
  if (seconds < 120) return `${sign}${seconds} s`;
  const whole = Math.round(seconds / 60);
  if (whole < 120) return `${sign}${whole} min`;
  const hours = Math.floor(whole / 60);
  if (hours < 48) return `${sign}${hours} h ${whole % 60} min`;
  return `${sign}${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Two decimals, with a real minus. */
export const fixed = (value: number) => value.toFixed(2).replace('-', '−');

const decimal = (value: number) => value.toFixed(1).replace('-', '−');
const percentage = (share: number) => (share * 100).toFixed(1);

const without = (because: string) => html`<span class="muted">– <span class="side-source">${because}</span></span>`;
