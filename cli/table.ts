import { findings, NO_HIP_FOUND, NOTHING_PUBLISHED } from '../lib/platform/words.ts';
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

/** A run's result in one line: what was found of what, or why there is none. */
export function describeResult(run: ShownRun): string {
  const result = Result.safeParse(run.result);
  if (!result.success) return run.reason ?? (run.status === 'succeeded' ? NOTHING_PUBLISHED : '');
  const found = findings(result.data).map((finding) => `${finding.of}: ${finding.found}`);
  return found.length === 0 ? NO_HIP_FOUND : found.join(', ');
}
