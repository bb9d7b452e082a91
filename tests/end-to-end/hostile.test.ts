import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QuarantineList, type RunView } from '../../schemas/api.ts';
import { type Browser, signIn } from '../browse.ts';
import { REAL_DATA, type Site, startSite } from '../site.ts';
import { damaged } from './hostile/damaged.ts';
import { pelvisWith, type Sent, send } from './hostile/images.ts';
import { names } from './hostile/names.ts';
import { memoryPeak, processesOf } from './hostile/processes.ts';
import type { Case } from './hostile/sentences.ts';
import { unknowable } from './hostile/unknowable.ts';
import { real, wrongKind } from './hostile/wrong-kind.ts';
import { wrongSize } from './hostile/wrong-size.ts';

let site: Site;
let browser: Browser;
let before: Awaited<ReturnType<typeof processesOf>>;

beforeAll(async () => {
  site = await startSite();
  browser = await signIn(site);
  before = await processesOf(site);
});
afterAll(() => site?.remove());

describe('what is no radiograph of a pelvis', () => eachEnds(wrongKind));
describe.skipIf(!existsSync(REAL_DATA))('real files sent by mistake', () => eachEnds(real));
describe('claims that no image can keep', () => eachEnds(wrongSize));
describe('damaged and boundless files', () => eachEnds(damaged));
describe('hostile text', () => eachEnds(names));

/** Sends all of them, then looks how each ended. */
function eachEnds(cases: readonly Case[]): void {
  const sent = new Map<string, Sent>();
  beforeAll(async () => {
    for (const [title, make] of cases) {
      const one = make();
      sent.set(title, one);
      expect(await send(site, one), title).toBe(0);
    }
  });
  it.each(cases)('%s', (title, _, status, reason) => endsAs(sent.get(title)?.StudyInstanceUID ?? '', status, reason));
}

/** How the run of a study ended, in the API and on its page, in words that a person understands. */
async function endsAs(study: string, status: RunView['status'], reason: string | null): Promise<void> {
  const [run] = await site.untilEnded(study);
  expect({ status: run?.status, reason: run?.reason }).toEqual({
    status,
    reason: reason === null ? null : expect.stringContaining(reason),
  });
  const answer = JSON.stringify(run);
  expect(answer, 'nothing that identifies a person').not.toMatch(/PHANTOM-0001|Phantom\^|PH0001|etc\/passwd/);
  expect(run?.reason ?? '', 'a sentence, nothing of the inside').not.toMatch(
    /\.ts\b|node_modules|\/work|json|undefined|null|NaN|\[object/,
  );
  expect(run?.reason ?? 'A.').toMatch(/^[A-Z].*\.$/s);
  const { runs, routes } = await site.study(study);
  expect(runs.map(({ id }) => id)).toEqual([run?.id]);
  for (const { reason: why } of routes)
    expect(why, 'a sentence without what turns a page round').toMatch(/^\P{C}{1,400}$/u);
  for (const at of [`/runs/${run?.id}`, `/studies/${study}`, '/']) {
    const page = await browser.page(at);
    expect(page, 'nothing that a file says is markup').not.toMatch(/<script>alert|<img src=x/);
    if (run?.reason != null && at !== '/') expect(page).toContain(escaped(run.reason));
  }
}

describe('what belongs to no exam', () => {
  it.each(unknowable)('%s', async (_title, sent, reason, hasStudy) => {
    const one = sent();
    expect(await send(site, one)).toBe(0);
    const known = hasStudy ? `?studyInstanceUid=${one.StudyInstanceUID}` : '';
    const newest = async () => {
      const { instances } = QuarantineList.parse(await (await site.api(`/quarantine${known}`)).json());
      return instances.map((instance) => instance.reason)[0];
    };
    await expect.poll(newest, { timeout: 20_000 }).toBe(reason);
    expect(await browser.page('/quarantine')).toContain(escaped(reason));
    if (hasStudy) {
      const page = await browser.page(`/studies/${one.StudyInstanceUID}`);
      expect(page).toContain(escaped(reason));
      expect(page).toContain('Every image is in quarantine');
    }
  });
});

describe('afterwards', () => {
  it('every part is the process that it was, and none has ever grown large', async () => {
    const now = await processesOf(site);
    expect(now).toEqual(before);
    expect(now.parts.filter(({ restarts, ready }) => restarts > 0 || !ready)).toEqual([]);
    expect(now.functions.map(({ name }) => name)).toEqual(expect.arrayContaining(['dicom-parser', 'infer-detection']));
    for (const one of [...now.parts, ...now.functions]) expect(memoryPeak(one), one.name).toBeLessThan(700);
  });

  it('nothing in the log identifies a person', () => {
    const folder = path.join(site.data, 'logs');
    const logs = readdirSync(folder).map((file) => readFileSync(path.join(folder, file), 'utf8'));
    expect(logs.join('')).toContain('"part":"gateway"');
    expect(logs.join('')).not.toMatch(/PHANTOM-0001|Phantom\^|PH0001|etc\/passwd|drop table/);
  });

  it('the next exam passes', async () => {
    const next = pelvisWith();
    expect(await send(site, next)).toBe(0);
    await endsAs(next.StudyInstanceUID, 'succeeded', null);
  });
});

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
