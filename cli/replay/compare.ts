import { type BoxAgreement, boxAgreement, diceOf } from '../../lib/imaging/agreement.ts';
import { readNifti } from '../../lib/imaging/nifti.ts';
import { resultKey } from '../../lib/runs/keys.ts';
import { type RunState, readRunState } from '../../lib/runs/state.ts';
import { ObjectNotFoundError, type ObjectStore } from '../../lib/store/store.ts';
import { getVerified } from '../../lib/store/verified.ts';
import { Result, type SegmentationResult } from '../../schemas/result.ts';
import type { End } from '../../schemas/run.ts';
import { Segmentation } from '../../schemas/volume.ts';

/** One file that both runs may have written. */
export interface ComparedOutput {
  readonly step: string;
  readonly output: string;
  readonly file: string;
  /** Byte for byte; `missing` and `new`: only the first or only the second wrote it. */
  readonly bytes: 'same' | 'other' | 'missing' | 'new';
}

export interface ComparedVolume {
  readonly name: string;
  readonly firstMl: number | null;
  readonly secondMl: number | null;
  /** Of the label maps; null where one of them is not there. */
  readonly dice: number | null;
}

/** A run held beside its replay. */
export interface Comparison {
  readonly run: string;
  readonly replay: string;
  readonly status: { readonly first: End['status'] | null; readonly second: End['status'] | null };
  readonly outputs: readonly ComparedOutput[];
  readonly volumes: readonly ComparedVolume[];
  readonly images: readonly BoxAgreement[];
  /** Class of each side by the replay. */
  readonly classes: Readonly<Partial<Record<'left' | 'right', string>>>;
}

/** Compares everything that two runs wrote. @throws {Error} one of them is not in the store */
export async function compareRuns(store: ObjectStore, run: string, replay: string): Promise<Comparison> {
  const [first, second] = await Promise.all([stateOf(store, run), stateOf(store, replay)]);
  const [one, other] = await Promise.all([resultOf(store, first), resultOf(store, second)]);
  return {
    run,
    replay,
    status: { first: first.end?.status ?? null, second: second.end?.status ?? null },
    outputs: compareOutputs(first, second),
    volumes: await compareVolumes(store, { state: first, result: one }, { state: second, result: other }),
    images: boxAgreement(imagesOf(one), imagesOf(other)),
    classes: classesOf(other),
  };
}

/** The files of both runs, step by step in the order of the first. Pure. */
function compareOutputs(first: RunState, second: RunState): ComparedOutput[] {
  const before = filesOf(first);
  const after = filesOf(second);
  const compared = [...before].map(([name, { place, sha256 }]): ComparedOutput => {
    const again = after.get(name);
    return { ...place, bytes: again === undefined ? 'missing' : again.sha256 === sha256 ? 'same' : 'other' };
  });
  const added = [...after].filter(([name]) => !before.has(name));
  return [...compared, ...added.map(([, { place }]): ComparedOutput => ({ ...place, bytes: 'new' }))];
}

function filesOf(state: RunState) {
  const files = new Map<string, { place: Pick<ComparedOutput, 'step' | 'output' | 'file'>; sha256: string }>();
  for (const { name: step } of state.run.steps) {
    for (const [output, objects] of Object.entries(state.steps.get(step)?.manifest?.outputs ?? {})) {
      for (const { key, sha256 } of objects) {
        const file = key.slice(key.lastIndexOf('/') + 1);
        files.set(`${step} ${output} ${file}`, { place: { step, output, file }, sha256 });
      }
    }
  }
  return files;
}

interface Ended {
  readonly state: RunState;
  readonly result: Result | undefined;
}

async function compareVolumes(store: ObjectStore, first: Ended, second: Ended): Promise<ComparedVolume[]> {
  const [one, other] = [segmentationOf(first.result), segmentationOf(second.result)];
  const names = [...new Set([one, other].flatMap((result) => result?.structures.map(({ name }) => name) ?? []))];
  const [map, again] = await Promise.all([labelsOf(store, first), labelsOf(store, second)]);
  return names.map((name) => {
    const measured = (result: SegmentationResult | undefined) =>
      result?.structures.find((structure) => structure.name === name)?.volumeMl ?? null;
    return { name, firstMl: measured(one), secondMl: measured(other), dice: diceOfNamed(map, again, name) };
  });
}

interface LabelMap {
  readonly values: ArrayLike<number>;
  /** Structure → value in the map. */
  readonly labels: ReadonlyMap<string, number>;
}

/** Of the masks that the two maps have of a structure; null where one of them knows no such structure. */
function diceOfNamed(first: LabelMap | undefined, second: LabelMap | undefined, name: string): number | null {
  const [label, again] = [first?.labels.get(name), second?.labels.get(name)];
  if (first === undefined || second === undefined || label === undefined || again === undefined) return null;
  return diceOf(first.values, second.values, label, again);
}

/** The label map that the last step which has one left, with the names of its labels. */
async function labelsOf(store: ObjectStore, { state }: Ended): Promise<LabelMap | undefined> {
  const made = state.run.steps.toReversed().flatMap(({ name }) => {
    const { segmentation, labels } = state.steps.get(name)?.manifest?.outputs ?? {};
    return segmentation?.[0] === undefined || labels?.[0] === undefined
      ? []
      : [{ named: segmentation[0], voxels: labels[0] }];
  });
  const [last] = made;
  if (last === undefined) return undefined;
  const [named, voxels] = await Promise.all([getVerified(store, last.named), getVerified(store, last.voxels)]);
  const { structures } = Segmentation.parse(JSON.parse(named.toString('utf8')));
  return { values: readNifti(voxels).values, labels: new Map(structures.map(({ name, label }) => [name, label])) };
}

function segmentationOf(result: Result | undefined): SegmentationResult | undefined {
  return result?.kind === 'segmentation' ? result : undefined;
}

function imagesOf(result: Result | undefined) {
  return result?.kind === 'detection' ? result.images : [];
}

function classesOf(result: Result | undefined): Comparison['classes'] {
  if (result?.kind !== 'detection') return {};
  return Object.fromEntries(
    result.summary.sides.flatMap(({ side, class: found }) => (side === null ? [] : [[side, found]])),
  );
}

async function stateOf(store: ObjectStore, run: string): Promise<RunState> {
  const state = await readRunState(store, run);
  if (state === undefined) throw new Error(`There is no run ${run}.`);
  return state;
}

async function resultOf(store: ObjectStore, { id, run }: RunState): Promise<Result | undefined> {
  try {
    return Result.parse(JSON.parse((await store.get('results', resultKey(run.pipeline.name, id))).toString('utf8')));
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
}
