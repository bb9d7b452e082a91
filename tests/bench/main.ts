import { tmpdir } from 'node:os';
import { benchCohort } from './cohort.ts';
import { benchExam } from './exam.ts';
import { benchExams } from './exams.ts';
import { benchInference } from './inference.ts';
import { benchMemory } from './memory.ts';
import { benchReceive } from './receive.ts';
import { benchStore } from './store.ts';
import { benchWeb } from './web.ts';

/** Everything that can be measured, by name: `npm run bench [-- NAME]`; without a name all of it. */
const BENCHES: Readonly<Record<string, (print: (line: string) => void) => Promise<void>>> = {
  cohort: benchCohort,
  exam: benchExam,
  exams: benchExams,
  inference: benchInference,
  memory: benchMemory,
  receive: benchReceive,
  store: async (print) => {
    print('\nobject store');
    for (const { store, what, count, medianMs, p95Ms } of await benchStore(tmpdir())) {
      print(
        `${`${store}: ${what}`.padEnd(50)} median ${medianMs.toFixed(2)} ms, p95 ${p95Ms.toFixed(2)} ms, n=${count}`,
      );
    }
  },
  web: benchWeb,
};

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => BENCHES[name] === undefined);
if (unknown !== undefined) {
  console.error(`There is no benchmark ${unknown}: ${Object.keys(BENCHES).join(', ')}.`);
  process.exit(2);
}
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length === 0 || wanted.includes(name)) await bench(console.log);
}
