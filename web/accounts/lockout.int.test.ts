import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestPostgres, type TestPostgres } from '../../tests/postgres.ts';
import { makeWorld, type World } from '../testing/world.ts';
import { beginSignIn, signInSucceeded, signInUnjudged } from './lockout.ts';

let postgres: TestPostgres;
let world: World;
beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await makeWorld(postgres.url);
});
afterAll(async () => {
  await world.close();
  await postgres.stop();
});

const ADDRESS = '10.0.0.1';
const NOON = Date.UTC(2026, 0, 5, 12);
const at = (milliseconds: number) => new Date(NOON + milliseconds);

describe('people who sign in at one moment from one address', () => {
  const begin = (name: string, milliseconds: number) => beginSignIn(world.database, name, ADDRESS, at(milliseconds));

  it('should let in who came first and is looked at second', async () => {
    expect(await begin('ada', 5)).toBe(0);
    expect(await begin('bob', 3)).toBe(0);
    await signInSucceeded(world.database, 'ada', ADDRESS);
    expect(await begin('cleo', 8)).toBe(0);
    await signInUnjudged(world.database, 'cleo', ADDRESS);
    expect(await begin('dan', 11)).toBe(0);
  });

  it('should make who guesses wait all the same, and take the wait back where the directory was away', async () => {
    const tries = [];
    for (let milliseconds = 100; milliseconds < 106; milliseconds += 1) tries.push(await begin('eve', milliseconds));
    expect(tries).toEqual([0, 0, 0, 0, 0, 14_999]);
    await signInUnjudged(world.database, 'eve', ADDRESS);
    expect(await begin('eve', 107)).toBe(0);
  });
});
