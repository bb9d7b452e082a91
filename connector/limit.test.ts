import { describe, expect, it } from 'vitest';
import { Limit } from './limit.ts';

describe('Limit', () => {
  it('lets so many run at once, the others after them in their order', async () => {
    const limit = new Limit(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const works = [0, 1, 2, 3].map((number) =>
      limit.run(async () => {
        begun.push(number);
        await new Promise<void>((resolve) => ends.push(resolve));
        return number;
      }),
    );
    expect(begun).toEqual([0, 1]);
    ends[1]?.();
    expect(await works[1]).toBe(1);
    expect(begun).toEqual([0, 1, 2]);
    ends[0]?.();
    await works[0];
    expect(begun).toEqual([0, 1, 2, 3]);
    for (const end of ends) end();
    expect(await Promise.all(works)).toEqual([0, 1, 2, 3]);
  });

  it('gives the place of work that failed to the next', async () => {
    const limit = new Limit(1);
    await expect(limit.run(() => Promise.reject(new Error('It failed.')))).rejects.toThrow('It failed.');
    expect(await limit.run(async () => 'next')).toBe('next');
  });
});
