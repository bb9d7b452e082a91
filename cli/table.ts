import { Result } from '../schemas/result.ts';
import type { ShownRun } from './api.ts';

/** Lays out rows under headings, columns as wide as their widest cell. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(headings), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)].join('\n');
}

/** A run's result in one line: the exam's summary, or why there is none. */
export function describeResult(run: ShownRun): string {
  const result = Result.safeParse(run.result);
  if (!result.success) return run.reason ?? '';
  if (result.data.kind === 'segmentation') {
    return result.data.structures.map(({ name, volumeMl }) => `${name} ${volumeMl.toFixed(1)} mL`).join(', ');
  }
  const sides = result.data.summary.sides.map(
    ({ side, class: found, confidence }) => `${side ?? 'side not known'}: ${found} ${percent(confidence)}`,
  );
  return sides.length === 0 ? 'no hip found' : sides.join(', ');
}

/** A score from 0 to 1 as a whole percentage; what is not quite certain is never rounded to 100 %. */
function percent(score: number): string {
  const rounded = Math.round(score * 100);
  return rounded === 100 && score < 1 ? '> 99 %' : `${rounded} %`;
}
