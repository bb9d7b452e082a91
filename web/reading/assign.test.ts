import { describe, expect, it } from 'vitest';
import { lotKey } from './arms.ts';
import { chooseReaders } from './assign.ts';

const key = lotKey(Buffer.from('secret of a site'));
const choice = (study: string, by: 'balanced' | 'random' = 'balanced') => ({
  ...{ by, key, study },
  count: 2,
  evaluation: 'hips',
});
const loadsOf = (...readers: string[]) => new Map(readers.map((reader) => [reader, { arm: 0, all: 0 }]));
const casesOf = (loads: ReturnType<typeof loadsOf>) => [...loads.values()].map(({ all }) => all);

describe('chooseReaders', () => {
  it('gives everybody as many cases as the others, in mixed company', () => {
    const loads = loadsOf('ann', 'bob', 'cem', 'dot');
    const pairs = Array.from({ length: 60 }, (_, index) =>
      chooseReaders(loads, choice(`1.${index}`))
        .sort()
        .join(' '),
    );
    expect(casesOf(loads)).toEqual([30, 30, 30, 30]);
    expect(new Set(pairs).size, 'every pair occurs').toBe(6);
  });

  it('balances the cases of an arm before all cases', () => {
    const loads = new Map([
      ['ann', { arm: 0, all: 9 }],
      ['bob', { arm: 1, all: 1 }],
      ['cem', { arm: 0, all: 8 }],
    ]);
    expect(chooseReaders(loads, { ...choice('1.1'), count: 1 })).toEqual(['cem']);
    expect(loads.get('cem')).toEqual({ arm: 1, all: 9 });
  });

  it('goes by lot alone where it is said so: nearly even, and no case depends on another', () => {
    const loads = loadsOf('ann', 'bob', 'cem', 'dot');
    const drawn = Array.from({ length: 400 }, (_, index) => chooseReaders(loads, choice(`1.${index}`, 'random')));
    expect(
      casesOf(loads).every((cases) => cases > 150 && cases < 250),
      'expected 200 each',
    ).toBe(true);
    expect(chooseReaders(loadsOf('dot', 'cem', 'bob', 'ann'), choice('1.399', 'random'))).toEqual(drawn.at(-1));
  });

  it('is the same for the same case and loads', () => {
    const choose = () => chooseReaders(loadsOf('ann', 'bob', 'cem'), choice('1.1'));
    expect(choose()).toEqual(choose());
  });

  it('gives a case to all there are where there are too few', () => {
    expect(chooseReaders(loadsOf('ann'), choice('1.1'))).toEqual(['ann']);
  });
});
