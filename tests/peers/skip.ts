import { describe, it } from 'vitest';

/**
 * A suite that needs a real peer. Where the peer cannot be had the report shows one skipped test with the reason; never a
 * passed one.
 *
 * @param peer what was got, or undefined; taken at the top of the test file: `await startMinio()`
 * @param missing what is not there and why, for the person who reads the report
 */
export function describeWith<Peer>(
  title: string,
  peer: Peer | undefined,
  missing: string,
  tests: (peer: Peer) => void,
): void {
  describe(title, () => {
    if (peer === undefined) it.skip(`not run: ${missing}`, () => {});
    else tests(peer);
  });
}
