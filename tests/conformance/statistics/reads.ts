/** Two evaluations with many answers, made up by numbers that are the same each time. */
import { IMPORT_PIPELINE } from '../../../lib/runs/import.ts';
import { Evaluation, type FeedbackAnswer, type Stage } from '../../../schemas/evaluation.ts';
import {
  detectionOf,
  type ProjectedRun,
  projectRuns,
  randomNumbers,
  runId,
  type SentEntry,
  segmentationOf,
  sendEntries,
} from '../../../web/testing/reads.ts';
import type { World } from '../../../web/testing/world.ts';

const HIPS = 'hip-fracture-detection';
const LIVERS = 'liver-transplant-segmentation';
const CLASSES = ['fracture', 'no-fracture', 'hardware'];
const READERS = ['ann', 'bob', 'cleo'];
const MINUTE = 60_000;
const BEGIN = Date.UTC(2026, 0, 1);

export const HIP_READS = Evaluation.parse({
  name: 'hips',
  version: '1.0.0',
  title: 'Hips',
  pipeline: HIPS,
  reading: { mode: 'unaided-first', adjudicate: ['read'] },
  reference: { question: 'read', positive: ['fracture'], negative: ['no-fracture', 'hardware'] },
  questions: [
    {
      name: 'read',
      label: 'Read',
      per: 'hip',
      kind: 'choice',
      options: [...CLASSES, 'uncertain'].map((value) => ({ value, label: value })),
    },
    { name: 'sure', label: 'Sure', per: 'exam', kind: 'rating', from: 1, to: 5, fromLabel: 'no', toLabel: 'yes' },
    { name: 'angle', label: 'Angle', per: 'exam', kind: 'number', unit: '°', from: 0, to: 180 },
    { name: 'remarks', label: 'Remarks', per: 'exam', kind: 'text' },
  ],
});

export const LIVER_READS = Evaluation.parse({
  name: 'livers',
  version: '1.0.0',
  title: 'Livers',
  pipeline: LIVERS,
  questions: [{ name: 'remarks', label: 'Remarks', per: 'exam', kind: 'text' }],
});

/** 90 exams of 60 people, read by three, not all by all. */
export async function putHipReads(world: World): Promise<void> {
  const next = randomNumbers(7);
  const pick = <Item>(items: readonly Item[]): Item => {
    const item = items[Math.floor(next() * items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  };
  const runs: ProjectedRun[] = [];
  const entries: SentEntry[] = [];
  for (let exam = 0; exam < 90; exam += 1) {
    const [name, study] = [`hip-${exam}`, `1.2.840.1.${exam}`];
    const createdAt = new Date(BEGIN + exam * 61 * MINUTE);
    const truth = { right: pick(CLASSES), left: pick(CLASSES) };
    const seen = (side: 'right' | 'left', chance: number) => (next() < chance ? truth[side] : pick(CLASSES));
    const found = { right: seen('right', 0.7), ...(next() < 0.95 ? { left: seen('left', 0.7) } : {}) };
    runs.push({
      ...{ name, study, pipeline: HIPS, createdAt, finishedAt: new Date(createdAt.getTime() + next() * 30 * MINUTE) },
      result: detectionOf(name, study, found),
    });
    const person = { name: null, birthDate: `19${30 + (exam % 60)}0101`, sex: exam % 3 === 0 ? 'M' : 'F' };
    world.archive.patients.set(study, { ...person, patientId: `P${exam % 60}`, studyDate: '20260105' });
    const sure = 1 + Math.floor(next() * 5);
    const answers = (skill: number): FeedbackAnswer[] => [
      { question: 'read', subject: 'right', value: next() < 0.03 ? 'uncertain' : seen('right', skill) },
      { question: 'read', subject: 'left', value: next() < 0.03 ? 'uncertain' : seen('left', skill) },
      { question: 'sure', subject: 'exam', value: Math.min(5, Math.max(1, sure + Math.floor(next() * 3) - 1)) },
      ...(next() < 0.9
        ? [{ question: 'angle', subject: 'exam', value: Math.round(sure * 200 + next() * 150) / 10 }]
        : []),
      { question: 'remarks', subject: 'exam', value: 'He said "no, never",\nand left.' },
    ];
    const sent = (stage: Stage, author: string, minutes: number, given: FeedbackAnswer[]): SentEntry => ({
      ...(stage === 'adjudication' ? {} : { openedMinutesBefore: 0.5 + next() * 9 }),
      ...{ run: name, evaluation: HIP_READS, stage, author, answers: given },
      createdAt: new Date(createdAt.getTime() + minutes * MINUTE),
    });
    for (const [index, author] of READERS.entries()) {
      if (next() < 0.12) continue;
      entries.push(sent('unaided', author, 60 + next() * 500, answers(0.85 - index * 0.1)));
      if (next() < 0.8) entries.push(sent('aided', author, 600 + next() * 500, answers(0.9)));
    }
    if (next() < 0.6) {
      const settled = (['right', 'left'] as const).map((side) => ({
        question: 'read',
        subject: side,
        value: truth[side],
      }));
      entries.push(sent('adjudication', 'lea', 2000, settled));
    }
  }
  await projectRuns(world, runs);
  await sendEntries(world, entries);
}

/** 25 exams of nine patients, of which an expert drew each lobe anew, and a reader edited the model's of most. */
export async function putLiverEdits(world: World): Promise<void> {
  const next = randomNumbers(11);
  const runs: ProjectedRun[] = [];
  for (let exam = 0; exam < 25; exam += 1) {
    const study = `1.2.840.2.${exam}`;
    // Nine patients with two or three exams each: differences of one of them are alike.
    const patientId = `L${exam % 9}`;
    world.archive.patients.set(study, { name: null, patientId, birthDate: null, sex: null, studyDate: '20260105' });
    const createdAt = new Date(BEGIN + exam * 95 * MINUTE);
    const model = { left: 300 + next() * 300, right: 800 + next() * 500 };
    const base = { study, createdAt };
    const name = `liver-${exam}`;
    runs.push({ ...base, name, pipeline: LIVERS, result: segmentationOf(name, study, lobes(model)) });
    const other = () => ({ left: model.left * (0.9 + next() * 0.25), right: model.right * (0.95 + next() * 0.1) });
    const made = { pipeline: LIVERS, tool: 'a viewer', at: createdAt.toISOString() };
    const expert = { ...made, source: 'expert', author: 'ella', minutes: Math.round(200 + next() * 300) / 10 };
    const expertName = `expert-${exam}`;
    const drawn = segmentationOf(expertName, study, lobes(other()));
    runs.push({ ...base, name: expertName, pipeline: IMPORT_PIPELINE, result: { ...drawn, imported: expert } });
    if (next() < 0.2) continue;
    const editName = `edit-${exam}`;
    const volumes = other();
    const imported = { ...made, source: 'edited', author: 'ann', minutes: next() * 12, edits: runId(name) };
    const changes = (['left', 'right'] as const).map((lobe) => ({
      ...{ name: `${lobe}-lobe`, title: lobe, dice: 0.85 + next() * 0.15, surfaceDistance95Mm: next() * 9 },
      ...{ originalMl: model[lobe], volumeMl: volumes[lobe], changedVoxels: 1000 },
    }));
    const edited = segmentationOf(editName, study, lobes(volumes));
    runs.push({ ...base, name: editName, pipeline: IMPORT_PIPELINE, result: { ...edited, imported, changes } });
  }
  await projectRuns(world, runs);
}

const lobes = ({ left, right }: Readonly<Record<'left' | 'right', number>>) => ({
  'left-lobe': left,
  'right-lobe': right,
});
