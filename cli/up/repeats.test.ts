import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { withoutRepeats } from './repeats.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const DOWN = '[gateway] an instance waits in the spool: connect ECONNREFUSED';

it('shows a line once, and each minute how often it came again', async () => {
  const shown: string[] = [];
  const show = withoutRepeats((line) => shown.push(line));
  for (let second = 0; second < 130; second += 2) {
    show(DOWN);
    await vi.advanceTimersByTimeAsync(2_000);
  }
  expect(shown).toEqual([DOWN, `${DOWN} (29 more times within a minute)`, `${DOWN} (30 more times within a minute)`]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(shown.at(-1), 'the last ones').toBe(`${DOWN} (5 more times within a minute)`);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(shown).toHaveLength(4);
});

it('shows what differs, and what comes again after it was quiet', async () => {
  const shown: string[] = [];
  const show = withoutRepeats((line) => shown.push(line));
  show(DOWN);
  show('[gateway] connection cut');
  await vi.advanceTimersByTimeAsync(60_000);
  show(DOWN);
  expect(shown).toEqual([DOWN, '[gateway] connection cut', DOWN]);
});
