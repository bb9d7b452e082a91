/**
 * Preloaded into every process of a site (`node --import`), this stands between the store's events and the connector, the
 * one process that subscribes, and lets events go astray as the file that EVENTS_ASTRAY names says, at each moment anew.
 * The drivers, the connector and all else are those of the product.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { FsStore } from '../../lib/store/fs.ts';
import type { S3Store } from '../../lib/store/s3.ts';
import type { ObjectEvent } from '../../schemas/store.ts';

type Listener = (event: ObjectEvent) => Promise<void>;

/** Held events are given after this time, the newest first, ms. */
const HOLD_MS = 400;

const modeFile = process.env.EVENTS_ASTRAY;
if (modeFile !== undefined && process.argv[1]?.endsWith(path.join('connector', 'main.ts'))) {
  const drivers = await Promise.all([import('../../lib/store/fs.ts'), import('../../lib/store/s3.ts')]);
  for (const driver of [drivers[0].FsStore, drivers[1].S3Store]) letAstray(driver, modeFile);
}

function letAstray(driver: typeof FsStore | typeof S3Store, modeFile: string): void {
  const subscribe = driver.prototype.subscribe;
  driver.prototype.subscribe = function (listener, onGap) {
    return subscribe.call(this, astray(listener, modeFile), onGap);
  };
}

/** The same listener, to whom events come as the mode says. */
function astray(listener: Listener, modeFile: string): Listener {
  let number = 0;
  let held: ObjectEvent[] = [];
  const giveHeld = async () => {
    const events = held.reverse();
    held = [];
    for (const event of events) await listener(event);
  };
  return async (event) => {
    number += 1;
    const mode = readFileSync(modeFile, 'utf8');
    if (mode === 'withheld') return;
    if (mode === 'every other withheld' && number % 2 === 0) return;
    if (mode === 'reordered') {
      if (held.length === 0) setTimeout(giveHeld, HOLD_MS);
      held.push(event);
      return;
    }
    await listener(event);
    if (mode !== 'doubled') return;
    await Promise.all([listener(event), listener({ ...event, deduplicationKey: `${event.deduplicationKey} again` })]);
    setTimeout(listener, HOLD_MS, event);
  };
}
