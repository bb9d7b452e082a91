import { describe, expect, it } from 'vitest';
import { Keeper } from './keeper.ts';

/** A keeper whose things take `tookMs`, and are numbered as they are made. */
function keeperOf(tookMs: number) {
  let [now, made] = [0, 0];
  const errors: unknown[] = [];
  const keeper = new Keeper<number>(
    (error) => errors.push(error),
    () => now,
  );
  const make = async () => {
    now += tookMs;
    made += 1;
    return made;
  };
  const later = (ms: number) => {
    now += ms;
  };
  return { keeper, make, later, errors };
}

describe('a keeper', () => {
  it('makes at each look what is quick', async () => {
    const { keeper, make } = keeperOf(5);
    expect([await keeper.get('a', make), await keeper.get('a', make)]).toEqual([1, 2]);
  });

  it('keeps what takes long, and makes it anew behind the scenes when it is old', async () => {
    const { keeper, make, later } = keeperOf(5000);
    expect([await keeper.get('a', make), await keeper.get('a', make)]).toEqual([1, 1]);
    later(49_000);
    expect(await keeper.get('a', make)).toBe(1);
    later(2_000);
    expect(await keeper.get('a', make), 'nobody waits').toBe(1);
    expect(await keeper.get('a', make)).toBe(2);
  });

  it('makes it anew for who asks for that', async () => {
    const { keeper, make } = keeperOf(5000);
    expect([await keeper.get('a', make), await keeper.get('a', make, true)]).toEqual([1, 2]);
  });

  it('makes it once for all who ask at one moment, and apart for each name', async () => {
    const { keeper, make } = keeperOf(5000);
    const looks = [keeper.get('a', make), keeper.get('a', make), keeper.get('b', make)];
    expect(await Promise.all(looks)).toEqual([1, 1, 2]);
  });

  it('goes on with what it has where it cannot be made anew', async () => {
    const { keeper, make, later, errors } = keeperOf(5000);
    await keeper.get('a', make);
    later(60_000);
    const fails = () => Promise.reject(new Error('no database'));
    expect(await keeper.get('a', fails)).toBe(1);
    await expect(keeper.get('a', fails, true)).rejects.toThrow('no database');
    expect(errors).toHaveLength(1);
    expect(await keeper.get('b', make)).toBe(2);
  });

  it('lets nobody wait longer than they want, and goes on meanwhile', async () => {
    const { keeper, make } = keeperOf(5000);
    const { promise, resolve } = Promise.withResolvers<number>();
    expect(await keeper.getSoon('a', () => promise, false, 0)).toBeUndefined();
    resolve(7);
    expect(await keeper.get('a', make)).toBe(7);
    expect(await keeper.getSoon('b', make, false, 60_000)).toBe(1);
    expect(await keeper.getSoon('b', () => new Promise(() => {}), true, 0), 'what is kept').toBe(1);
  });

  it('says what goes wrong while nobody waits', async () => {
    const { keeper, errors } = keeperOf(5000);
    const { promise, reject } = Promise.withResolvers<number>();
    expect(await keeper.getSoon('a', () => promise, false, 0)).toBeUndefined();
    reject(new Error('no database'));
    await expect(promise).rejects.toThrow('no database');
    await expect(keeper.getSoon('c', () => Promise.reject(new Error('at once')), false, 60_000)).rejects.toThrow(
      'at once',
    );
    expect(errors.map(String)).toEqual(['Error: no database']);
  });
});
