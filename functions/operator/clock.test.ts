import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { StageClock } from './clock.ts';

/** Keeps this thread busy. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

describe('StageClock', () => {
  it('counts waiting as fetch and store, and work as compute, though they overlap', async () => {
    const clock = new StageClock();
    const reading = clock.during('fetch', () => sleep(200));
    work(30);
    await reading;
    await clock.during('store', () => sleep(50));
    const { fetchMs, computeMs, storeMs } = clock.timings();
    expect(computeMs).toBeGreaterThanOrEqual(29);
    expect(fetchMs).toBeGreaterThan(10);
    expect(fetchMs).toBeLessThan(200);
    expect(storeMs).toBeGreaterThan(10);
  });

  it('adds up to the time that has passed', async () => {
    const begun = performance.now();
    const clock = new StageClock();
    const made = performance.now();
    await Promise.all([clock.during('fetch', () => sleep(30)), clock.during('store', () => sleep(30)), sleep(40)]);
    const ended = performance.now();
    const { fetchMs, computeMs, storeMs } = clock.timings();
    expect(fetchMs + computeMs + storeMs).toBeGreaterThan(ended - made - 1);
    expect(fetchMs + computeMs + storeMs).toBeLessThan(performance.now() - begun + 1);
  });
});
