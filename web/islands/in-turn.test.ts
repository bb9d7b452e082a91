import { describe, expect, it, vi } from 'vitest';
import { inTurn } from './in-turn.ts';

describe('inTurn', () => {
  it('does once, afterwards, what was asked for while it was under way', async () => {
    const ends: (() => void)[] = [];
    const work = vi.fn(() => new Promise<void>((resolve) => ends.push(resolve)));
    const ask = inTurn(work);
    for (let times = 0; times < 3; times++) ask();
    expect(work).toHaveBeenCalledTimes(1);
    ends[0]?.();
    await vi.waitFor(() => expect(work).toHaveBeenCalledTimes(2));
    ends[1]?.();
    await Promise.resolve();
    expect(work).toHaveBeenCalledTimes(2);
    await vi.waitFor(() => {
      ask();
      expect(work).toHaveBeenCalledTimes(3);
    });
  });
});
