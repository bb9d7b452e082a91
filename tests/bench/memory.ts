import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { RunView } from '../../schemas/api.ts';
import { type Site, startSite } from '../site.ts';
import { type EnlargedCt, writeEnlargedCt } from './enlarged-ct.ts';
import { load, onlyRuns, sendAtOnce, stageTable } from './segmentation.ts';
import { withoutScope } from './without-scope.ts';

const PIPELINE = 'liver-transplant-segmentation';
const MODEL = 'liver-lobes';
const CT: EnlargedCt = { seed: 'bench/memory', patient: 1, size: [512, 512, 900], spacing: [0.75, 0.75, 0.75] };
const LIMIT_MB = 4096;
const PATIENCE_MS = 3_600_000;

/**
 * The most memory that each function has at a CT of the whole trunk, through the whole chain of the liver and through the
 * import of a segmentation of it. The model's own doubt, whether this is an abdomen, is left out: it is more than one.
 */
export async function benchMemory(print: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-bench-memory-'));
  try {
    const exam = await writeEnlargedCt(path.join(folder, 'ct'), CT);
    const site = await startSite({ OVERREAD_QUIET_SECONDS: '2', ...withoutScope(folder, PIPELINE, MODEL) });
    const peaks = new Map<string, number>();
    const provider = await site.pidOf('provider');
    const watch = setInterval(() => notePeaks(provider, peaks), 250);
    try {
      const [run] = onlyRuns(await sendAtOnce(site, 'CI2_CD_LDN', [exam], PATIENCE_MS));
      if (run === undefined) throw new Error('There is no run.');
      await importBack(site, run, folder);
      notePeaks(provider, peaks);
      print(
        `\n${CT.size.join(' × ')} through ${PIPELINE}, and its label map imported: most memory of a function, ${load()}`,
      );
      for (const [name, mb] of [...peaks].sort(([, a], [, b]) => b - a)) {
        print(`${name.padEnd(24)} ${String(mb).padStart(6)} MB${mb > LIMIT_MB ? `, more than ${LIMIT_MB}` : ''}`);
      }
      print(stageTable([run]));
    } finally {
      clearInterval(watch);
      await site.remove();
    }
    const over = [...peaks].filter(([, mb]) => mb > LIMIT_MB).map(([name]) => name);
    if (over.length > 0) throw new Error(`${over.join(', ')} took more than ${LIMIT_MB} MB.`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Brings the run's own label map back as if a person had drawn it. */
async function importBack(site: Site, run: RunView, folder: string): Promise<void> {
  const key = run.result?.kind === 'segmentation' ? run.result.objects.labels : undefined;
  if (key === undefined) throw new Error('The run left no label map.');
  const store = site.openStore();
  const file = path.join(folder, 'labels.nii');
  writeFileSync(file, gunzipSync(await store.get('results', key)));
  await store.close();
  const { status, stdout, stderr } = await site.overread(
    ...['segmentation', 'import', file, '--study', run.studyInstanceUid, '--pipeline', PIPELINE],
    ...['--source', 'expert', '--tool', 'bench', '--minutes', '1'],
  );
  if (status !== 0) throw new Error(`The import ended with ${status}: ${stdout}${stderr}`);
}

/** Notes the most memory (VmHWM, MB) that each function below the provider has had so far. */
function notePeaks(provider: number, peaks: Map<string, number>): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const [status, command] = [readProcess(pid, 'status'), readProcess(pid, 'cmdline')];
    const parent = Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]);
    const name = /functions\/([a-z-]+)\/main\.ts/.exec(command)?.[1];
    if (parent !== provider || name === undefined) continue;
    const mb = Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024);
    peaks.set(name, Math.max(mb, peaks.get(name) ?? 0));
  }
}

/** A file of a process; empty once the process is gone. */
function readProcess(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
