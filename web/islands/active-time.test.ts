import { describe, expect, it } from 'vitest';
import { ActiveTime, IDLE_AFTER_MS } from './active-time.ts';

describe('ActiveTime', () => {
  it('adds up what lies between acts, but not long pauses', () => {
    const time = new ActiveTime(1000);
    time.act(2000);
    time.act(2000 + IDLE_AFTER_MS);
    time.act(3000 + 10 * IDLE_AFTER_MS);
    time.act(4000 + 10 * IDLE_AFTER_MS);
    expect(time.milliseconds).toBe(1000 + IDLE_AFTER_MS + 1000);
  });

  it('does not count the time in which nobody looks', () => {
    const time = new ActiveTime(0);
    time.pause(500);
    time.act(1500);
    time.act(1600);
    expect(time.milliseconds).toBe(600);
  });
});
