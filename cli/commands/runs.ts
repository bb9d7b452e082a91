import type { Configuration } from '../../lib/platform/configuration.ts';
import { connectApi } from '../api.ts';
import { describeResult, table } from '../table.ts';
import { runningApi } from '../up/data-folder.ts';
import { wholeId } from '../whole-id.ts';

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

/** Shows everything of one run, as the API has it, and what became of its objects at receivers. An unambiguous beginning of its id is enough. */
export async function showRun(configuration: Configuration, id: string): Promise<void> {
  const api = connectApi(runningApi(configuration));
  const run = await wholeId(api, id);
  const [shown, deliveries] = await Promise.all([api.run(run), api.deliveries(run)]);
  console.log(JSON.stringify({ ...shown, deliveries }, null, 2));
}

/** Asks for another try of a run that failed. An unambiguous beginning of its id is enough. */
export async function retryRun(configuration: Configuration, id: string): Promise<void> {
  const api = connectApi(runningApi(configuration));
  const run = await wholeId(api, id);
  await api.retry(run);
  console.log(`Asked for another try: ${api.web}/runs/${run}`);
}
