import type { Api } from './api.ts';
import { CommandError, EXIT } from './exit.ts';

/** The id of the only run, of those that `overread runs` lists, whose id begins so. @throws {CommandError} (2) none, or several */
export async function wholeId(api: Api, beginning: string): Promise<string> {
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
