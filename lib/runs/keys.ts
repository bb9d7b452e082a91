/** Keys of everything that a run is given and leaves in the store. The one place that knows them. */

export const runKey = (run: string) => `${run}/run.json`;
export const triggersPrefix = (run: string) => `${run}/triggers/`;
export const triggerKey = (run: string, id: string) => `${triggersPrefix(run)}${id}.json`;
export const manifestKey = (run: string, step: string) => `${run}/steps/${step}/manifest.json`;
export const attemptPrefix = (run: string, step: string, attempt: number) => `${run}/steps/${step}/${attempt}/`;
export const startedKey = (run: string, step: string, attempt: number) =>
  `${attemptPrefix(run, step, attempt)}started.json`;
export const failedKey = (run: string, step: string, attempt: number) =>
  `${attemptPrefix(run, step, attempt)}failed.json`;
export const endKey = (run: string) => `${run}/end.json`;
export const retryKey = (run: string, number: number) => `${run}/retries/${number}.json`;
export const resultKey = (pipeline: string, run: string) => `${pipeline}/${run}/result.json`;
export const trendKey = (pipeline: string, digest: string) => `${pipeline}/trends/${digest}.json`;
export const trendReportKey = (pipeline: string, digest: string, SOPInstanceUID: string) =>
  `${pipeline}/trends/${digest}/${SOPInstanceUID}.dcm`;
/** In the bucket `feedback`: a segmentation that a person brought in or drew, as it came. @param digest SHA-256 of its bytes */
export const importKey = (pipeline: string, digest: string) => `${pipeline}/imports/${digest}`;
export const cardKey = (name: string, version: string) => `${name}/${version}/model.json`;
export const weightsKey = (name: string, version: string, file: string) => `${name}/${version}/${file}`;

/** What an object of the bucket `runs` is. */
export type RunObject =
  | { readonly kind: 'run' | 'end'; readonly run: string }
  | { readonly kind: 'trigger'; readonly run: string; readonly id: string }
  | { readonly kind: 'retry'; readonly run: string; readonly number: number }
  | { readonly kind: 'manifest'; readonly run: string; readonly step: string }
  | { readonly kind: 'started' | 'failed'; readonly run: string; readonly step: string; readonly attempt: number }
  | { readonly kind: 'output'; readonly run: string };

/** Names an object of the bucket `runs` by its key; undefined where the key belongs to no run. */
export function parseRunKey(key: string): RunObject | undefined {
  const [run, ...rest] = key.split('/');
  if (run === undefined || !/^[0-9a-f]{64}$/.test(run)) return undefined;
  const [first, second, third, fourth] = rest;
  if (rest.length === 1 && first === 'run.json') return { kind: 'run', run };
  if (rest.length === 1 && first === 'end.json') return { kind: 'end', run };
  if (rest.length === 2 && first === 'triggers' && second?.endsWith('.json')) {
    return { kind: 'trigger', run, id: second.slice(0, -'.json'.length) };
  }
  if (rest.length === 2 && first === 'retries' && second?.endsWith('.json')) {
    const number = parseNumber(second.slice(0, -'.json'.length));
    return number === undefined ? undefined : { kind: 'retry', run, number };
  }
  if (first !== 'steps' || second === undefined) return undefined;
  if (rest.length === 3 && third === 'manifest.json') return { kind: 'manifest', run, step: second };
  const attempt = parseNumber(third ?? '');
  if (attempt === undefined) return undefined;
  if (rest.length === 4 && fourth === 'started.json') return { kind: 'started', run, step: second, attempt };
  if (rest.length === 4 && fourth === 'failed.json') return { kind: 'failed', run, step: second, attempt };
  return { kind: 'output', run };
}

function parseNumber(text: string): number | undefined {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}
