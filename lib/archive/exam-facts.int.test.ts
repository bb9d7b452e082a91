import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { instance, patient, study } from '../../schemas/database/archive.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { connect, type Database } from '../database/connection.ts';
import { ageBand, examFacts } from './exam-facts.ts';

const KEY = Buffer.from('a secret of the site');
const AT = new Date('2026-01-31T08:00:00Z');

let server: TestPostgres;
let database: Database;
beforeAll(async () => {
  server = await startTestPostgres();
  database = connect(server.url, { max: 2 });
  const person = async (patientId: string, issuer: string, exams: readonly string[]) => {
    const row = { patientId, issuer, name: 'Doe^Jane', birthDate: '19560630', sex: 'F' };
    const [made] = await database.db.insert(patient).values(row).returning();
    for (const studyInstanceUid of exams) {
      const times = { firstReceivedAt: AT, lastReceivedAt: AT, completeAt: AT };
      const id = made?.id ?? 0;
      const exam = { studyInstanceUid, patient: id, person: id, studyDate: '20260131', ...times };
      await database.db.insert(study).values(exam);
    }
  };
  await person('P-1', 'here', ['1.1', '1.2']);
  await person('P-1', 'elsewhere', ['1.3']);
  await person('', '', ['1.4']);
  await person('', '', ['1.5']);
  const tags = { Manufacturer: ['ACME'], ManufacturerModelName: ['Scan 3'] };
  await database.db.insert(instance).values({
    ...{
      sopInstanceUid: '2.1',
      studyInstanceUid: '1.1',
      seriesInstanceUid: '3.1',
      sopClassUid: '4',
      transferSyntaxUid: '5',
    },
    ...{ dataSetSha256: 'd', objectKey: 'k', objectSha256: 's', objectSize: 1, calledAETitle: 'A', receivedAt: AT },
    ...{ tags, own: false },
  });
});
afterAll(async () => {
  await database.close();
  await server.stop();
});

describe('what a report may say of exams', () => {
  it('names nobody, and knows which exams are of one person', async () => {
    const facts = await examFacts(database, ['1.1', '1.2', '1.3', '1.4', '1.5', '9.9'], KEY);
    expect([...facts.keys()].sort()).toEqual(['1.1', '1.2', '1.3', '1.4', '1.5']);
    const patients = ['1.1', '1.2', '1.3', '1.4', '1.5'].map((uid) => facts.get(uid)?.patient);
    expect(patients[0]).toBe(patients[1]);
    expect(new Set(patients).size).toBe(4);
    expect(JSON.stringify([...facts])).not.toMatch(/Doe|P-1|1956/);
  });

  it('gives sex, age in tens of years, scanner, and when the images came', async () => {
    const facts = await examFacts(database, ['1.1', '1.2'], KEY);
    expect(facts.get('1.1')).toMatchObject({ sex: 'F', ageBand: '60-69', scanner: 'ACME Scan 3', lastReceivedAt: AT });
    expect(facts.get('1.2')?.scanner).toBeNull();
  });

  it('gives pseudonyms that another site cannot make', async () => {
    const [ours, theirs] = await Promise.all(
      [KEY, Buffer.from('another')].map((key) => examFacts(database, ['1.1'], key)),
    );
    expect(ours?.get('1.1')?.patient).not.toBe(theirs?.get('1.1')?.patient);
  });
});

describe('the age', () => {
  it.each([
    ['19560201', '20260131', '60-69'],
    ['19560131', '20260131', '70-79'],
    ['19100101', '20260131', '90+'],
    ['20251231', '20260131', '0-9'],
    ['20270101', '20260131', null],
    ['1956', '20260131', null],
    [null, '20260131', null],
    ['19560131', null, null],
  ])('of somebody born %s at %s is %s', (born, at, band) => {
    expect(ageBand(born, at)).toBe(band);
  });
});
