import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Part } from './parts.ts';
import { type Supervised, supervise } from './supervisor.ts';

describe('a supervised part', () => {
  let folder: string;
  let supervised: Supervised | undefined;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'overread-supervisor-'));
  });
  afterEach(async () => {
    await supervised?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function part(script: string): Part {
    const entry = path.join(folder, 'part.mjs');
    writeFileSync(entry, script);
    return { name: 'gateway', entry, ports: {}, address: undefined, environment: { WORD: 'heard' } };
  }

  /** Starts it and waits for a condition on what it wrote or became. */
  function startUntil(script: string, met: (seen: { lines: string[]; ready: number }) => boolean) {
    const seen = { lines: [] as string[], ready: 0 };
    return new Promise<typeof seen>((resolve) => {
      const check = () => met(seen) && resolve(seen);
      supervised = supervise(part(script), process.env, {
        line: (_, line) => {
          seen.lines.push(line);
          check();
        },
        changed: () => {
          if (supervised?.state() === 'ready') seen.ready += 1;
          check();
        },
      });
    });
  }

  const READY = `process.send({ ready: true, address: 'http://127.0.0.1:1' }); console.log(process.env.WORD);
    process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000);`;

  it('is ready when it says so, at the address it tells', async () => {
    await startUntil(READY, ({ ready, lines }) => ready > 0 && lines.length > 0);
    expect(supervised?.address()).toBe('http://127.0.0.1:1');
    await expect(supervised?.firstReady).resolves.toBeUndefined();
  });

  it('is started anew after it was killed', async () => {
    let killed = false;
    await startUntil(READY, ({ ready }) => {
      if (ready === 1 && !killed) {
        killed = true;
        process.kill(supervised?.pid() ?? 0, 'SIGKILL');
      }
      return ready >= 2;
    });
    expect(supervised?.restarts()).toBe(1);
  });

  it('that says that it is ready while it is being stopped stays stopped', async () => {
    await startUntil(
      `process.on('SIGTERM', () => process.send({ ready: true }, () => setTimeout(() => process.exit(0), 100)));
       setInterval(() => {}, 1000); console.log('begun');`,
      ({ lines }) => lines.includes('begun'),
    );
    await supervised?.stop();
    expect(supervised?.state()).toBe('stopped');
  });

  it('that ends at its start is reported with what it said last', async () => {
    supervised = supervise(part(`console.error('no such disk'); process.exit(1);`), process.env, {
      line: () => {},
      changed: () => {},
    });
    await expect(supervised.firstReady).rejects.toThrow('gateway ended at its start (status 1): no such disk');
  });

  it('whose process cannot be made is started as soon as it can', async () => {
    // More than a process can be given: the system refuses it, as it refuses any where there is no memory for one.
    const tooMuch = { WORD: 'x'.repeat(1 << 20) };
    let environment: Record<string, string> = { WORD: 'heard' };
    const lines: string[] = [];
    supervised = supervise(
      {
        ...part(READY),
        get environment() {
          return environment;
        },
      },
      process.env,
      {
        line: (_, line) => lines.push(line),
        changed: () => {},
      },
    );
    await supervised.firstReady;
    environment = tooMuch;
    process.kill(supervised.pid() ?? 0, 'SIGKILL');
    await expect.poll(() => supervised?.restarts(), { timeout: 5000 }).toBe(1);
    environment = { WORD: 'again' };
    await expect.poll(() => lines, { timeout: 5000 }).toContain('again');
  });

  it('ends when its supervisor was killed', async () => {
    const entry = part(`process.send({ ready: true }); process.on('disconnect', () => process.exit(0));
      console.log('pid ' + process.pid); setInterval(() => {}, 1000);`).entry;
    const supervisor = path.join(folder, 'supervisor.mjs');
    writeFileSync(
      supervisor,
      `import { supervise } from ${JSON.stringify(path.join(import.meta.dirname, 'supervisor.ts'))};
       supervise({ name: 'gateway', entry: ${JSON.stringify(entry)}, ports: {}, environment: {} }, process.env,
         { line: (_, line) => console.log(line), changed() {} });`,
    );
    const owner = spawn(process.execPath, [supervisor], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((resolve) => {
      owner.stdout.on('data', (data) => resolve(Number(String(data).match(/pid (\d+)/)?.[1])));
    });
    owner.kill('SIGKILL');
    await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
