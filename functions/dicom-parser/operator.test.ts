import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { SeriesIndex } from '../../schemas/series-index.ts';
import { doStep, radiograph, storeRun, temporaryStore } from '../operator/world.fixture.ts';
import { dicomParser } from './operator.ts';

const STEPS = [{ name: 'dicom-parser', operator: 'dicom-parser', inputs: { instances: 'run.instances' } }];
const ODD_FILES = path.join(import.meta.dirname, '../../../shared/data/12-pydicom-test-files');

async function indexOf(files: readonly Uint8Array[]): Promise<SeriesIndex> {
  const store = await temporaryStore();
  const run = await storeRun(store, { steps: STEPS, files });
  const manifest = await doStep(store, dicomParser, run);
  const index = await store.get('runs', manifest.outputs.index?.[0]?.key ?? '');
  return SeriesIndex.parse(JSON.parse(index.toString('utf8')));
}

describe('dicom-parser', () => {
  it('groups by series, in the order of InstanceNumber, with what the instances say alike', async () => {
    const { series } = await indexOf([
      radiograph({ SOPInstanceUID: '2.25.3', InstanceNumber: 2, ViewPosition: 'AP' }),
      radiograph({ SOPInstanceUID: '2.25.4', InstanceNumber: 1, ViewPosition: 'PA' }),
      radiograph({ SOPInstanceUID: '2.25.5', SeriesInstanceUID: '2.25.99' }),
    ]);
    expect(series.map(({ SeriesInstanceUID }) => SeriesInstanceUID)).toEqual(['2.25.10', '2.25.99']);
    expect(series[0]?.instances.map(({ SOPInstanceUID }) => SOPInstanceUID)).toEqual(['2.25.4', '2.25.3']);
    expect(series[0]?.attributes).toMatchObject({ Modality: ['CR'], PatientOrientation: ['L', 'F'] });
    expect(series[0]?.attributes).not.toHaveProperty('ViewPosition');
  });

  it('lists series in the order in which they were made', async () => {
    const { series } = await indexOf([
      radiograph({ SOPInstanceUID: '2.25.3', SeriesInstanceUID: '2.25.10', SeriesNumber: 2 }),
      radiograph({ SOPInstanceUID: '2.25.4', SeriesInstanceUID: '2.25.20', SeriesNumber: 1 }),
    ]);
    expect(series.map(({ SeriesInstanceUID }) => SeriesInstanceUID)).toEqual(['2.25.20', '2.25.10']);
  });

  it('reports what cannot be read, with the reason, and goes on with the others', async () => {
    const whole = radiograph();
    const { series, unreadable } = await indexOf([
      whole,
      Buffer.from('no DICOM, but long enough to look'),
      whole.subarray(0, 4000),
    ]);
    expect(series).toHaveLength(1);
    expect(unreadable.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('no DICOM'),
      'The file is truncated or damaged: it has a value that goes on beyond its end. Send it again from its source.',
    ]);
  });

  it('lists nothing that identifies a person', async () => {
    const index = await indexOf([
      radiograph({ PatientName: 'Doe^Jane', PatientID: 'ID4711', AccessionNumber: 'A0815' }),
    ]);
    expect(JSON.stringify(index)).not.toMatch(/Doe|4711|0815/);
  });
});

describe.skipIf(!existsSync(ODD_FILES))('dicom-parser on files made to be hard', () => {
  it('indexes or reports each of them', { timeout: 30_000 }, async () => {
    const names = readdirSync(ODD_FILES, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const files = names.map((entry) => readFileSync(path.join(entry.parentPath, entry.name)));
    const { series, unreadable } = await indexOf(files);
    expect(series.flatMap(({ instances }) => instances).length + unreadable.length).toBe(files.length);
  });
});
