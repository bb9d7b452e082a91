import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { GRIDS } from '../../lib/dicom/made/series.fixture.ts';
import { readNifti, writeNifti } from '../../lib/imaging/nifti.ts';
import { reorient } from '../../lib/imaging/reorient.ts';
import { Segmentation } from '../../schemas/volume.ts';
import { callWith, type Files, fileOf, segmentedExam } from '../operator/objects.fixture.ts';
import { rtstructWriter } from '../rtstruct-writer/operator.ts';
import { segWriter } from '../seg-writer/operator.ts';
import { segmentationReader } from './operator.ts';

/** The label map of an exam of the fixtures, and its structures. */
async function truthOf(exam: Files) {
  const [labels, segmentation] = [exam.labels?.[0], exam.segmentation?.[0]];
  if (labels === undefined || segmentation === undefined) throw new Error('The exam has no segmentation.');
  const { structures } = Segmentation.parse(JSON.parse((await segmentation.read()).toString('utf8')));
  return { bytes: await labels.read(), structures };
}

async function read(exam: Files, imported: Uint8Array, parameters: object = {}) {
  const { structures } = await truthOf(exam);
  const files = { ...exam, imported: [fileOf('imported', imported)] };
  const { outputs, data } = await callWith(segmentationReader, files, { structures, tool: '3D Slicer', ...parameters });
  return { labels: readNifti(outputs.labels ?? Buffer.alloc(0)), data };
}

describe('segmentation-reader', () => {
  it.each(Object.keys(GRIDS))('reads SEG, RTSTRUCT and NIfTI back to the same voxels: %s', async (grid) => {
    const exam = segmentedExam(grid, 'touching segments');
    const { bytes } = await truthOf(exam);
    const truth = readNifti(bytes);
    const seg = (await callWith(segWriter, exam)).outputs.seg ?? Buffer.alloc(0);
    const rtstruct = (await callWith(rtstructWriter, exam)).outputs.rtstruct ?? Buffer.alloc(0);
    for (const [kind, file] of Object.entries({ seg, rtstruct, nifti: bytes, zipped: gzipSync(bytes) })) {
      const { labels, data } = await read(exam, file);
      expect(Buffer.compare(Buffer.from(labels.values), Buffer.from(truth.values)), kind).toBe(0);
      expect(data.structures, kind).toEqual(['first', 'second']);
    }
  });

  it('reads a label map whose rows and slices run the other way, as tools store them', async () => {
    const exam = segmentedExam('axial', 'touching segments');
    const { bytes } = await truthOf(exam);
    const turned = writeNifti(reorient(readNifti(bytes), 'RAS'));
    const { labels } = await read(exam, turned);
    expect(Buffer.compare(Buffer.from(labels.values), Buffer.from(readNifti(bytes).values))).toBe(0);
  });

  it('knows contours by their class, where a viewer calls their Modality that of a segmentation', async () => {
    const exam = segmentedExam('axial', 'touching segments');
    const { bytes } = await truthOf(exam);
    const rtstruct = (await callWith(rtstructWriter, exam)).outputs.rtstruct ?? Buffer.alloc(0);
    const called = Buffer.from(rtstruct);
    const modality = called.indexOf(Buffer.from([0x08, 0x00, 0x60, 0x00]));
    called.write('SEG     ', called.indexOf('RTSTRUCT', modality), 'latin1');
    expect(readPart10(called).dataset.text('Modality')).toBe('SEG');
    const { labels } = await read(exam, called);
    expect(Buffer.compare(Buffer.from(labels.values), Buffer.from(readNifti(bytes).values))).toBe(0);
  });

  it('takes the names that the person says', async () => {
    const exam = segmentedExam('axial', 'touching segments');
    const { bytes } = await truthOf(exam);
    const { data } = await read(exam, bytes, { names: { first: '2', second: 'nowhere' } });
    expect(data.structures).toEqual(['first']);
  });

  it('says what the file holds where nothing of it is asked for', async () => {
    const exam = segmentedExam('axial', 'touching segments');
    const seg = (await callWith(segWriter, exam)).outputs.seg ?? Buffer.alloc(0);
    const names = { first: 'liver', second: 'spleen' };
    await expect(read(exam, seg, { names })).rejects.toThrow(
      'The file must hold first, second; it holds "first", "second". Say which is which with --names.',
    );
  });

  it('refuses another patient, another exam, another frame of reference, another place, and what is no segmentation', async () => {
    const exam = segmentedExam('axial', 'touching segments');
    const seg = (await callWith(segWriter, exam)).outputs.seg ?? Buffer.alloc(0);
    const changed = (from: string, to: string) => Buffer.from(seg.toString('latin1').replaceAll(from, to), 'latin1');
    const { patient, study, frame } = namesIn(seg);
    await expect(read(exam, changed(patient, 'X'.repeat(patient.length)))).rejects.toThrow(
      'of the patient of the images',
    );
    await expect(read(exam, changed(study, other(study)))).rejects.toThrow('of the exam of the images');
    await expect(read(exam, changed(frame, other(frame)))).rejects.toThrow('in the frame of reference of the images');
    const elsewhere = segmentedExam('oblique', 'touching segments');
    await expect(read(exam, (await truthOf(elsewhere)).bytes)).rejects.toThrow('voxels lie elsewhere');
    await expect(read(exam, Buffer.from('no segmentation at all'))).rejects.toThrow('neither a DICOM segmentation');
  });
});

function namesIn(seg: Buffer) {
  const { dataset } = readPart10(seg);
  return {
    patient: dataset.text('PatientID') ?? '',
    study: dataset.text('StudyInstanceUID') ?? '',
    frame: dataset.text('FrameOfReferenceUID') ?? '',
  };
}

/** A valid UID of the same length. */
function other(uid: string): string {
  return uid.slice(0, -1) + (uid.endsWith('1') ? '2' : '1');
}
