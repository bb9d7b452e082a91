import { describe, expect, it } from 'vitest';
import { readLimits } from './limits.ts';

describe('readLimits', () => {
  it('has the defaults of of-watchdog', () => {
    expect(readLimits({})).toEqual({ execMs: 30_000, readMs: 30_000, maxInflight: undefined });
  });

  it.each([
    ['90s', 90_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['45', 45_000],
    ['0', undefined],
    ['0s', undefined],
  ])('reads %s', (text, execMs) => {
    expect(readLimits({ exec_timeout: text, write_timeout: '0' }).execMs).toBe(execMs);
  });

  it('ends a call at the earlier of exec and write', () => {
    expect(readLimits({ exec_timeout: '60s', write_timeout: '50s' }).execMs).toBe(50_000);
    expect(readLimits({ exec_timeout: '0', write_timeout: '50s' }).execMs).toBe(50_000);
  });

  it('reads max_inflight; 0 means any number', () => {
    expect(readLimits({ max_inflight: '3' }).maxInflight).toBe(3);
    expect(readLimits({ max_inflight: '0' }).maxInflight).toBeUndefined();
  });

  it.each([
    [{ exec_timeout: 'soon' }, 'exec_timeout is a duration such as 30s, 1m30s or 500ms; found: soon'],
    [{ read_timeout: '-1s' }, 'read_timeout is a duration such as 30s, 1m30s or 500ms; found: -1s'],
    [{ max_inflight: 'many' }, 'max_inflight is a whole number; found: many'],
  ])('refuses %j', (environment, message) => {
    expect(() => readLimits(environment)).toThrow(message);
  });
});
