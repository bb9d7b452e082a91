import { UnfitObjectError } from '../../lib/dicom/made/unfit.ts';
import { Alarm } from '../../lib/platform/alarm.ts';
import type { Logger } from '../../lib/platform/log.ts';
import { canonicalJson } from '../../lib/runs/canonical.ts';
import { ModelNotHeldError } from '../../lib/runs/import.ts';
import { ObjectNotFoundError } from '../../lib/store/store.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import type { Pipeline } from '../../schemas/pipeline.ts';
import { isReady, type WaitingExam, waitingExams } from './exams.ts';
import { type Making, makeCopies } from './make.ts';

interface CopiesOptions extends Making {
  /** By name. */
  readonly blinded: ReadonlyMap<string, Evaluation>;
  readonly pipelines: ReadonlyMap<string, Pipeline>;
  readonly log: Logger;
}

/** Makes the copies that blinded readers judge, and remembers why an exam has none. */
export class BlindedCopies {
  readonly #options: CopiesOptions;
  /** Evaluation and exam → why its segmentations cannot be copied; `of` them nothing else is tried. */
  readonly #unfit = new Map<string, { readonly of: string; readonly why: string }>();

  constructor(options: CopiesOptions) {
    this.#options = options;
  }

  /**
   * Makes the copies of all exams that are ready.
   *
   * @returns how many exams were given to readers, and when the next one is ready without anything coming
   */
  async makeDue(now: Date): Promise<{ readonly exams: number; readonly next: Date | undefined }> {
    let exams = 0;
    let next: Date | undefined;
    for (const evaluation of this.#options.blinded.values()) {
      for (const exam of await waitingExams(this.#options.database, evaluation)) {
        if (isReady(exam, now)) exams += (await this.#make(evaluation, exam, now)) ? 1 : 0;
        else if (exam.readAt !== null && exam.readAt > now && (next ?? exam.readAt) >= exam.readAt) next = exam.readAt;
      }
    }
    return { exams, next };
  }

  /** Why the segmentations of an exam cannot be judged, as a sentence; undefined where nothing is known against it. */
  whyNot(evaluation: string, StudyInstanceUID: string): string | undefined {
    return this.#unfit.get(`${evaluation} ${StudyInstanceUID}`)?.why;
  }

  async #make(evaluation: Evaluation, exam: WaitingExam, now: Date): Promise<boolean> {
    const pipeline = this.#options.pipelines.get(evaluation.pipeline);
    if (pipeline === undefined) return false;
    const name = `${evaluation.name} ${exam.StudyInstanceUID}`;
    const of = canonicalJson([...exam.runs]);
    if (this.#unfit.get(name)?.of === of) return false;
    try {
      await makeCopies(this.#options, { evaluation, pipeline, exam, now });
      this.#unfit.delete(name);
      return true;
    } catch (error) {
      if (error instanceof UnfitObjectError) this.#unfit.set(name, { of, why: error.message });
      else if (error instanceof ModelNotHeldError) this.#unfit.set(name, { of: '', why: error.message });
      else if (error instanceof ObjectNotFoundError)
        this.#unfit.set(name, { of: '', why: 'An object of a run is gone.' });
      else throw error;
      this.#options.log.warn({ err: error, study: exam.StudyInstanceUID }, 'segmentations cannot be judged blinded');
      return false;
    }
  }
}

/** Makes copies at the start, when woken, and when the time of an exam has come. @param onMade told that something is to be exported */
export function followCopies(copies: BlindedCopies, onMade: () => void, log: Logger): Alarm {
  const work = async (now: Date) => {
    const { exams, next } = await copies.makeDue(now);
    if (exams > 0) onMade();
    return next;
  };
  const alarm = new Alarm(work, (error) => log.error({ err: error }, 'segmentations for blinded readers wait'));
  alarm.wake();
  return alarm;
}
