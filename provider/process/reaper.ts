/**
 * A small process beside the provider. When the provider is gone, however it ended, this one ends the functions that
 * the provider started, and then itself: a function need not know anything of its provider for that.
 *
 * `node reaper.ts <folder of the ledger>`
 */
import { endLeftovers } from './ledger.ts';

/** Time that calls in hand have; nobody waits for their answers any more. */
const GRACE_MS = 2_000;

const folder = process.argv[2];
if (folder === undefined || process.send === undefined) {
  process.stderr.write('The provider starts this by itself.\n');
  process.exit(2);
}
// Ctrl-C reaches the whole terminal; the provider decides when this one ends.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
const end = () =>
  endLeftovers(folder, GRACE_MS).then(
    () => process.exit(0),
    () => process.exit(1),
  );
// The provider may be gone before we came to listen.
if (process.connected) process.on('disconnect', end);
else void end();
