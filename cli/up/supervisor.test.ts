import { describe, expect, it } from 'vitest';
import { parseLogLine, terminalLine } from './supervisor.ts';

describe('what a part logs', () => {
  const terminal = (line: string) => {
    const entry = parseLogLine(line);
    return entry && terminalLine('connector', entry);
  };

  it('is told at the terminal with the run and the step that it is about, so that `overread run show` finds them', () => {
    const run = 'f67d357f16bd9a7730beea711147fdc463c2d646e64b2d9e2704bf387e121ff8';
    expect(terminal(JSON.stringify({ level: 40, run, step: 'series-selector', msg: 'a call failed' }))).toBe(
      '[connector] a call failed (run f67d357f16bd, step series-selector)',
    );
  });

  it('is told with its error, and about no run where it names none', () => {
    expect(terminal('{"level":50,"msg":"delivering failed","err":{"message":"no route"}}')).toBe(
      '[connector] delivering failed: no route',
    );
  });
});
