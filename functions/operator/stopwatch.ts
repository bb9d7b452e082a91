/** Adds up the time during which at least one piece of work was going on, milliseconds. */
export class Stopwatch {
  private active = 0;
  private since = 0;
  private total = 0;

  /** Counts the time until `work` ends; overlapping pieces count once. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.active++ === 0) this.since = performance.now();
    try {
      return await work();
    } finally {
      if (--this.active === 0) this.total += performance.now() - this.since;
    }
  }

  get milliseconds(): number {
    return this.total;
  }
}

/** Rounded to a tenth, for people. */
export function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
