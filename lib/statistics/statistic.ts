/** Why there is no number where one was asked for: a sentence for the person who reads the report. Never NaN. */
export interface NotComputable {
  readonly because: string;
}

/** What was computed, or why it cannot be. */
export type Statistic<Value extends object> = Value | NotComputable;

/** A number with its 95 % confidence interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** The 97.5 % quantile of the standard normal distribution: half the width of a 95 % interval in standard errors. */
export const Z_95 = 1.959963984540054;

export function cannot(because: string): NotComputable {
  return { because };
}

/** The interval that the normal distribution gives to an estimate with this standard error; not cut at any bound. */
export function normalInterval(value: number, standardError: number): Estimate {
  return { value, low: value - Z_95 * standardError, high: value + Z_95 * standardError };
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
