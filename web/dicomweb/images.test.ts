import { describe, expect, it } from 'vitest';
import type { RunView } from '../../schemas/api.ts';
import { ahead } from './ahead.ts';
import { currentRuns } from './images.ts';
import { RecentFiles } from './recent.ts';

type Made = Partial<Pick<RunView, 'pipeline' | 'amends' | 'replayOf'>> & {
  readonly id: string;
  readonly none?: boolean;
  /** Who made it, where no model did. */
  readonly source?: string;
};

const imported = (source: string) => ({
  ...{ pipeline: 'liver', source, tool: 'a tool', minutes: null, author: 'somebody', at: '' },
});

/** Runs as they are listed: newest first. */
function runs(...made: readonly Made[]): RunView[] {
  return made.map(({ none, source, ...run }) => ({
    pipeline: 'liver',
    pipelineVersion: '1.0.0',
    studyInstanceUid: '1.2',
    status: none === true ? 'failed' : 'succeeded',
    reason: null,
    createdAt: '',
    finishedAt: null,
    amends: null,
    replayOf: null,
    triggers: [],
    models: [],
    steps: [],
    ...run,
    result:
      none === true
        ? null
        : {
            ...{ run: run.id, pipeline: 'liver', pipelineVersion: '1.0.0', studyInstanceUid: '1.2', models: [] },
            ...{ publishedAt: '', kind: 'segmentation', seriesInstanceUid: '1.3', frameOfReferenceUid: null },
            ...{ studyDate: null, structures: [], objects: {}, previews: [], notes: [] },
            ...(source === undefined ? {} : { imported: imported(source) }),
          },
  }));
}

describe('currentRuns', () => {
  const current = (...made: readonly Made[]) => currentRuns(runs(...made)).map(({ id }) => id);

  it('takes the newest of each pipeline', () => {
    expect(current({ id: 'b' }, { id: 'c', pipeline: 'brain' }, { id: 'a' })).toEqual(['b', 'c']);
  });

  it('leaves out what another run amends, even while that one has no result', () => {
    expect(current({ id: 'b', amends: 'a', none: true }, { id: 'a' })).toEqual([]);
  });

  it('keeps segmentations of different people, the newest of each', () => {
    const [novice, expert, pipeline] = ['novice', 'expert', 'segmentation-import'];
    expect(
      current(
        { id: 'd', pipeline, source: novice },
        { id: 'c', pipeline, source: expert },
        { id: 'b', pipeline, source: novice },
        { id: 'a' },
      ),
    ).toEqual(['d', 'c', 'a']);
  });

  it('passes over replays and runs without a result', () => {
    expect(current({ id: 'c', replayOf: 'a' }, { id: 'b', none: true }, { id: 'a' })).toEqual(['a']);
  });
});

describe('RecentFiles', () => {
  const object = (key: string) => ({ bucket: 'dicom', key }) as const;

  it('reads a file once, however many ask at once, and drops the one that was used longest ago', async () => {
    const read: string[] = [];
    const files = new RecentFiles(async ({ key }) => {
      read.push(key);
      return Buffer.alloc(60 << 20);
    });
    await Promise.all(['a', 'a', 'b'].map((key) => files.get(object(key))));
    await files.get(object('a'));
    expect(read).toEqual(['a', 'b']);
    await files.get(object('c'));
    await files.get(object('a'));
    await files.get(object('b'));
    expect(read).toEqual(['a', 'b', 'c', 'b']);
  });

  it('tries again after a failure', async () => {
    let tries = 0;
    const files = new RecentFiles(async () => {
      tries += 1;
      if (tries === 1) throw new Error('away');
      return Buffer.from('there');
    });
    await expect(files.get(object('a'))).rejects.toThrow('away');
    expect(String(await files.get(object('a')))).toBe('there');
  });
});

describe('ahead', () => {
  it('keeps the order, and works on eight at once', async () => {
    let working = 0;
    let most = 0;
    const made: number[] = [];
    const work = async (item: number) => {
      working += 1;
      most = Math.max(most, working);
      for (let turn = 0; turn < 20 - item; turn += 1) await Promise.resolve();
      working -= 1;
      return item;
    };
    for await (const item of ahead([...Array(20).keys()], work)) made.push(item);
    expect(made).toEqual([...Array(20).keys()]);
    expect(most).toBe(8);
  });

  it('throws what an item throws, in its turn', async () => {
    const items = ahead([1, 2], async (item) => {
      if (item === 2) throw new Error('two');
      return item;
    });
    expect((await items.next()).value).toBe(1);
    await expect(items.next()).rejects.toThrow('two');
  });
});
