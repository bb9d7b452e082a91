import { readPart10 } from '../../lib/dicom/dataset.ts';
import { makeViewedExam, takeIn } from '../../tests/viewed-exam.ts';
import { freshUid } from './results.ts';
import type { World } from './world.ts';

/** A patient with three exams, the newest with its images in the archive: volumes of the model, and one that was edited. */
export interface Followed {
  readonly studies: readonly string[];
  /** Of the model, in the order of the exams. */
  readonly runs: readonly string[];
}

const structure = (volumeMl: number, complete = true) => ({
  structures: [{ name: 'left-lobe', title: 'Left lobe', volumeMl, voxels: 1000, complete }],
});

/**
 * Makes a patient to follow: 20.4, 24.1 and 36.8 mL of the model, and 35.2 mL of whoever has edited the last.
 *
 * @param seed other images for another patient
 */
export async function makeFollowed(world: World, seed = 'followed'): Promise<Followed> {
  const newest = makeViewedExam(seed);
  await takeIn(world, newest.images);
  const { dataset } = readPart10(newest.images[0] ?? Buffer.alloc(0));
  const studies = [freshUid(), freshUid(), newest.StudyInstanceUID];
  const dates = ['20250301', '20250712', '20260105'];
  world.archive.exams.push(
    studies.map((studyInstanceUid, index) => ({
      studyInstanceUid,
      studyDate: dates[index] ?? null,
      studyTime: null,
      studyDescription: null,
    })),
  );
  const person = {
    name: dataset.text('PatientName') ?? null,
    patientId: dataset.text('PatientID') ?? null,
    birthDate: dataset.text('PatientBirthDate') ?? null,
    sex: dataset.text('PatientSex') ?? null,
  };
  for (const study of studies) world.archive.patients.set(study, person);
  const runs: string[] = [];
  for (const [index, volumeMl] of [20.4, 24.1, 36.8].entries()) {
    runs.push((await world.run({ study: studies[index] ?? '', segmentation: structure(volumeMl) })).id);
  }
  const imported = {
    pipeline: 'liver-transplant-segmentation',
    source: 'edited',
    tool: 'OHIF',
    minutes: 4,
    author: 'reader',
    at: '2026-01-06T10:00:00.000Z',
    edits: runs[2] ?? '',
    from: 'liver-lobes 1.0.0',
  };
  await world.run({ study: studies[2] ?? '', segmentation: { ...structure(35.2), imported } });
  return { studies, runs };
}
