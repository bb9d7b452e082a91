import type { CohortRun, Tolerance } from '../../schemas/cohort.ts';
import type { Comparison } from './compare.ts';

/**
 * What of a replay is not as expected, as sentences; none where all is. What the cohort says counts; about the rest the
 * first run's result does.
 */
export function judge(comparison: Comparison, { expect }: Pick<CohortRun, 'expect'>, tolerance: Tolerance): string[] {
  return [
    ...judgeStatus(comparison, expect.status ?? comparison.status.first),
    ...judgeVolumes(comparison, expect.volumesMl, tolerance),
    ...judgeClasses(comparison, expect.classes),
    ...(expect.classes === undefined ? judgeBoxes(comparison, tolerance) : []),
  ];
}

function judgeStatus({ status }: Comparison, expected: Comparison['status']['first']): string[] {
  return status.second === expected
    ? []
    : [`It ended ${status.second ?? 'not at all'}; ${expected ?? 'no ending'} was expected.`];
}

function judgeVolumes(
  { volumes }: Comparison,
  expected: CohortRun['expect']['volumesMl'],
  tolerance: Tolerance,
): string[] {
  const named = Object.keys(expected ?? {}).filter((name) => !volumes.some((volume) => volume.name === name));
  const missing = named.map((name) => `There is no volume of ${name}.`);
  const wrong = volumes.flatMap(({ name, firstMl, secondMl, dice }) => {
    const wanted = expected?.[name] ?? firstMl;
    const problems: string[] = [];
    if (wanted !== null && secondMl === null) problems.push(`There is no volume of ${name}.`);
    if (wanted !== null && secondMl !== null) {
      const most = Math.max(tolerance.volumeMl, (tolerance.volumePercent / 100) * wanted);
      if (Math.abs(secondMl - wanted) > most) {
        problems.push(
          `${name} is ${secondMl.toFixed(2)} mL; ${wanted.toFixed(2)} ± ${most.toFixed(2)} mL was expected.`,
        );
      }
    }
    if (expected?.[name] === undefined && dice !== null && dice < tolerance.dice) {
      problems.push(`${name} has Dice ${dice.toFixed(3)} with the first run; at least ${tolerance.dice} was expected.`);
    }
    return problems;
  });
  return [...missing, ...wrong];
}

function judgeClasses({ classes }: Comparison, expected: CohortRun['expect']['classes'] = {}): string[] {
  return Object.entries(expected).flatMap(([side, wanted]) => {
    const found = side === 'left' || side === 'right' ? classes[side] : undefined;
    return found === wanted ? [] : [`The ${side} hip is ${found ?? 'not found'}; ${wanted} was expected.`];
  });
}

function judgeBoxes({ images }: Comparison, tolerance: Tolerance): string[] {
  return images.flatMap(({ sopInstanceUid, leastIou, sameClasses }) => {
    if (!sameClasses) return [`Image ${sopInstanceUid} has other classes or sides than in the first run.`];
    return leastIou >= tolerance.iou
      ? []
      : [
          `Image ${sopInstanceUid} has a box with overlap ${leastIou.toFixed(3)}; at least ${tolerance.iou} was expected.`,
        ];
  });
}
