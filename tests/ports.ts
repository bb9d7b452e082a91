import { randomInt } from 'node:crypto';
import { firstFree } from '../lib/platform/listen.ts';

/** Below the ports that the product itself takes (`lib/platform/listen.ts`), so that neither takes one meant for the other. */
const TEST_PORTS = { from: 12_000, below: 20_000 };

/** Test processes beside each other have ports of their own: so many shares, numbered by vitest. */
const SHARES = 8;
const SHARE = (TEST_PORTS.below - TEST_PORTS.from) / SHARES;
const share = Number(process.env.VITEST_POOL_ID ?? 0) % SHARES;

/** Somewhere in the share: two test runs at once hardly meet. */
let next = randomInt(SHARE);

/**
 * A port of loopback for a server that a test starts, or tells another program to start, later: none that was answered before
 * in this process, until all were.
 *
 * @throws {Error} with the `code` of the last try where none of the share can be had
 */
export function freePort(): Promise<number> {
  return firstFree('127.0.0.1', SHARE, () => {
    next = (next + 1) % SHARE;
    return TEST_PORTS.from + share * SHARE + next;
  });
}
