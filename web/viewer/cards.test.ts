import { describe, expect, it } from 'vitest';
import type { SegmentationResult } from '../../schemas/result.ts';
import type { StructureChange } from '../../schemas/volume.ts';
import { changesCard, editsCard } from './cards.ts';

const RUN = 'a'.repeat(64);
const change = (more: Partial<StructureChange> = {}): StructureChange => ({
  name: 'lesion',
  title: 'Lesion',
  dice: 0.8,
  surfaceDistance95Mm: 2.34,
  originalMl: 10,
  volumeMl: 12.5,
  changedVoxels: 100,
  ...more,
});

const result = (changes: StructureChange[]): SegmentationResult => ({
  run: RUN,
  pipeline: 'segmentation-import',
  pipelineVersion: '1.0.0',
  studyInstanceUid: '1.2',
  models: [],
  publishedAt: '2026-01-01T00:00:00.000Z',
  kind: 'segmentation',
  seriesInstanceUid: '1.3',
  frameOfReferenceUid: '1.4',
  studyDate: null,
  structures: [{ name: 'lesion', title: 'Lesion', volumeMl: 12.5, voxels: 100, complete: true }],
  objects: {},
  previews: [],
  notes: [],
  imported: {
    pipeline: 'brain-tumor-segmentation',
    source: 'edited',
    tool: 'OHIF',
    minutes: 2,
    author: 'reader',
    at: '2026-01-01T00:00:00.000Z',
    edits: 'b'.repeat(64),
  },
  changes,
});

const text = (html: unknown) =>
  String(html)
    .replaceAll('&gt;', '>')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();

describe('changesCard', () => {
  it.each([
    [change(), 'Before 10.0 mL Now 12.5 mL Change +2.5 mL, +25 % Dice 0.800 95 % surface distance 2.3 mm'],
    [change({ volumeMl: 8, dice: 0.9999 }), 'Now 8.0 mL Change −2.0 mL, −20 % Dice > 0.999'],
    [change({ volumeMl: 10, dice: 1, changedVoxels: 0, surfaceDistance95Mm: 0 }), 'Change unchanged Dice 1.000'],
    [
      change({ originalMl: 0, dice: 0, surfaceDistance95Mm: null }),
      'Change +12.5 mL Dice 0.000 95 % surface distance no distance',
    ],
  ])('says what was changed %#', (one, expected) => expect(text(changesCard(result([one])))).toContain(expected));

  it('says nothing of what is no edit', () => {
    const { changes, ...other } = result([change()]);
    expect(changesCard(other)).toBe('');
  });
});

it('editsCard lists edits that are measured, under way and of no use', () => {
  const run = {
    id: RUN,
    pipeline: 'segmentation-import',
    pipelineVersion: '1.0.0',
    studyInstanceUid: '1.2',
    createdAt: '2026-01-01T00:00:00.000Z',
    finishedAt: null,
    amends: null,
    replayOf: null,
    triggers: [],
    models: [],
    steps: [],
    reason: null,
    imported: { pipeline: 'brain-tumor-segmentation', source: 'edited', author: 'reader', edits: 'b'.repeat(64) },
  };
  const listed = editsCard([
    { ...run, status: 'running', result: null },
    { ...run, status: 'failed', reason: 'Its voxels lie beside the images.', result: null },
    { ...run, status: 'succeeded', result: result([change()]) },
  ]);
  expect(text(listed)).toMatch(/By reader .* is being measured … By reader .* cannot be used : Its voxels lie beside/);
  expect(text(listed)).toMatch(/in 2 min: Lesion 12.5 mL \(\+2.5 mL, \+25 %, Dice 0.800, 2.3 mm\)/);
  expect(editsCard([])).toBe('');
});
