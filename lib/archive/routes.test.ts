import { describe, expect, it } from 'vitest';
import type { TagValues } from '../../schemas/archive.ts';
import { Route } from '../../schemas/site.ts';
import { writePart10 } from '../dicom/write.ts';
import { decideRoute, explainRoutes, routeKeywords } from './routes.ts';

const PIPELINES = new Set(['hip-fracture-detection']);
const CR = '1.2.840.10008.5.1.4.1.1.1';
const MR = '1.2.840.10008.5.1.4.1.1.4';

function route(when: Record<string, string | string[]>, more: Partial<Route> = {}): Route {
  return Route.parse({ name: 'hip', pipeline: 'hip-fracture-detection', when, ...more });
}

describe('decideRoute', () => {
  it.each<[string, Record<string, string | string[]>, TagValues, boolean]>([
    ['the exact value', { StudyDescription: 'PELVIS' }, { StudyDescription: ['PELVIS'] }, true],
    ['another case', { StudyDescription: 'PELVIS' }, { StudyDescription: ['Pelvis'] }, true],
    ['case beyond ASCII', { StudyDescription: 'HÜFTE' }, { StudyDescription: ['Hüfte'] }, true],
    ['a part of the value', { StudyDescription: 'PELVIS' }, { StudyDescription: ['PELVIS AP'] }, false],
    ['a glob', { StudyDescription: 'BRAIN*NAV' }, { StudyDescription: ['Brain T1 for nav'] }, true],
    [
      'a glob that matches nothing between',
      { StudyDescription: 'BRAIN*NAV' },
      { StudyDescription: ['BRAINNAV'] },
      true,
    ],
    ['a glob with something behind', { StudyDescription: 'BRAIN*NAV' }, { StudyDescription: ['BRAIN NAV 2'] }, false],
    [
      'what is special in regular expressions',
      { StudyDescription: 'A+B (C)?' },
      { StudyDescription: ['a+b (c)?'] },
      true,
    ],
    ['one of a list', { StudyDescription: ['HIP', 'PELVIS'] }, { StudyDescription: ['PELVIS'] }, true],
    ['none of a list', { StudyDescription: ['HIP', 'PELVIS'] }, { StudyDescription: ['CHEST'] }, false],
    ['a SOP class by name', { SOPClassUID: 'MR Image Storage' }, { SOPClassUID: [MR] }, true],
    ['a SOP class by UID', { SOPClassUID: MR }, { SOPClassUID: [MR] }, true],
    ['another SOP class', { SOPClassUID: 'MR Image Storage' }, { SOPClassUID: [CR] }, false],
    ['any SOP class below a root', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.*' }, { SOPClassUID: [CR] }, true],
    ['a dot in a UID only as a dot', { SOPClassUID: '1.2.8*' }, { SOPClassUID: ['1x2.840'] }, false],
    ['the second of several values', { ImageType: 'PRIMARY' }, { ImageType: ['ORIGINAL', 'PRIMARY'] }, true],
    ['a number written otherwise', { SliceThickness: '1.5' }, { SliceThickness: ['1.50'] }, true],
    ['another number', { SliceThickness: '1.5' }, { SliceThickness: ['1.51'] }, false],
    ['a number as a glob', { SliceThickness: '1.*' }, { SliceThickness: ['1.51'] }, true],
    ['a binary number', { Rows: '512' }, { Rows: ['512'] }, true],
    ['an absent tag', { StudyDescription: 'PELVIS' }, {}, false],
    ['an absent tag, anything wanted', { StudyDescription: '*' }, {}, false],
    [
      'all of several tags',
      { Modality: 'CR', StudyDescription: 'PELVIS' },
      { Modality: ['CR'], StudyDescription: ['PELVIS'] },
      true,
    ],
    [
      'only one of several tags',
      { Modality: 'DX', StudyDescription: 'PELVIS' },
      { Modality: ['CR'], StudyDescription: ['PELVIS'] },
      false,
    ],
    ['no condition at all', {}, {}, true],
  ])('decides on %s', (_, when, tags, matched) => {
    expect(decideRoute(route(when), tags, PIPELINES).matched).toBe(matched);
  });

  it('takes only the scanners that are listed', () => {
    const room = route({ StudyDescription: 'PELVIS' }, { stationNames: ['ROOM1', 'ROOM2'] });
    const decide = (station: string[]) =>
      decideRoute(room, { StudyDescription: ['PELVIS'], StationName: station }, PIPELINES);
    expect(decide(['room2']).matched).toBe(true);
    expect(decide(['ROOM3'])).toMatchObject({
      matched: false,
      reason: 'StationName is `ROOM3`, wanted `ROOM1` or `ROOM2`.',
    });
  });

  it.each<[string, Record<string, string | string[]>, TagValues, string]>([
    [
      'what was found and wanted',
      { StudyDescription: 'PELVIS' },
      { StudyDescription: ['CHEST'] },
      'StudyDescription is `CHEST`, wanted `PELVIS`.',
    ],
    [
      'names of SOP classes',
      { SOPClassUID: 'MR Image Storage' },
      { SOPClassUID: [CR] },
      'SOPClassUID is `Computed Radiography Image Storage`, wanted `MR Image Storage`.',
    ],
    [
      'that a tag is absent',
      { StudyDescription: ['A', 'B'] },
      {},
      'StudyDescription is absent or empty, wanted `A` or `B`.',
    ],
    [
      'that a keyword does not exist',
      { StudyDescripton: 'A' },
      {},
      '`StudyDescripton` is no DICOM keyword: the route can never match.',
    ],
    ['which tags matched', { Modality: 'CR' }, { Modality: ['CR'] }, 'Matches Modality.'],
  ])('says %s', (_, when, tags, reason) => {
    expect(decideRoute(route(when), tags, PIPELINES).reason).toBe(reason);
  });

  it.each([
    'PatientID',
    'PatientName',
    'PatientBirthDate',
    'AccessionNumber',
    'ReferringPhysicianName',
    'InstitutionAddress',
  ])('never shows %s', (keyword) => {
    const { reason } = decideRoute(route({ [keyword]: 'SECRET' }), { [keyword]: ['PRIVATE'] }, PIPELINES);
    expect(reason).toBe(`${keyword} does not match.`);
  });

  it('shows a few of many values, and no characters that turn a page round', () => {
    const values = ['\u202eSIVLEP\r\n', ...Array.from({ length: 30_000 }, (_, index) => String(index))];
    const { reason } = decideRoute(route({ StudyDescription: 'A' }), { StudyDescription: values }, PIPELINES);
    expect(reason).toBe('StudyDescription is ` SIVLEP  ` or `0` or `1` or `2` or … (30001 values), wanted `A`.');
  });

  it('cuts a long value', () => {
    const { reason } = decideRoute(
      route({ StudyDescription: 'A' }),
      { StudyDescription: ['x'.repeat(500)] },
      PIPELINES,
    );
    expect(reason).toBe(`StudyDescription is \`${'x'.repeat(64)}…\`, wanted \`A\`.`);
  });

  it('says that there is no such pipeline, and does not match', () => {
    expect(decideRoute(route({}, { pipeline: 'brain' }), {}, PIPELINES)).toMatchObject({
      matched: false,
      reason: 'Every tag matches, but there is no pipeline `brain` here.',
    });
  });

  it('counts the conditions that hold', () => {
    const tags = { Modality: ['CR'], StudyDescription: ['CHEST'] };
    expect(decideRoute(route({ Modality: 'CR', StudyDescription: 'PELVIS' }), tags, PIPELINES).held).toBe(1);
  });
});

describe('routeKeywords', () => {
  it('lists what routes ask for, without what is no keyword', () => {
    const keywords = routeKeywords([route({ BodyPartExamined: 'HIP', ProtocolName: 'X', Nonsense: 'Y' })]);
    expect(keywords).toContain('ProtocolName');
    expect(keywords).not.toContain('Nonsense');
    expect(new Set(keywords).size).toBe(keywords.length);
  });
});

describe('explainRoutes', () => {
  it('asks every route about a file', () => {
    const file = writePart10({ SOPClassUID: CR, SOPInstanceUID: '1.2.3', StudyDescription: 'CHEST' });
    const routes = [route({ StudyDescription: 'PELVIS' }), route({ SOPClassUID: CR }, { name: 'all' })];
    const reasons = explainRoutes(file, { routes }, new Map()).map(({ route: name, reason }) => [name, reason]);
    expect(reasons).toEqual([
      ['hip', 'StudyDescription is `CHEST`, wanted `PELVIS`.'],
      ['all', 'Every tag matches, but there is no pipeline `hip-fracture-detection` here.'],
    ]);
  });
});
