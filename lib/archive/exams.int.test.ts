import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patient, study } from '../../schemas/database/archive.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { connect, type Database } from '../database/connection.ts';
import { findExams, searchExams } from './exams.ts';

let server: TestPostgres;
let database: Database;
beforeAll(async () => {
  server = await startTestPostgres();
  database = connect(server.url, { max: 2 });
  const exam = async (uid: string, name: string, patientId: string, more: Partial<typeof study.$inferInsert>) => {
    const [made] = await database.db.insert(patient).values({ name, patientId, issuer: '' }).returning();
    const at = new Date(Date.UTC(2026, 0, Number(uid.slice(2))));
    const times = { firstReceivedAt: at, lastReceivedAt: at, completeAt: at };
    const id = made?.id ?? 0;
    await database.db.insert(study).values({ studyInstanceUid: uid, patient: id, person: id, ...times, ...more });
  };
  await exam('1.1', 'Doe^Jane', 'P-100', { accessionNumber: 'A_7', studyDescription: 'PELVIS', studyDate: '20260131' });
  await exam('1.2', 'Doe^John', 'P-200', { accessionNumber: 'AX7', studyDescription: 'BRAIN 100 % NAV' });
  await exam('1.3', 'Müller^Eva', '', {});
});
afterAll(async () => {
  await database.close();
  await server.stop();
});

describe('searchExams', () => {
  it.each([
    ['doe', ['1.2', '1.1']],
    ['jane DOE', ['1.1']],
    ['Doe, Jane', ['1.1']],
    ['MÜLL', ['1.3']],
    ['P-100', ['1.1']],
    ['brain', ['1.2']],
    ['100', ['1.2', '1.1']],
    ['2026-01-31', ['1.1']],
    ['20260131 pelvis', ['1.1']],
    ['1.3', ['1.3']],
    ['A_7', ['1.1']],
    ['%', ['1.2']],
    ['nobody', []],
    ['  ', []],
  ])('finds for %j the exams %j', async (text, found) => {
    expect((await searchExams(database, text, 10)).map(({ studyInstanceUid }) => studyInstanceUid)).toEqual(found);
  });

  it('answers no more than asked for, the newest first', async () => {
    expect(await searchExams(database, 'doe', 1)).toMatchObject([{ studyInstanceUid: '1.2', name: 'Doe^John' }]);
  });
});

describe('findExams', () => {
  it('answers those that are held', async () => {
    const found = await findExams(database, ['1.3', '1.1', '9.9']);
    expect(found.get('1.1')).toMatchObject({ name: 'Doe^Jane', accessionNumber: 'A_7', studyDate: '20260131' });
    expect(found.get('1.3')).toMatchObject({ patientId: null });
    expect(found.size).toBe(2);
    expect((await findExams(database, [])).size).toBe(0);
  });
});
