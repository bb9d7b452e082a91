import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { Environment, HOME } from '../lib/platform/configuration.ts';
import { Cohort } from '../schemas/cohort.ts';
import { Evaluation } from '../schemas/evaluation.ts';
import { Pipeline } from '../schemas/pipeline.ts';
import { SiteFile } from '../schemas/site.ts';
import { anchors, type Block, blocksOf, documents, inlineCode, localLinks, readDocument } from './documents.ts';
import { debianPackages } from './peers/debian.ts';
import { faasCli } from './peers/faas-cli.ts';
import { type Site, startSite } from './site.ts';

const run = promisify(execFile);
const cli = await faasCli();
/** What a block may need and have here. */
const peers: ReadonlySet<string> = new Set([...(cli === undefined ? [] : ['faas-cli']), ...(await debianPackages())]);
const blocks = documents().flatMap(blocksOf);
const commands = blocks.filter(({ language }) => language === 'sh');

const helps = new Map<string, Promise<string>>();

/** What `overread COMMAND --help` says. */
function helpOf(command: string): Promise<string> {
  const known = helps.get(command);
  if (known !== undefined) return known;
  const words = ['cli/main.ts', ...command.split(' '), '--help'].filter((word) => word !== '');
  const help = run(process.execPath, words, { cwd: HOME }).then(({ stdout }) => stdout);
  helps.set(command, help);
  return help;
}

describe.each(documents())('%s', (document) => {
  it('links to what is there', () => {
    for (const link of localLinks(document)) {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? document : path.join(path.dirname(document), file);
      expect(existsSync(path.join(HOME, target)), `${link} is there`).toBe(true);
      if (anchor !== undefined) expect(anchors(target), `${link} names a heading`).toContain(anchor);
    }
  });

  it('names files that there are', () => {
    const made = 'functions/count-images/';
    const named = inlineCode(document).filter((code) => /^[a-z]+\/[\w./-]*$/.test(code) && !code.startsWith(made));
    const ours = named.filter((code) => existsSync(path.join(HOME, code.split('/')[0] ?? '')));
    for (const file of ours) expect(existsSync(path.join(HOME, file)), `${file} is there`).toBe(true);
  });

  it('shows configuration and pipelines that are accepted', () => {
    for (const { text, line } of blocksOf(document).filter(({ language }) => language === 'yaml')) {
      const value: unknown = parseYaml(text);
      const schema = text.includes('\nsteps:')
        ? Pipeline.strict()
        : text.includes('\nquestions:')
          ? Evaluation
          : text.includes('\nruns:')
            ? Cohort
            : SiteFile;
      expect(schema.safeParse(value).error?.message, `the block at line ${line}`).toBeUndefined();
    }
  });

  it('names commands and options of overread that there are', async () => {
    const named = inlineCode(document).filter((code) => code.startsWith('overread '));
    for (const code of new Set(named)) {
      const words = code.split(' ').slice(1);
      const firstOther = words.findIndex((word) => !/^[a-z]+$/.test(word));
      const command = firstOther < 0 ? words : words.slice(0, firstOther);
      const help = await helpOf(command.join(' '));
      expect(help, `\`${code}\` is a command`).toContain(`Usage: overread ${command.join(' ')}`);
      for (const option of words.filter((word) => word.startsWith('--'))) {
        expect(help, `\`${code}\` is understood`).toContain(option);
      }
    }
  });
});

it('every picture is shown somewhere', () => {
  const shown = documents().flatMap((document) => localLinks(document).map((link) => path.basename(link)));
  for (const picture of readdirSync(path.join(HOME, 'docs/images'))) expect(shown).toContain(picture);
});

it('the administrator is told every environment variable, with its default', () => {
  const rows = readDocument('docs/administrator.md').matchAll(/^\| `([A-Z0-9_]+)` \| (?:`([^`]*)`)? *\|/gm);
  const told = Object.fromEntries([...rows].map(([, name = '', value = '']) => [name, value]));
  const defaults = Object.entries(Environment.shape).map(([name, schema]) => {
    const value: unknown = schema.safeParse(undefined).data;
    const text = value === undefined || (Array.isArray(value) && value.length === 0) ? '' : String(value);
    return [name, path.isAbsolute(text) ? path.relative(name === 'OVERREAD_DATA' ? '' : HOME, text) : text];
  });
  expect(told).toEqual(Object.fromEntries(defaults));
});

/** The site listens on ports of its own, the documents on the default ones. */
function onPortsOf(site: Site, text: string): string {
  const ports = {
    11112: site.dicomPort,
    8000: new URL(site.web).port,
    8080: new URL(site.faas.url).port,
    8090: site.connectorPort,
  };
  return text.replaceAll(/\b(11112|8000|8080|8090)\b/g, (port) =>
    String(Object.entries(ports).find(([key]) => key === port)?.[1]),
  );
}

/** What a line is called in the report. */
function titleOf({ text, line }: Block): string {
  const lines = text.split('\n').filter((each) => each.trim() !== '');
  return `line ${line}: ${lines[0]}${lines.length > 1 ? ` … (${lines.length} lines)` : ''}`;
}

describe('commands of the documents', () => {
  let folder: string;
  let clone: string;
  let site: Site;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'overread-docs-'));
    clone = path.join(folder, 'clone');
    // A clone of its own, since what is tried out in the documents writes into it.
    const skipped = /^(node_modules|build|\..*)$/;
    cpSync(HOME, clone, { recursive: true, filter: (file) => !skipped.test(path.relative(HOME, file)) });
    symlinkSync(path.join(HOME, 'node_modules'), path.join(clone, 'node_modules'));
    mkdirSync(path.join(folder, 'bin'));
    if (cli !== undefined) symlinkSync(cli, path.join(folder, 'bin/faas-cli'));
    site = await startSite({ OVERREAD_DATA: path.join(clone, '.overread'), OVERREAD_API_TOKEN: '' }, clone);
  });
  afterAll(async () => {
    await site?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('the data scientist is told every path of the API', async () => {
    const token = readFileSync(path.join(clone, '.overread/secrets/api-token'), 'utf8').trim();
    const answer = await site.api('/openapi.json', { headers: { authorization: `Bearer ${token}` } });
    const { paths }: { paths: Record<string, object> } = await answer.json();
    // What is DICOM's own is told in PS3.18.
    const ours = Object.entries(paths).filter(([address]) => !address.startsWith('/dicomweb/'));
    const served = ours.flatMap(([address, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${address.replaceAll(/\{[^}]+\}/g, '{}')}`),
    );
    const rows = readDocument('docs/data-scientist.md').matchAll(/^\| `(GET|POST|PUT) ([^`?]+)/gm);
    const told = [...rows].map(([, method, address = '']) => `${method} ${address.replaceAll(/<[^>]+>/g, '{}')}`);
    expect(told.sort()).toEqual(served.sort());
  });

  /** Runs a block as its reader would: in the clone, after the blocks before it, whose variables are still set. */
  async function runBlock({ document, text, needs }: Block): Promise<void> {
    const state = path.join(folder, `${path.basename(document)}.state`);
    // For overread the variable means another OpenFaaS, so only faas-cli gets it.
    const [before, after] =
      needs !== 'faas-cli' ? ['', ''] : [`export OPENFAAS_URL=${site.faas.url}`, 'unset OPENFAAS_URL'];
    const script = `set -eu\n[ ! -e ${state} ] || . ${state}\n${before}\n${onPortsOf(site, text)}\n${after}\nexport -p > ${state}\n`;
    const inherited = (process.env.PATH ?? '').split(':').filter((each) => !each.includes('node_modules'));
    const env = { PATH: [path.join(folder, 'bin'), ...inherited].join(':'), HOME: folder, LANG: 'C.UTF-8' };
    await run('bash', ['-c', script], { cwd: clone, env }).catch(
      (error: Error & { stdout?: string; stderr?: string }) => {
        throw new Error(`${text}\n${error.stdout}${error.stderr}`, { cause: error });
      },
    );
  }

  describe.each([...new Set(commands.map(({ document }) => document))])('%s', (document) => {
    for (const block of commands.filter((each) => each.document === document)) {
      const title = titleOf(block);
      if (block.runBy !== undefined) {
        const file = path.join(HOME, block.runBy);
        it(`${title} is run by ${block.runBy}`, () => {
          const words = block.text.split(/\s+/).filter((word) => /^[a-z]+$/.test(word));
          for (const word of words) expect(readFileSync(file, 'utf8')).toContain(word);
        });
      } else if (block.needs === undefined || peers.has(block.needs)) {
        it(title, () => runBlock(block));
      } else it.skip(`not run: ${title} needs ${block.needs}`, () => {});
    }
  });
});
