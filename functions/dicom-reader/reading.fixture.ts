/** Reads files as volumes, without a store: for tests. */
import { Readable } from 'node:stream';
import { pino } from 'pino';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { readNifti } from '../../lib/imaging/nifti.ts';
import type { Volume3D } from '../../lib/imaging/volume.ts';
import { sha256 } from '../../lib/runs/canonical.ts';
import type { SelectedInstance, Selection } from '../../schemas/series-index.ts';
import { type Volume, VolumeSet } from '../../schemas/volume.ts';
import { filesOf } from '../operator/step.ts';
import { type InputFile, jsonBytes, type StepContext } from '../operator.ts';
import { dicomReader } from './operator.ts';

/** What dicom-reader made of files. */
export interface ReadResult {
  readonly set: VolumeSet;
  /** The first volume, and its voxels from the file that was written. */
  readonly volume: Volume;
  readonly voxels: Volume3D;
  /** The file itself, by its name. */
  readonly files: ReadonlyMap<string, Buffer>;
}

/**
 * Reads files as dicom-reader does with `kind: volumes`.
 *
 * @param input of each file where a selector named one
 */
export async function readFiles(
  files: readonly Uint8Array[],
  parameters: Record<string, unknown> = {},
  input?: (index: number) => string,
): Promise<ReadResult> {
  const selected = files.map((bytes, index) => selectedOf(bytes, input?.(index)));
  const selection: Selection = { selected, decisions: [], unreadable: [] };
  const written = new Map<string, Buffer>();
  const write: StepContext['output'] = async (_, file, body) => {
    written.set(file, Buffer.from(body.buffer, body.byteOffset, body.byteLength));
    return { bucket: 'runs', key: file, sha256: '', size: body.length, contentType: '' };
  };
  const context: StepContext = {
    parameters: { kind: 'volumes', ...parameters },
    run: {
      id: '0'.repeat(64),
      pipeline: { name: 'test', version: '0.0.0', title: 'Test' },
      StudyInstanceUID: '2.25.100',
      notAdmitted: [],
      models: [],
      inputsAt: '2026-01-01T00:00:00.000Z',
    },
    ...filesOf(dicomReader, {
      instances: files.map((bytes) => fileOf(Buffer.from(bytes))),
      selection: [fileOf(jsonBytes(selection))],
    }),
    model: () => {
      throw new TypeError('dicom-reader has no model.');
    },
    output: write,
    publish: write,
    ranOn: () => {},
    signal: new AbortController().signal,
    log: pino({ level: 'silent' }),
  };
  await dicomReader.run(context);
  const set = VolumeSet.parse(JSON.parse(written.get('images.json')?.toString('utf8') ?? ''));
  const [volume] = set.volumes;
  if (volume === undefined) throw new Error('no volume');
  return { set, volume, voxels: readNifti(written.get(volume.file) ?? Buffer.alloc(0)), files: written };
}

function selectedOf(bytes: Uint8Array, input: string | undefined): SelectedInstance {
  const { dataset, meta } = readPart10(bytes, { untilPixelData: true });
  return {
    sha256: sha256(bytes),
    SOPInstanceUID: dataset.text('SOPInstanceUID') ?? meta.MediaStorageSOPInstanceUID,
    // Some real files have none.
    SeriesInstanceUID: dataset.text('SeriesInstanceUID') ?? '2.25.10',
    ...(input === undefined ? {} : { input }),
  };
}

function fileOf(bytes: Buffer): InputFile {
  return {
    name: 'file',
    sha256: sha256(bytes),
    size: bytes.length,
    read: async () => bytes,
    stream: async () => Readable.from([bytes]),
  };
}
