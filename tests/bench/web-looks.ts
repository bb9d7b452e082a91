import { performance } from 'node:perf_hooks';
import { SPREAD_HEADING, spread } from './statistics.ts';

const LOOKS = 40;

/** What is measured, by name. */
export type Look = readonly [name: string, look: () => Promise<Response>];

/** Prints how long answers take, whole, one after the other. @throws {Error} one is not 200 */
export async function printLooks(print: (line: string) => void, looks: readonly Look[]): Promise<void> {
  print(SPREAD_HEADING);
  for (const [name, look] of looks) {
    // A report on so many exams is made behind the scenes: what is measured are looks at it then.
    while ((await look()).status === 202);
    const times: number[] = [];
    for (let n = 0; n < LOOKS; n++) {
      const begun = performance.now();
      const answer = await look();
      await answer.arrayBuffer();
      times.push(performance.now() - begun);
      if (answer.status !== 200) throw new Error(`${name} answered ${answer.status}.`);
    }
    print(spread(name, times));
  }
}
