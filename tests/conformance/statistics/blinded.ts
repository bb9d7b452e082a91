/** Copies of many exams for blinded readers, made up by numbers that are the same each time. */
import { sha256 } from '../../../lib/runs/canonical.ts';
import { blindedCopy } from '../../../schemas/database/web.ts';
import { Evaluation } from '../../../schemas/evaluation.ts';
import { randomNumbers, runId } from '../../../web/testing/reads.ts';
import type { World } from '../../../web/testing/world.ts';

const SOURCES = ['model', 'expert', 'novice'];

export const BLINDED_READS = Evaluation.parse({
  name: 'livers-blinded',
  version: '1.0.0',
  title: 'Livers, blinded',
  pipeline: 'liver-transplant-segmentation',
  reading: { mode: 'blinded', sources: SOURCES },
  questions: [{ name: 'remarks', label: 'Remarks', per: 'exam', kind: 'text' }],
});

/** 31 exams of eleven patients: some of one exam, some of several, whose differences are alike; a few without the novice. */
export async function putBlindedCopies({ archive, database }: World): Promise<void> {
  const next = randomNumbers(23);
  const own = Array.from({ length: 11 }, () => ({ expert: next() * 60 - 20, novice: next() * 160 - 60 }));
  const rows: (typeof blindedCopy.$inferInsert)[] = [];
  for (let exam = 0; exam < 31; exam += 1) {
    const study = `1.2.840.3.${exam}`;
    const person = exam < 6 ? exam : 6 + (exam % 5);
    const differs = own[person] ?? { expert: 0, novice: 0 };
    const named = { name: null, birthDate: null, sex: null, studyDate: '20260105' };
    archive.patients.set(study, { ...named, patientId: `B${person}` });
    const [left, right] = [300 + next() * 300, 800 + next() * 500];
    const apart = { model: 0, expert: differs.expert + next() * 20, novice: differs.novice + next() * 50 };
    for (const source of SOURCES.filter((one) => one !== 'novice' || exam % 7 !== 3)) {
      const more = source === 'expert' ? apart.expert : source === 'novice' ? apart.novice : 0;
      const volume = (name: string, volumeMl: number) => ({
        name,
        title: name,
        volumeMl,
        voxels: 1000,
        complete: true,
      });
      rows.push({
        id: sha256(Buffer.from(`${study}|${source}`)),
        evaluation: BLINDED_READS.name,
        studyInstanceUid: study,
        source,
        run: runId(`blinded ${exam} ${source}`),
        structures: [volume('left-lobe', left + more), volume('right-lobe', right + more * 1.7 + next() * 15)],
        sha256: sha256(Buffer.from(source)),
        createdAt: new Date(Date.UTC(2026, 1, 1, exam)),
      });
    }
  }
  await database.db.insert(blindedCopy).values(rows);
}
