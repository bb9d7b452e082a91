import { expect } from 'vitest';
import type { RunView } from '../../schemas/api.ts';
import type { Exam } from '../exams.ts';
import type { Site } from '../site.ts';
import { RECOVERY_MS } from './exam-checks.ts';
import { functionPid, isAlive } from './processes.ts';

/** Brings an exam to a moment, calls `kill` then (once or more often), and lets it go on. */
export type Moment = (site: Site, exam: Exam, kill: () => void) => Promise<void>;

/** The moment at which a study may become two versions: a sender that is kept waiting for longer than the quiet period. */
export const SENDING = 'while images are sent';

export const IN_HAND = 'while a function has its call in hand';
export const LAST_STEPS = 'when its last steps come';

export const MOMENTS: Readonly<Record<string, Moment>> = {
  [SENDING]: (site, exam, kill) => exam.sendUntilTaken(site, kill),
  'when the last image is answered': async (site, exam, kill) => {
    await exam.send(site);
    kill();
  },
  [IN_HAND]: async (site, exam, kill) => {
    const pid = await inferencePid(site);
    process.kill(pid, 'SIGSTOP');
    await exam.send(site);
    await untilInference(site, exam, 'running');
    kill();
    if (isAlive(pid)) process.kill(pid, 'SIGCONT');
  },
  [LAST_STEPS]: async (site, exam, kill) => {
    await exam.send(site);
    await untilInference(site, exam, 'succeeded');
    kill();
  },
};

/** Process id of the function that runs the model. */
export async function inferencePid(site: Site): Promise<number> {
  return functionPid(await site.pidOf('provider'), 'infer-detection');
}

async function untilInference(site: Site, exam: Exam, status: RunView['steps'][number]['status']): Promise<void> {
  const reached = async () => {
    const [run] = await site.runs(exam.studyInstanceUid);
    return run?.steps.find(({ name }) => name === 'infer-detection')?.status;
  };
  await expect.poll(reached, { timeout: RECOVERY_MS, interval: 25 }).toBe(status);
}
