import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { stringify } from 'yaml';
import { sendFiles } from '../../lib/dicom/send.ts';
import { demoStudies } from '../../phantoms/demo.ts';
import { hipDemoExams } from '../../phantoms/demo-hip.ts';
import { PASSWORD } from '../../web/testing/world.ts';
import { type Site, startSite } from '../site.ts';
import { bringIn } from './brought-in.ts';

/** Where the pictures of the pages go; undefined: nobody wants any. */
export const ALBUM = process.env.OVERREAD_SCREENSHOTS;

/** Of the palette, of 100: what nobody sees is left out, and a radiograph beside text has a third of the bytes. */
const QUALITY = 80;

/**
 * Keeps what a person sees in the window, without scrolling.
 *
 * @param width of the picture, in pixels; that of the window where left out
 */
export async function picture(page: Page, name: string, width?: number): Promise<void> {
  if (ALBUM === undefined) return;
  await page.evaluate(() => document.fonts.ready);
  const png = sharp(await page.screenshot());
  mkdirSync(ALBUM, { recursive: true });
  const small = await (width === undefined ? png : png.resize({ width }))
    .png({ palette: true, quality: QUALITY, effort: 10 })
    .toBuffer();
  writeFileSync(path.join(ALBUM, `${name}.png`), small);
}

/** Of the site with the phantoms of the demo: one person for each part; `bea` reads blinded, and may nothing else. */
const PEOPLE = {
  rada: { role: 'reader' },
  rolf: { role: 'reader' },
  bea: { role: 'reader', evaluation: 'liver-transplant-blinded' },
  quinn: { role: 'quality-reviewer' },
  lea: { role: 'evaluation-lead' },
} as const;

/** What the demo shows, and a chest that came to the hips by mistake. */
export interface DemoSite {
  readonly site: Site;
  /** Runs by the description of their phantom. */
  readonly runs: ReadonlyMap<string, { readonly id: string; readonly study: string }>;
}

/** Starts a site on which the exams of the demo have results. @param folder for its files */
export async function openDemo(folder: string, limitMs: number): Promise<DemoSite> {
  const config = path.join(folder, 'overread.yaml');
  const receiver = { name: 'research-archive', kind: 'research', protocol: 'c-store', host: '127.0.0.1', port: 104 };
  const site = {
    site: { name: 'Radiology, General Hospital', mode: 'test' },
    receivers: [{ ...receiver, aeTitle: 'RESEARCH', pipelines: [] }],
  };
  writeFileSync(config, stringify(site));
  const started = await startSite({ OVERREAD_CONFIG: config, OVERREAD_QUIET_SECONDS: '3' });
  for (const [name, grant] of Object.entries(PEOPLE)) {
    const body = JSON.stringify({ name, password: PASSWORD, grants: [grant] });
    const headers = { 'content-type': 'application/json' };
    const { status } = await started.api('/accounts', { method: 'POST', body, headers });
    if (status !== 201) throw new Error(`The account ${name} was answered ${status}.`);
  }
  const chests = await hipDemoExams(path.join(folder, 'chest'), { seed: 9, outOfScope: true });
  const studies = [...(await demoStudies(path.join(folder, 'demo'), { seed: 1 })), ...chests.slice(-1)];
  const runs = new Map<string, { id: string; study: string }>();
  for (const { calledAETitle, files } of studies) {
    const target = { host: '127.0.0.1', port: started.dicomPort, calledAETitle, callingAETitle: 'PHANTOM' };
    const { failed } = await sendFiles(target, files);
    if (failed.length > 0) throw new Error(`Not taken: ${JSON.stringify(failed[0])}`);
  }
  for (const { description, pipeline, studyInstanceUid: study } of studies) {
    const [run] = await started.untilEnded(study, 1, limitMs);
    if (run === undefined) throw new Error(`${description} has no run.`);
    runs.set(description, { id: run.id, study });
    if (pipeline === 'liver-transplant-segmentation') await bringIn(started, run, folder);
  }
  return { site: started, runs };
}
