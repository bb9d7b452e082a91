/** How long a line is not shown again, ms; after that it is, with how often it came. */
const QUIET_MS = 60_000;

/**
 * Shows lines to the person at the terminal, each at once and the same one not again within a minute: what is tried
 * again and again while something is away says the same each time. How often is told when the minute is over.
 *
 * @param say shows a line
 */
export function withoutRepeats(say: (line: string) => void): (line: string) => void {
  const repeats = new Map<string, number>();
  const wait = (line: string) => {
    repeats.set(line, 0);
    const timer = setTimeout(() => {
      const times = repeats.get(line) ?? 0;
      repeats.delete(line);
      if (times === 0) return;
      say(`${line} (${times === 1 ? 'once more' : `${times} more times`} within a minute)`);
      wait(line);
    }, QUIET_MS);
    timer.unref();
  };
  return (line) => {
    const times = repeats.get(line);
    if (times !== undefined) {
      repeats.set(line, times + 1);
      return;
    }
    say(line);
    wait(line);
  };
}
