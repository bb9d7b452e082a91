/**
 * The runtime that every operator shares, and all of it that an operator may know.
 *
 * An operator declares itself with `defineOperator`; its `main.ts` hands that to `main`, which serves the OpenFaaS
 * workload contract or, given arguments, runs it on local files.
 */
export { cardOf } from './operator/card.ts';
export { mapAtMost } from './operator/concurrent.ts';
export {
  defineOperator,
  type InputFile,
  type Model,
  type Operator,
  type StepContext,
  type StepData,
} from './operator/define.ts';
export { bytesOf, jsonBytes, readJson } from './operator/json.ts';
export { Keyword } from './operator/keyword.ts';
export { runLocally } from './operator/local.ts';
export { algorithmOf, madeBy, refusing, type Source, sourceOf, trackingUidOf } from './operator/made.ts';
export { objectParameters } from './operator/made-parameters.ts';
export { readNamed, readPixels } from './operator/radiographs.ts';
export { main, serveOperator } from './operator/start.ts';
export { readLabels, readVoxels, volumeNamed } from './operator/volumes.ts';
