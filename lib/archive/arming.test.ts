import { describe, expect, it } from 'vitest';
import { type Demand, type Dispatch, rearm } from './arming.ts';

const BY_ROUTE: Demand = { pipeline: 'hip', quietSeconds: 60, trigger: { kind: 'route', by: 'hip-fracture' } };
const BY_TITLE: Demand = { pipeline: 'hip', quietSeconds: 10, trigger: { kind: 'called-ae-title', by: 'HIP' } };
const NOON = new Date('2026-01-31T12:00:00.000Z');
const later = (seconds: number) => new Date(NOON.getTime() + 1000 * seconds);

function known(changes: Partial<Dispatch> = {}): Dispatch {
  const state = { studyInstanceUid: '1.2', pipeline: 'hip', lastRun: null, lastAmends: null, lastModels: null };
  return { ...state, ...rearm(undefined, [BY_ROUTE], NOON), ...changes };
}

describe('rearm', () => {
  it('starts the quiet period at the reception', () => {
    expect(rearm(undefined, [BY_ROUTE], NOON)).toMatchObject({
      dueAt: later(60),
      triggers: [{ kind: 'route', by: 'hip-fracture', at: NOON.toISOString() }],
      onDemand: false,
      note: null,
    });
  });

  it('starts it again at the next instance, and asks once', () => {
    const again = rearm(known(), [BY_ROUTE], later(5));
    expect(again.dueAt).toEqual(later(65));
    expect(again.triggers).toHaveLength(1);
  });

  it('is never due sooner because an older instance was ingested later', () => {
    expect(rearm(known(), [BY_ROUTE], later(-30)).dueAt).toEqual(later(60));
  });

  it('takes the longest quiet period of what asks', () => {
    expect(rearm(undefined, [BY_TITLE, BY_ROUTE], NOON).dueAt).toEqual(later(60));
  });

  it('stays on demand once it was', () => {
    const asked = rearm(undefined, [BY_TITLE], NOON);
    expect(asked.onDemand).toBe(true);
    expect(rearm(known({ onDemand: true }), [BY_ROUTE], NOON).onDemand).toBe(true);
  });

  it('is asked for by what asked first when an instance comes that asks for nothing itself', () => {
    const late = rearm(known({ dueAt: null, triggers: [] }), [], later(100));
    expect(late).toMatchObject({
      dueAt: later(160),
      triggers: [{ kind: 'route', by: 'hip-fracture', at: later(100).toISOString() }],
    });
  });

  it('forgets why nothing came of it', () => {
    expect(rearm(known({ note: 'nothing to run on' }), [], NOON).note).toBeNull();
  });
});
