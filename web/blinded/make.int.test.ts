import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Dataset, readPart10 } from '../../lib/dicom/dataset.ts';
import { dicomJson } from '../../lib/dicom/json.ts';
import { maskOf, readSegmentation } from '../../lib/dicom/seg/read.ts';
import type { BlindedCopy } from '../../schemas/blinded.ts';
import { blindedCopy } from '../../schemas/database/web.ts';
import { Evaluation } from '../../schemas/evaluation.ts';
import { type BlindedExam, MAKERS, makeBlindedExam } from '../../tests/blinded-exam.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { exportOutbox } from '../feedback/export.ts';
import { BLINDED_EVALUATION, LIVER_EVALUATION } from '../testing/pipelines.ts';
import { makeWorld, type World } from '../testing/world.ts';
import { waitingExams } from './exams.ts';
import { copyId, inOrderFor } from './identity.ts';
import { copyObject } from './make.ts';
import { copyRecordKey, restoreCopies } from './restore.ts';

let postgres: TestPostgres;
let world: World;
let exam: BlindedExam;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url, [LIVER_EVALUATION, BLINDED_EVALUATION]);
  exam = await makeBlindedExam(world, { seed: 'blinded copies' });
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

const copiesOf = async ({ StudyInstanceUID }: BlindedExam) => {
  const rows = await world.database.db.select().from(blindedCopy);
  return rows.filter((row) => row.studyInstanceUid === StudyInstanceUID);
};

const fileOf = async (copy: Pick<BlindedCopy, 'id' | 'evaluation'>) => {
  const { bucket, key } = copyObject(copy);
  return world.store.get(bucket, key);
};

/** Every attribute of a file but its pixels, and what an attribute must have of its own to be another object. */
function attributesOf(dataset: Dataset): string {
  const own = new Set([
    'SOPInstanceUID',
    'SeriesInstanceUID',
    'SeriesDescription',
    'TrackingUID',
    'DimensionOrganizationUID',
  ]);
  const values = [...own].flatMap((keyword) => valuesOf(dataset, keyword));
  const text = JSON.stringify(dicomJson(dataset, () => 'bulk'));
  return values.reduce((replaced, value) => replaced.replaceAll(`"${value}"`, '"own"'), text);
}

function valuesOf(dataset: Dataset, keyword: string): string[] {
  const nested = ['SegmentSequence', 'DimensionOrganizationSequence', 'DimensionIndexSequence'];
  return [dataset, ...nested.flatMap((sequence) => dataset.items(sequence))].flatMap((one) => one.text(keyword) ?? []);
}

describe('copies for blinded readers', () => {
  it('are made once, when all segmentations of an exam are there, and whose each is is written to the store', async () => {
    expect(await world.parts.copies.makeDue(world.parts.now())).toEqual({ exams: 1, next: undefined });
    expect(await world.parts.copies.makeDue(world.parts.now())).toMatchObject({ exams: 0 });
    const copies = await copiesOf(exam);
    expect(new Map(copies.map(({ source, run }) => [source, run]))).toEqual(exam.runs);
    await exportOutbox(world.store, world.database);
    for (const { id, source, run } of copies) {
      const key = `${BLINDED_EVALUATION.name}/copies/${id}.json`;
      expect(JSON.parse((await world.store.get('feedback', key)).toString())).toMatchObject({ id, source, run });
    }
  });

  it('are known by the HMAC of exam and source alone', async () => {
    const { StudyInstanceUID } = exam;
    for (const { id, source } of await copiesOf(exam)) {
      const named = { evaluation: BLINDED_EVALUATION.name, StudyInstanceUID, source };
      expect(id).toBe(copyId(world.parts.blindingKey, named));
      const { dataset } = readPart10(await fileOf({ id, evaluation: named.evaluation }));
      expect(dataset.text('SeriesDescription')).toBe(`INVESTIGATIONAL ${id.slice(0, 48)}`);
    }
  });

  it('hold each voxel of their source, and no word of it', async () => {
    for (const copy of await copiesOf(exam)) {
      const bytes = await fileOf(copy);
      const [original, made] = [exam.segmentations.get(copy.source) ?? Buffer.alloc(0), bytes].map(readSegmentation);
      if (original === undefined || made === undefined) throw new Error('There is no segmentation.');
      const { grid } = await targetOf();
      const target = { grid, FrameOfReferenceUID: made.FrameOfReferenceUID };
      for (const { number, label } of made.segments) {
        const of = original.segments.find((segment) => segment.label === label)?.number ?? 0;
        const [mine, theirs] = [await maskOf(made, number, target), await maskOf(original, of, target)];
        expect(mine.count).toBeGreaterThan(0);
        expect(Buffer.compare(mine.voxels, theirs.voxels), `${copy.source}: ${label}`).toBe(0);
      }
      const text = bytes.toString('latin1');
      for (const word of MAKERS.flatMap(({ tool, author, source }) => [tool, author, source]).filter(Boolean)) {
        expect(text.includes(word), `${word} in ${copy.source}`).toBe(false);
      }
      for (const run of exam.runs.values()) expect(text).not.toContain(run);
    }
  });

  it('differ in nothing but their own UIDs, their hash, and what was drawn', async () => {
    const files = await Promise.all((await copiesOf(exam)).map(fileOf));
    const read = files.map((bytes) => readPart10(bytes));
    expect(new Set(read.map(({ meta }) => JSON.stringify({ ...meta, MediaStorageSOPInstanceUID: '' }))).size).toBe(1);
    const withoutFrames = read.map(({ dataset }) => {
      const frames = dataset.items('PerFrameFunctionalGroupsSequence').length;
      const whole = JSON.parse(attributesOf(dataset));
      expect(whole['00280008'].Value).toEqual([frames]);
      return JSON.stringify({ ...whole, '52009230': undefined, '00280008': undefined });
    });
    expect(new Set(withoutFrames).size, withoutFrames.join('\n')).toBe(1);
  });

  it('wait for the last segmentation, or for the time after which the evaluation does without', async () => {
    const two = await makeBlindedExam(world, { seed: 'two of three', makers: MAKERS.slice(0, 2) });
    expect(await world.parts.copies.makeDue(world.parts.now())).toEqual({ exams: 0, next: undefined });
    const [waiting] = await waitingExams(world.database, BLINDED_EVALUATION);
    expect(waiting).toMatchObject({ StudyInstanceUID: two.StudyInstanceUID, missing: ['novice'], readAt: null });

    const patient = Evaluation.parse({
      ...BLINDED_EVALUATION,
      name: 'liver-blinded-early',
      reading: { ...BLINDED_EVALUATION.reading, readAfterDays: 3 },
    });
    const [dated] = await waitingExams(world.database, patient).then((exams) =>
      exams.filter(({ missing }) => missing.length > 0),
    );
    expect(dated?.readAt?.getTime()).toBe((dated?.since.getTime() ?? 0) + 3 * 24 * 3600_000);
  });

  it('are made when the last one comes', async () => {
    const whole = await makeBlindedExam(world, { seed: 'two of three', makers: MAKERS.slice(2) });
    expect(await world.parts.copies.makeDue(world.parts.now())).toMatchObject({ exams: 1 });
    expect(await copiesOf(whole)).toHaveLength(3);
  });

  it('are not made of segmentations on different images, and it is said why', async () => {
    const other = await makeBlindedExam(world, { seed: 'different images' });
    await world.database.sql`update web.run
      set view = jsonb_set(view, '{result,seriesInstanceUid}', '"1.2.3"') where id = ${other.runs.get('novice') ?? ''}`;
    expect(await world.parts.copies.makeDue(world.parts.now())).toMatchObject({ exams: 0 });
    const why = world.parts.copies.whyNot(BLINDED_EVALUATION.name, other.StudyInstanceUID);
    expect(why).toBe(
      'All segmentations of an exam must lie on one series; these lie on different ones: model, expert, novice.',
    );
  });
});

describe('segmentations that cannot be copied', () => {
  it('keep no other exam waiting, and it is said why', async () => {
    const broken = await makeBlindedExam(world, { seed: 'a broken one' });
    const whole = await makeBlindedExam(world, { seed: 'a whole one' });
    const run = broken.runs.get('expert') ?? '';
    await world.store.put('results', `segmentation-import/${run}/liver.seg.dcm`, Buffer.from('no DICOM'));
    expect(await world.parts.copies.makeDue(world.parts.now())).toMatchObject({ exams: 1 });
    expect(await copiesOf(whole)).toHaveLength(3);
    expect(world.parts.copies.whyNot(BLINDED_EVALUATION.name, broken.StudyInstanceUID)).toMatch(/cannot be read/);
  });
});

describe('copies of which the database knows nothing any more', () => {
  const loseCopies = async () => {
    await exportOutbox(world.store, world.database);
    const before = await copiesOf(exam);
    expect(before).toHaveLength(3);
    await world.database.db.delete(blindedCopy);
    return before;
  };
  const unreadable = (key: string) => {
    throw new Error(`${key} was not read.`);
  };

  it('come back from the store, and what is there stays', async () => {
    const before = await loseCopies();
    expect(await restoreCopies(world.store, world.database, unreadable)).toBeGreaterThanOrEqual(3);
    expect(await copiesOf(exam)).toEqual(expect.arrayContaining(before));
    expect(await restoreCopies(world.store, world.database, unreadable)).toBe(0);
  });

  it('are those that readers were given, also where a newer segmentation has come since', async () => {
    const before = await loseCopies();
    const files = await Promise.all(before.map(fileOf));
    const newer = MAKERS.slice(2).map((maker) => ({ ...maker, minutes: 12 }));
    const { runs } = await makeBlindedExam(world, { seed: 'blinded copies', makers: newer });
    expect(before.map(({ run }) => run)).not.toContain(runs.get('novice'));
    await world.parts.copies.makeDue(world.parts.now());
    expect(await copiesOf(exam)).toEqual(expect.arrayContaining(before));
    expect(await Promise.all(before.map(fileOf))).toEqual(files);
  });

  it('are left out where their record is none, and it is said which', async () => {
    const id = (await loseCopies())[0]?.id ?? '';
    const key = copyRecordKey({ id, evaluation: BLINDED_EVALUATION.name });
    const record = await world.store.get('feedback', key);
    await world.store.put('feedback', key, Buffer.from('{'));
    const named: string[] = [];
    await restoreCopies(world.store, world.database, (one) => named.push(one));
    expect(named).toEqual([key]);
    expect((await copiesOf(exam)).map((copy) => copy.id)).not.toContain(id);
    await world.store.put('feedback', key, record);
    await restoreCopies(world.store, world.database, unreadable);
  });
});

describe('the order in which a reader is given copies', () => {
  it('is each time the same, and another one for another reader', () => {
    const copies = Array.from({ length: 8 }, (_, index) => ({ id: String(index) }));
    const orderOf = (reader: string) =>
      inOrderFor(world.parts.blindingKey, reader, copies)
        .map(({ id }) => id)
        .join('');
    expect(orderOf('ann')).toBe(orderOf('ann'));
    expect(orderOf('ann')).not.toBe(orderOf('bob'));
    expect([...orderOf('ann')].sort().join('')).toBe('01234567');
  });
});

async function targetOf() {
  const { gridOf } = await import('../../phantoms/volume.ts');
  return { grid: gridOf({ size: [64, 64, 16], spacing: [4, 4, 6] }) };
}
