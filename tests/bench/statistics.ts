/** Median of some numbers; NaN of none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** A quantile between 0 and 1, linear between neighbours (R's type 7); NaN of none. */
export function quantile(values: readonly number[], at: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = at * (sorted.length - 1);
  const low = sorted[Math.floor(position)] ?? Number.NaN;
  const high = sorted[Math.ceil(position)] ?? Number.NaN;
  return low + (high - low) * (position - Math.floor(position));
}

/** A line of a table: a name, and the spread of some times, ms. */
export function spread(name: string, values: readonly number[]): string {
  const cell = (value: number) => value.toFixed(1).padStart(9);
  const numbers = [Math.min(...values), median(values), quantile(values, 0.95), Math.max(...values)];
  return `${name.padEnd(44)}${numbers.map(cell).join('')}   n=${values.length}`;
}

export const SPREAD_HEADING = `${''.padEnd(44)}${['min', 'median', 'p95', 'max'].map((name) => name.padStart(9)).join('')}   ms`;
