/** Follows docs/new-pipeline.md word by word: files as they stand there, commands as they stand there. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HOME } from '../lib/platform/configuration.ts';
import { Result } from '../schemas/result.ts';
import { blocksOf, readDocument } from './documents.ts';
import { describeWith } from './peers/skip.ts';
import { REAL_DATA, type Site, startSite } from './site.ts';

const DOCUMENT = 'docs/new-pipeline.md';
const NETWORK = path.join(REAL_DATA, 'models/brainchop/model5_gw_ae/model5_gw_ae.onnx');
const EXAM_FILES = path.join(REAL_DATA, '01-brain-mr-philips-mprage');
const STUDY = '1.3.46.670589.11.45053.5.0.19272.2021090212181635000';
/** What is known of this exam: the network elsewhere counted these volumes of white and grey matter, in mL. */
const KNOWN_ML = { 'White matter': 512, 'Grey matter': 594 };
/** Most of it is the network, on two busy cores. */
const RUN_LIMIT_MS = 900_000;

const run = promisify(execFile);
const there = existsSync(NETWORK) && existsSync(EXAM_FILES) ? true : undefined;

/** The file that the paragraph before a block says it is. */
function fileOf(line: number): string {
  const before = readDocument(DOCUMENT)
    .split('\n')
    .slice(0, line - 2);
  const said = before.findLast((each) => each.trim() !== '');
  const file = /^`([^`]+)`:$/.exec(said ?? '')?.[1];
  if (file === undefined) throw new Error(`${DOCUMENT}:${line}: no file is named before the block.`);
  return file;
}

describeWith(DOCUMENT, there, 'the shared data are not there', () => {
  let folder: string;
  let clone: string;
  let exam: string;
  let site: Site | undefined;

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'overread-new-pipeline-'));
    clone = path.join(folder, 'clone');
    const skipped = /^(node_modules|build|\..*)$/;
    cpSync(HOME, clone, { recursive: true, filter: (file) => !skipped.test(path.relative(HOME, file)) });
    symlinkSync(path.join(HOME, 'node_modules'), path.join(clone, 'node_modules'));
    exam = path.join(folder, 'exam');
    cpSync(EXAM_FILES, exam, { recursive: true, filter: (file) => file === EXAM_FILES || file.endsWith('.dcm') });
  });
  afterAll(async () => {
    await site?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** `npm start` of the document, on ports of its own and with seconds of quiet, enough for a busy machine to send all. */
  async function start(command: string): Promise<void> {
    expect(command).toBe('OVERREAD_PIPELINES="$PWD/build/pipelines" npm start');
    const pipelines = path.join(clone, 'build/pipelines');
    site = await startSite(
      { OVERREAD_DATA: path.join(clone, '.overread'), OVERREAD_PIPELINES: pipelines, OVERREAD_QUIET_SECONDS: '15' },
      clone,
    );
  }

  /** Runs a block after those before it, whose variables are still set. */
  async function runBlock(text: string): Promise<void> {
    const state = path.join(folder, 'state');
    const command = text.replaceAll('11112', String(site?.dicomPort ?? 11112));
    const script = `set -eu\n[ ! -e ${state} ] || . ${state}\n${command}\nexport -p > ${state}\n`;
    const env = { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8', NETWORK, EXAM: exam };
    await run('bash', ['-c', script], { cwd: clone, env });
  }

  for (const { language, text, line, runBy } of blocksOf(DOCUMENT)) {
    const title = `line ${line}: ${text.split('\n')[0]}`;
    if (language !== 'sh') {
      it(`${title} … is a file`, () => {
        const file = path.join(clone, fileOf(line));
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, text);
      });
    } else it(title, () => (runBy === undefined ? runBlock(text) : start(text)), RUN_LIMIT_MS);
  }

  it(
    'then the run succeeds, and measures what is known of the exam',
    async () => {
      const [found] = (await site?.untilEnded(STUDY, 1, RUN_LIMIT_MS)) ?? [];
      expect(found).toMatchObject({ pipeline: 'grey-white', status: 'succeeded', reason: null });
      const result = Result.parse(found?.result);
      if (result.kind !== 'segmentation') throw new Error('The result is no segmentation.');
      for (const { title, volumeMl } of result.structures) {
        const known = Object.entries(KNOWN_ML).find(([name]) => name === title)?.[1] ?? 0;
        expect(Math.abs(volumeMl / known - 1), `${title}: ${volumeMl} mL`).toBeLessThan(0.1);
      }
      expect(result.structures.map(({ title }) => title)).toEqual(Object.keys(KNOWN_ML));
      expect(result.objects.seg).toMatch(/\.seg\.dcm$/);
    },
    RUN_LIMIT_MS + 10_000,
  );
});
