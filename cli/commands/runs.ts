import type { Configuration } from '../../lib/platform/configuration.ts';
import { type Api, connectApi } from '../api.ts';
import { CommandError, EXIT } from '../exit.ts';
import { describeResult, table } from '../table.ts';
import { runningApi } from '../up/data-folder.ts';

/** Lists runs, newest first. */
export async function listRuns(
  configuration: Configuration,
  options: { readonly study?: string; readonly json: boolean },
): Promise<void> {
  const api = connectApi(runningApi(configuration));
  const runs = await api.runs(options.study === undefined ? {} : { studyInstanceUid: options.study });
  if (options.json) return console.log(JSON.stringify({ runs }, null, 2));
  if (runs.length === 0)
    return console.log(
      'No run yet. An exam becomes one when its quiet period has passed without a new image, 60 s for hips.',
    );
  console.log(
    table(
      ['run', 'pipeline', 'status', 'created', 'result'],
      runs.map((run) => [run.id.slice(0, 12), run.pipeline, run.status, run.createdAt, describeResult(run)]),
    ),
  );
}

/** Shows everything of one run, as the API has it. An unambiguous beginning of its id is enough. */
export async function showRun(configuration: Configuration, id: string): Promise<void> {
  const api = connectApi(runningApi(configuration));
  console.log(JSON.stringify(await api.run(await wholeId(api, id)), null, 2));
}

/** Asks for another try of a run that failed. An unambiguous beginning of its id is enough. */
export async function retryRun(configuration: Configuration, id: string): Promise<void> {
  const api = connectApi(runningApi(configuration));
  const run = await wholeId(api, id);
  await api.retry(run);
  console.log(`Asked for another try: ${api.web}/runs/${run}`);
}

/** The id of the only run, of those that `overread runs` lists, whose id begins so. @throws {CommandError} (2) none, or several */
async function wholeId(api: Api, beginning: string): Promise<string> {
  if (/^[0-9a-f]{64}$/.test(beginning)) return beginning;
  const found = (await api.runs()).filter(({ id }) => id.startsWith(beginning));
  const [run] = found;
  if (run !== undefined && found.length === 1) return run.id;
  const detail = found.length === 0 ? 'No run of the list' : `${found.length} runs of the list`;
  throw new CommandError(
    EXIT.usage,
    `${detail} (\`overread runs\`) begin${found.length === 0 ? 's' : ''} with ${beginning}.`,
  );
}
