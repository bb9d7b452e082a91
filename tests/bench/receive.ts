import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { echo } from '../../lib/dicom/send.ts';
import { hipRadiograph } from '../../phantoms/hip.ts';
import { writeStudy } from '../../phantoms/study.ts';
import { DCMTK_ENVIRONMENT } from '../peers/debian.ts';
import { freePort } from '../ports.ts';
import { startSite } from '../site.ts';
import { median } from './statistics.ts';

const STUDIES = 10;
const IMAGES = 10;
const ROUNDS = 5;

/** Instances a second that storescu can send to us, to be durable, and to dcmtk's storescp, which forces nothing to disk. */
export async function benchReceive(print: (line: string) => void): Promise<void> {
  if (!existsSync('/usr/bin/storescu') || !existsSync('/usr/bin/storescp')) {
    print('receive: skipped, dcmtk is not installed.');
    return;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-bench-'));
  const port = await freePort();
  const site = await startSite({ OVERREAD_QUIET_SECONDS: '3600' });
  const peer: ChildProcess = spawn('/usr/bin/storescp', ['+xa', '--ignore', String(port)], {
    stdio: 'ignore',
    env: DCMTK_ENVIRONMENT,
  });
  try {
    await untilListening(port);
    const image = hipRadiograph('bench/receive', { longSide: 512 });
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const files: string[] = [];
      for (let study = 0; study < STUDIES; study += 1) {
        const seed = `bench/receive/${round}/${study}`;
        const images = Array.from({ length: IMAGES }, () => image);
        const exam = { seed, patient: 1, name: 'Bench', studyDescription: 'NO ROUTE', images };
        files.push(...(await writeStudy(path.join(folder, `${round}-${study}`), exam)).files);
      }
      ours.push(await rate(site.dicomPort, files));
      theirs.push(await rate(port, files));
    }
    print(`\nC-STORE of ${STUDIES * IMAGES} instances of 0.5 MB by storescu, median of ${ROUNDS} rounds`);
    print(`Overread (durable) ${median(ours).toFixed(0)}/s, storescp (discards) ${median(theirs).toFixed(0)}/s`);
    print(`ratio ${median(ours.map((value, index) => value / (theirs[index] ?? Number.NaN))).toFixed(2)}`);
  } finally {
    peer.kill('SIGKILL');
    await site.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function rate(port: number, files: readonly string[]): Promise<number> {
  const begun = performance.now();
  await promisify(execFile)('/usr/bin/storescu', ['-aec', 'OVERREAD', '127.0.0.1', String(port), ...files], {
    env: DCMTK_ENVIRONMENT,
  });
  return (files.length * 1000) / (performance.now() - begun);
}

async function untilListening(port: number): Promise<void> {
  const target = { host: '127.0.0.1', port, calledAETitle: 'PEER', callingAETitle: 'BENCH' };
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const answered = await echo(target).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('storescp does not answer.');
}
