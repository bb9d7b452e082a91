import type { Configuration } from '../../lib/platform/configuration.ts';
import { connectApi } from '../api.ts';
import { describeResult, table } from '../table.ts';

/** Lists runs, newest first. */
export async function listRuns(
  configuration: Configuration,
  options: { readonly study?: string; readonly json: boolean },
): Promise<void> {
  const api = connectApi(configuration);
  const runs = await api.runs(options.study === undefined ? {} : { studyInstanceUid: options.study });
  if (options.json) return console.log(JSON.stringify({ runs }, null, 2));
  if (runs.length === 0) return console.log('No run yet. `npm run demo` makes some.');
  console.log(
    table(
      ['run', 'pipeline', 'status', 'created', 'result'],
      runs.map((run) => [run.id.slice(0, 12), run.pipeline, run.status, run.createdAt, describeResult(run)]),
    ),
  );
}

/** Shows everything of one run, as the API has it. An unambiguous beginning of its id is enough. */
export async function showRun(configuration: Configuration, id: string): Promise<void> {
  console.log(JSON.stringify(await connectApi(configuration).run(id), null, 2));
}

/** Asks for another try of a run that failed. */
export async function retryRun(configuration: Configuration, id: string): Promise<void> {
  const api = connectApi(configuration);
  await api.retry(id);
  console.log(`Asked for another try: ${api.web}/runs/${id}`);
}
