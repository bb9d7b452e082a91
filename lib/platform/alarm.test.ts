import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Alarm } from './alarm.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('Alarm', () => {
  it('does its work at the moment the work named, and not before', async () => {
    const work = vi.fn<(now: Date) => Promise<Date | undefined>>(async () => undefined);
    work.mockImplementationOnce(async (now) => new Date(now.getTime() + 60_000));
    const alarm = new Alarm(work, () => {});
    alarm.wake();
    await vi.advanceTimersByTimeAsync(59_999);
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(work).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('waits for a moment further away than a timer can hold', async () => {
    const due = Date.now() + 40 * 86_400_000;
    const work = vi.fn(async (now: Date) => (now.getTime() < due ? new Date(due) : undefined));
    const alarm = new Alarm(work, () => {});
    alarm.wake();
    await vi.advanceTimersByTimeAsync(41 * 86_400_000);
    expect(work.mock.calls.length).toBeLessThan(4);
    expect(work.mock.calls.at(-1)?.[0].getTime()).toBeGreaterThanOrEqual(due);
  });

  it('is woken in time though the clock was set forward since', async () => {
    const work = vi.fn<(now: Date) => Promise<Date | undefined>>(async () => undefined);
    work.mockImplementationOnce(async (now) => new Date(now.getTime() + 600_000));
    const alarm = new Alarm(work, () => {});
    alarm.wake();
    await vi.advanceTimersByTimeAsync(0);
    vi.setSystemTime(Date.now() + 3_600_000);
    alarm.wake(50);
    await vi.advanceTimersByTimeAsync(50);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('looks once more when it is woken while it works', async () => {
    const work = vi.fn(async () => {
      await vi.advanceTimersByTimeAsync(10);
      return undefined;
    });
    const alarm = new Alarm(work, () => {});
    alarm.wake();
    alarm.wake();
    alarm.wake();
    await vi.waitFor(() => expect(work).toHaveBeenCalledTimes(2));
  });

  it('takes many calls within a time as one', async () => {
    const work = vi.fn(async () => undefined);
    const alarm = new Alarm(work, () => {});
    for (let call = 0; call < 10; call++) alarm.wake(50);
    await vi.advanceTimersByTimeAsync(200);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('tries again after a wait that grows to a few seconds when the work fails', async () => {
    const failed = vi.fn();
    const work = vi.fn(async () => Promise.reject(new Error('down')));
    const alarm = new Alarm(work, failed);
    alarm.wake();
    await vi.advanceTimersByTimeAsync(250 + 500 + 1000);
    expect(work).toHaveBeenCalledTimes(4);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(work.mock.calls.length).toBeGreaterThan(4 + 60 / 5);
    expect(work.mock.calls.length).toBeLessThan(4 + 60);
    expect(failed).toHaveBeenCalledTimes(work.mock.calls.length);
    await alarm.stop();
  });

  it('does no more after it was stopped', async () => {
    const work = vi.fn(async (now: Date) => new Date(now.getTime() + 10));
    const alarm = new Alarm(work, () => {});
    alarm.wake();
    await vi.advanceTimersByTimeAsync(5);
    await alarm.stop();
    const calls = work.mock.calls.length;
    alarm.wake();
    await vi.advanceTimersByTimeAsync(1000);
    expect(work).toHaveBeenCalledTimes(calls);
  });
});
