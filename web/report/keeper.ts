import type { Database } from '../../lib/database/connection.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import type { EvaluationReport } from '../../schemas/report.ts';
import type { Parts } from '../parts.ts';
import type { Sources } from './exams.ts';
import { makeReport } from './report.ts';

/** A report that took longer is kept for a while: nobody should wait for the figures of 100,000 exams at each look. */
const LONG_MS = 300;

/**
 * How old a kept report may be before the next look has it made anew, behind the scenes: at least so old, and so many
 * times as long as it took, so that the figures leave the machine to other work.
 */
const FRESH_MS = 30_000;
const FRESH_TIMES = 10;

interface Kept {
  readonly report: EvaluationReport;
  readonly at: number;
  readonly tookMs: number;
}

interface Slot {
  kept: Kept | undefined;
  making: Promise<Kept> | undefined;
}

/** By database, so that two services of one process (tests) do not share. */
const SLOTS = new WeakMap<Database, Map<string, Slot>>();

/**
 * The report of an evaluation: made now where that is quick; else the one that is kept, which says when it was made.
 *
 * @param anew whoever asks rather waits than sees an older one
 */
export async function reportOf(
  sources: Sources & Pick<Parts, 'database' | 'log' | 'now'>,
  evaluation: Evaluation,
  anew: boolean,
): Promise<EvaluationReport> {
  const slots = SLOTS.get(sources.database) ?? new Map<string, Slot>();
  SLOTS.set(sources.database, slots);
  const key = `${evaluation.name} ${evaluation.version}`;
  const slot = slots.get(key) ?? { kept: undefined, making: undefined };
  slots.set(key, slot);
  const make = () => {
    slot.making ??= makeKept(sources, evaluation).finally(() => {
      slot.making = undefined;
    });
    return slot.making;
  };
  const { kept } = slot;
  if (anew || kept === undefined || kept.tookMs < LONG_MS) {
    slot.kept = await make();
    return slot.kept.report;
  }
  if (performance.now() - kept.at > Math.max(FRESH_MS, FRESH_TIMES * kept.tookMs)) {
    make().then(
      (fresh) => {
        slot.kept = fresh;
      },
      (error: unknown) => sources.log.error({ err: error, evaluation: evaluation.name }, 'report cannot be made anew'),
    );
  }
  return kept.report;
}

async function makeKept(sources: Parameters<typeof reportOf>[0], evaluation: Evaluation): Promise<Kept> {
  const begin = performance.now();
  const report = await makeReport(sources, evaluation, sources.now());
  const at = performance.now();
  return { report, at, tookMs: at - begin };
}
