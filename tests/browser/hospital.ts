import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { stringify } from 'yaml';
import { signatureOf } from '../../web/launch/signed.ts';
import { withStandIns } from '../end-to-end/segmentation-exams.ts';
import { DCMTK_ENVIRONMENT } from '../peers/debian.ts';
import type { Minio } from '../peers/minio.ts';
import { SERVICE, type Slapd } from '../peers/slapd.ts';
import { type Site, startSite } from '../site.ts';
import { launchChromium, openWindow, WITH_WEBGL } from './chromium.ts';
import { SignInPage } from './pages/sign-in.ts';

/** Who works here, and of which group of the directory they are. */
const PEOPLE = {
  rada: 'readers',
  rolf: 'readers',
  bea: 'blinded-readers',
  quinn: 'quality-reviewers',
  lea: 'leads',
  paul: 'pacs',
} as const;
export type PersonOfTheHospital = keyof typeof PEOPLE;

/** What the groups make them. */
const GROUPS = {
  readers: { role: 'reader' },
  'blinded-readers': { role: 'reader', evaluation: 'liver-transplant-blinded' },
  'quality-reviewers': { role: 'quality-reviewer' },
  leads: { role: 'evaluation-lead' },
  pacs: { role: 'pacs-administrator' },
} as const;

/** Within which a page answers, ms. */
const ANSWER_LIMIT_MS = 3 * 60_000;

const passwordOf = (name: string) => `password of ${name}`;

/** A whole Overread with the hospital's directory and object store, and a browser to work with. */
export interface Hospital {
  readonly site: Site;
  /** For files of the test. */
  readonly folder: string;
  /** A window in which somebody has signed in with the name and password of the directory. */
  signedIn(name: PersonOfTheHospital): ReturnType<typeof openWindow>;
  /** A window in which nobody has. */
  window(): ReturnType<typeof openWindow>;
  /** What the button of the PACS opens for this person: good once, for two minutes. */
  signedLink(user: PersonOfTheHospital, accession: string): string;
  /** Sends files with DCMTK's storescu. */
  storescu(calledAETitle: string, files: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Opens one, as `npm start` does it, with people, groups and rules. Close it afterwards. */
export async function openHospital({ slapd, minio }: { slapd: Slapd; minio: Minio }): Promise<Hospital> {
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-hospital-'));
  const config = path.join(folder, 'overread.yaml');
  writeFileSync(config, stringify(await configuration(slapd, folder)));
  const site = await startSite({
    ...withStandIns(path.join(folder, 'pipelines')),
    OVERREAD_CONFIG: config,
    OVERREAD_QUIET_SECONDS: '3',
    S3_ENDPOINT: minio.endpoint,
    S3_ACCESS_KEY: minio.accessKey,
    S3_SECRET_KEY: minio.secretKey,
    S3_BUCKET_PREFIX: 'hospital-',
  });
  const browser: Browser = await launchChromium(WITH_WEBGL);
  // A model may be at work beside it: each step, also the sign-in, shares two cores with it.
  const window = () => openWindow(browser, { url: site.web, limitMs: ANSWER_LIMIT_MS });
  return {
    ...{ site, folder, window },
    signedIn: async (name) => {
      const opened = await window();
      await opened.page.goto('/');
      await new SignInPage(opened.page).signIn(name, passwordOf(name));
      return opened;
    },
    signedLink: (user, accession) => {
      const secret = readFileSync(path.join(site.data, 'secrets/launch-secret'), 'utf8').trim();
      const expires = String(Math.floor(Date.now() / 1000) + 120);
      const query = { accession, user, expires, nonce: randomBytes(16).toString('hex') };
      return `/launch?${new URLSearchParams({ ...query, signature: signatureOf(secret, query) })}`;
    },
    storescu: async (calledAETitle, files) => {
      const parameters = ['-aec', calledAETitle, '127.0.0.1', String(site.dicomPort), ...files];
      await promisify(execFile)('storescu', parameters, { env: DCMTK_ENVIRONMENT });
    },
    close: async () => {
      await browser.close();
      await site.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The site's file; puts everybody into the directory. */
async function configuration(slapd: Slapd, folder: string): Promise<object> {
  const passwordFile = path.join(folder, 'directory-password');
  writeFileSync(passwordFile, SERVICE.password);
  const names = Object.keys(PEOPLE);
  for (const name of names) await slapd.addPerson(name, passwordOf(name));
  for (const group of Object.keys(GROUPS)) {
    const members = Object.entries(PEOPLE).flatMap(([name, own]) => (own === group ? [name] : []));
    await slapd.setGroup(group, members);
  }
  return {
    site: { name: 'Radiology, General Hospital', mode: 'test' },
    directory: {
      url: slapd.secureUrl,
      caFile: slapd.certificate.certificate,
      serviceAccount: { dn: SERVICE.dn, passwordFile },
      people: { baseDn: slapd.people, filter: '(&(objectClass=person)(uid={name}))' },
      roles: Object.entries(GROUPS).map(([name, given]) => ({ group: `cn=${name},${slapd.groups}`, ...given })),
    },
    signedLaunch: { allowed: true },
  };
}
