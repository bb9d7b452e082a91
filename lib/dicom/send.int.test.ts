import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DCMTK_ENVIRONMENT } from '../../tests/peers/debian.ts';
import { freePort } from '../../tests/ports.ts';
import { readPart10 } from './dataset.ts';
import { echo, sendFiles, type Target } from './send.ts';
import { deriveUid } from './uid.ts';
import { writePart10 } from './write.ts';

const hasDcmtk = spawnSync('storescp', ['--version']).status === 0;
const hasDciodvfy = spawnSync('dciodvfy', ['-version']).error === undefined;

/** A radiograph with what a Computed Radiography object must have. */
function radiograph(instance: number): Buffer {
  return writePart10({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
    SOPInstanceUID: deriveUid('send test', String(instance)),
    StudyInstanceUID: deriveUid('send test', 'study'),
    SeriesInstanceUID: deriveUid('send test', 'series'),
    PatientName: 'Phantom^Änne',
    PatientID: 'P1',
    PatientBirthDate: '',
    PatientSex: 'O',
    StudyDate: '20260101',
    StudyTime: '1200',
    AccessionNumber: 'A1',
    ReferringPhysicianName: '',
    StudyID: '1',
    SeriesNumber: 1,
    InstanceNumber: instance,
    Modality: 'CR',
    Manufacturer: 'Overread',
    BodyPartExamined: 'PELVIS',
    ViewPosition: 'AP',
    PatientOrientation: ['L', 'F'],
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: 512,
    Columns: 512,
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    PixelData: Uint16Array.from({ length: 512 * 512 }, (_, index) => (index * 7 + instance) % 4096),
  });
}

/** A fresh process says nothing when it listens, so the port is asked. */
async function untilListening(port: number): Promise<void> {
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port }, () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (open) return;
  }
}

describe.skipIf(!hasDcmtk)('sending to storescp of dcmtk', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-storescp-'));
  const received = mkdtempSync(path.join(tmpdir(), 'overread-received-'));
  let receiver: ChildProcess;
  let target: Target;

  beforeAll(async () => {
    const port = await freePort();
    target = { host: '127.0.0.1', port, calledAETitle: 'STORESCP', callingAETitle: 'OVERREAD' };
    // +B keeps the bytes of the data set as they come.
    const flags = ['--accept-all', '+B', '--output-directory', received, '--aetitle', 'STORESCP', String(port)];
    receiver = spawn('storescp', flags, { stdio: 'ignore', env: DCMTK_ENVIRONMENT });
    await untilListening(port);
  });

  afterAll(() => {
    receiver.kill();
    rmSync(folder, { recursive: true });
    rmSync(received, { recursive: true });
  });

  it('is heard by echo', async () => {
    await expect(echo(target)).resolves.toBeUndefined();
  });

  it('brings every data set byte for byte', async () => {
    const files = Array.from({ length: 20 }, (_, index) => path.join(folder, `${index}.dcm`));
    for (const [index, file] of files.entries()) writeFileSync(file, radiograph(index + 1));
    const report = await sendFiles(target, files);
    expect(report).toEqual({ sent: 20, failed: [], warnings: [] });
    const dataSets = (names: string[]): string[] =>
      names.map((name) => {
        const bytes = readFileSync(name);
        return bytes.subarray(readPart10(bytes).dataSetOffset).toString('base64');
      });
    const arrived = readdirSync(received).map((name) => path.join(received, name));
    expect(dataSets(arrived).sort()).toEqual(dataSets(files).sort());
  });
});

describe.skipIf(!hasDciodvfy)('writePart10', () => {
  it('satisfies dciodvfy', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'overread-dciodvfy-'));
    const file = path.join(folder, 'radiograph.dcm');
    writeFileSync(file, radiograph(1));
    const { stderr } = spawnSync('dciodvfy', ['-new', file], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(stderr.split('\n').filter((line) => line.startsWith('Error'))).toEqual([]);
    expect(stderr).toContain('CRImage');
  });
});
