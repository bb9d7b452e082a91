import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HOME } from '../../lib/platform/configuration.ts';
import { processIdentity } from './identity.ts';
import { ProcessLedger } from './ledger.ts';
import { Replica } from './replica.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'overread-replica-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A ledger on a disk that is full for the first few processes. */
class FullLedger extends ProcessLedger {
  readonly refused: number[] = [];

  override add(pid: number): void {
    if (this.refused.length < 2) {
      this.refused.push(pid);
      throw new Error('ENOSPC: no space left on device');
    }
    super.add(pid);
  }
}

it('a process that cannot be written down is not left running, and another one is started when there is room', async () => {
  const ledger = new FullLedger(path.join(folder, 'ledger'));
  const said: string[] = [];
  const replica = new Replica({
    workload: {
      name: 'echo',
      command: 'node provider/fixture/function.ts',
      environment: {},
      secretsFolder: folder,
      readyPath: '/_/ready',
      drainMs: 1000,
    },
    index: 0,
    folder: HOME,
    environment: { PATH: `${path.dirname(process.execPath)}:${process.env.PATH}` },
    ledger,
    say: (_, text) => said.push(text),
  });
  await expect.poll(() => replica.endpoint, { timeout: 20_000 }).toBeDefined();
  await expect.poll(() => ledger.refused.map(processIdentity), { timeout: 5_000 }).toEqual([undefined, undefined]);
  expect(said[0]).toContain('cannot be started (ENOSPC: no space left on device)');
  await replica.end(0);
});
