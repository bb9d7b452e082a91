/** An exam with a segmentation, as the steps before the writers leave them, and a call of a writer in memory. */
import { Readable } from 'node:stream';
import { pino } from 'pino';
import { GRIDS, SEGMENTS, seriesOn } from '../../lib/dicom/made/series.fixture.ts';
import { writeNifti } from '../../lib/imaging/nifti.ts';
import { canonicalJson, sha256 } from '../../lib/runs/canonical.ts';
import type { Structure, VolumeMeasurements, VolumeSet } from '../../schemas/volume.ts';
import { Segmentation } from '../../schemas/volume.ts';
import type { InputFile, Operator, StepContext, StepData } from './define.ts';
import { jsonBytes } from './json.ts';

export type Files = Readonly<Record<string, readonly InputFile[]>>;

export function fileOf(name: string, body: Uint8Array): InputFile {
  const bytes = Buffer.from(body);
  return {
    name,
    sha256: sha256(bytes),
    size: bytes.length,
    read: async () => bytes,
    stream: async () => Readable.from([bytes]),
  };
}

/** Inputs of a writer: a CT on one of the grids with segments that share a label map, the structures named after them. */
export function segmentedExam(gridName: string, segments: string, resampled = false): Files {
  const grid = GRIDS[gridName];
  const written = grid === undefined ? undefined : SEGMENTS[segments]?.(grid);
  if (grid === undefined || written === undefined) throw new Error('There is no such case.');
  const { files, references, exam } = seriesOn(grid, gridName);
  const instances = files.map((bytes, k) => fileOf(`${references[k]?.SOPInstanceUID}.dcm`, bytes));
  const slices = references.map((reference, k) => ({ ...reference, frame: 1, sha256: instances[k]?.sha256 ?? '' }));
  const images: VolumeSet = {
    kind: 'volumes',
    volumes: [
      {
        input: 'ct',
        file: 'ct.nii',
        StudyInstanceUID: exam.StudyInstanceUID,
        SeriesInstanceUID: exam.SeriesInstanceUID,
        FrameOfReferenceUID: exam.FrameOfReferenceUID ?? null,
        Modality: 'CT',
        grid,
        slices: resampled ? [] : slices,
        units: 'HU',
        lossy: false,
        notes: [],
      },
    ],
    leftOut: [],
  };
  const structures = written.map(({ label, category, type, colour, value }): Structure => {
    return { label: value, name: label.replaceAll(' ', '-'), title: label, category, type, colour };
  });
  const segmentation: Segmentation = {
    file: 'labels.nii',
    grid,
    structures,
    reference: 'ct',
    model: { name: 'test', version: '1.0.0', sha256: '0'.repeat(64), title: 'Test model' },
    scope: null,
    steps: [],
  };
  const values = written[0]?.voxels ?? new Uint8Array();
  return {
    instances,
    images: [fileOf('images.json', jsonBytes(images))],
    segmentation: [fileOf('segmentation.json', jsonBytes(Segmentation.parse(segmentation)))],
    labels: [fileOf('labels.nii', writeNifti({ grid, values }))],
  };
}

/** The same with what volume-calculator says of it; the first structure is cut off, an empty one 0 mL. */
export function measuredExam(gridName: string, segments: string, seg?: Uint8Array): Files {
  const exam = segmentedExam(gridName, segments);
  const grid = GRIDS[gridName];
  const written = grid === undefined ? [] : (SEGMENTS[segments]?.(grid) ?? []);
  const measurements: VolumeMeasurements = {
    SeriesInstanceUID: '2.25.1',
    voxelMl: 0.003375,
    structures: written.map(({ label, voxels, value }, index) => {
      const count = voxels.filter((voxel) => voxel === value).length;
      const name = label.replaceAll(' ', '-');
      return { name, title: label, volumeMl: count * 0.003375, voxels: count, complete: index > 0 };
    }),
    notes: [],
  };
  const files = seg === undefined ? {} : { seg: [fileOf('seg.dcm', seg)] };
  return { ...exam, ...files, measurements: [fileOf('measurements.json', jsonBytes(measurements))] };
}

/** What a call of an operator left: its files by output, and its data. */
export interface Called {
  readonly outputs: Readonly<Record<string, Buffer>>;
  readonly data: StepData;
}

/** Calls an operator with files in memory; every output is one file. */
export async function callWith(operator: Operator, files: Files, parameters: unknown = {}): Promise<Called> {
  const outputs: Record<string, Buffer> = {};
  const store = async (name: string, file: string, body: Uint8Array) => {
    outputs[name] = Buffer.from(body);
    return { bucket: 'runs' as const, key: file, sha256: sha256(body), size: body.length, contentType: '' };
  };
  const input = (name: string) => files[name] ?? [];
  const context: StepContext = {
    parameters,
    run: {
      id: sha256(Buffer.from(canonicalJson({ operator: operator.name }))),
      pipeline: { name: 'test', version: '1.0.0', title: 'Test pipeline' },
      StudyInstanceUID: '2.25.1',
      notAdmitted: [],
      models: [{ name: 'test', version: '1.0.0', sha256: '0'.repeat(64) }],
      inputsAt: '2026-01-05T08:15:00.000Z',
    },
    input,
    inputFile: (name) => {
      const [file] = input(name);
      if (file === undefined) throw new Error(`There is no input ${name}.`);
      return file;
    },
    model: () => {
      throw new Error('There is no model.');
    },
    output: store,
    publish: store,
    ranOn: () => {},
    signal: new AbortController().signal,
    log: pino({ level: 'silent' }),
  };
  return { data: await operator.run(context), outputs };
}
