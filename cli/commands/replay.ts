import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { parse as parseYaml } from 'yaml';
import type { Configuration } from '../../lib/platform/configuration.ts';
import { firstIssue } from '../../lib/platform/issue.ts';
import { heldModel } from '../../lib/runs/held-models.ts';
import { loadPipelines } from '../../lib/runs/pipelines.ts';
import { planReplay, type ReplayChanges, ReplayError } from '../../lib/runs/replay.ts';
import { readRun } from '../../lib/runs/state.ts';
import { submitRun } from '../../lib/runs/submit.ts';
import { openStore } from '../../lib/store/open.ts';
import { ObjectNotFoundError, type ObjectStore } from '../../lib/store/store.ts';
import { Cohort, type CohortRun, Tolerance } from '../../schemas/cohort.ts';
import type { Run } from '../../schemas/run.ts';
import { connectApi } from '../api.ts';
import { CommandError, EXIT } from '../exit.ts';
import { type Comparison, compareRuns } from '../replay/compare.ts';
import { judge } from '../replay/judge.ts';
import { table } from '../table.ts';
import { untilRunEnded } from '../until-ended.ts';
import { runningApi } from '../up/data-folder.ts';
import { wholeId } from '../whole-id.ts';

export interface ReplayOptions {
  /** `<name>@<version>`, in place of the run's model of this name. */
  readonly model: readonly string[];
  /** With the pipeline as it is installed now, in place of the run's steps. */
  readonly installed: boolean;
  readonly json: boolean;
}

/**
 * Runs a run again on its stored inputs and says what is otherwise than in the first. An unambiguous beginning of its id is
 * enough.
 *
 * @throws {CommandError} (1) the replay is not within the usual tolerances, (2) no such run or model, (3) nothing runs
 */
export async function replayRun(configuration: Configuration, id: string, options: ReplayOptions): Promise<void> {
  const run = await wholeId(connectApi(runningApi(configuration)), id);
  await replayAll(
    configuration,
    { name: run, tolerance: Tolerance.parse({}), runs: [{ run, about: '', expect: {} }] },
    options,
  );
}

/** Runs every run of a cohort again, and holds each against what is expected. @throws {CommandError} as `replayRun` */
export async function replayCohort(configuration: Configuration, file: string, options: ReplayOptions): Promise<void> {
  await replayAll(configuration, readCohort(file), options);
}

function readCohort(file: string): Cohort {
  let text: unknown;
  try {
    text = parseYaml(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new CommandError(
      EXIT.usage,
      `${file} cannot be read as YAML: ${error instanceof Error ? error.message : error}`,
    );
  }
  const parsed = Cohort.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new CommandError(EXIT.usage, `${file}: ${firstIssue(parsed.error)}`);
}

async function replayAll(configuration: Configuration, cohort: Cohort, options: ReplayOptions): Promise<void> {
  const api = connectApi(runningApi(configuration));
  const store = openStore(configuration.store);
  try {
    const replays: { entry: CohortRun; replay: string }[] = [];
    for (const entry of cohort.runs)
      replays.push({ entry, replay: await submit(configuration, store, entry.run, options) });
    const compared: { entry: CohortRun; comparison: Comparison; problems: string[] }[] = [];
    for (const { entry, replay } of replays) {
      await untilRunEnded(api, replay);
      const comparison = await compareRuns(store, entry.run, replay);
      compared.push({ entry, comparison, problems: judge(comparison, entry, cohort.tolerance) });
      console.error(`${compared.length} of ${replays.length} replayed`);
    }
    if (options.json) console.log(JSON.stringify(compared, null, 2));
    else for (const one of compared) show(one.entry, one.comparison, one.problems);
    const bad = compared.filter(({ problems }) => problems.length > 0).length;
    if (bad > 0) throw new CommandError(EXIT.failed, `${bad} of ${compared.length} replays are not as expected.`);
  } finally {
    await store.close();
  }
}

async function submit(
  configuration: Configuration,
  store: ObjectStore,
  id: string,
  options: ReplayOptions,
): Promise<string> {
  const run = await readRun(store, id).catch((error: unknown) => {
    if (error instanceof ObjectNotFoundError)
      throw new CommandError(EXIT.usage, `There is no run ${id}; \`overread runs\` lists those there are.`);
    throw error;
  });
  try {
    const planned = planReplay(id, run, await changesOf(configuration, store, run, options));
    await submitRun(store, planned, { kind: 'replay', by: userInfo().username, at: new Date().toISOString() });
    return planned.id;
  } catch (error) {
    if (error instanceof ReplayError) throw new CommandError(EXIT.usage, error.message);
    throw error;
  }
}

async function changesOf(
  configuration: Configuration,
  store: ObjectStore,
  run: Run,
  { model, installed }: ReplayOptions,
): Promise<ReplayChanges> {
  const pipeline = installed ? loadPipelines(configuration.pipelineFolders).get(run.pipeline.name) : undefined;
  if (installed && pipeline === undefined) {
    throw new CommandError(
      EXIT.usage,
      `No pipeline ${run.pipeline.name} is installed: leave --installed out, or name its folder in OVERREAD_PIPELINES.`,
    );
  }
  const wanted = [
    ...Object.values(pipeline?.models ?? {}).map(({ name, version }) => ({ name, version })),
    ...model.map((text) => {
      const [, name = '', version = ''] = /^([^@]+)@([^@]+)$/.exec(text) ?? [];
      return { name, version };
    }),
  ];
  const models: Record<string, Run['models'][string]> = {};
  for (const { name, version } of wanted) {
    const held = name === '' ? undefined : await heldModel(store, name, version);
    const alias = Object.entries(pipeline?.models ?? run.models).find(([, used]) => used.name === name)?.[0];
    if (held === undefined) {
      throw new CommandError(
        EXIT.usage,
        `The store holds no model ${name || model.join()}@${version}: give NAME@VERSION, and see \`overread model import\`.`,
      );
    }
    if (alias === undefined)
      throw new CommandError(EXIT.usage, `The pipeline of run ${run.pipeline.name} uses no model ${name}.`);
    models[alias] = held;
  }
  return { pipeline, models };
}

function show(entry: CohortRun, comparison: Comparison, problems: readonly string[]): void {
  const { status, outputs, volumes, images, replay } = comparison;
  console.log(
    `\nrun ${entry.run.slice(0, 12)}${entry.about === '' ? '' : ` (${entry.about})`}: replay ${replay.slice(0, 12)}, ${status.first} → ${status.second}`,
  );
  console.log(
    table(
      ['step', 'output', 'file', 'bytes'],
      outputs.map(({ step, output, file, bytes }) => [step, output, file, bytes]),
    ),
  );
  const millilitres = (value: number | null) => (value === null ? '–' : value.toFixed(2));
  if (volumes.length > 0) {
    console.log(
      table(
        ['structure', 'first mL', 'replay mL', 'Dice'],
        volumes.map(({ name, firstMl, secondMl, dice }) => [
          name,
          millilitres(firstMl),
          millilitres(secondMl),
          dice?.toFixed(4) ?? '–',
        ]),
      ),
    );
  }
  if (images.length > 0) {
    console.log(
      table(
        ['image', 'least overlap', 'classes and sides'],
        images.map(({ sopInstanceUid, leastIou, sameClasses }) => [
          sopInstanceUid,
          leastIou.toFixed(4),
          sameClasses ? 'same' : 'other',
        ]),
      ),
    );
  }
  console.log(
    problems.length === 0 ? 'As expected.' : problems.map((problem) => `NOT AS EXPECTED: ${problem}`).join('\n'),
  );
}
