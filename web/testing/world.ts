import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Hono } from 'hono';
import { withoutPerson } from '../../lib/archive/exam-facts.ts';
import type { ExamView } from '../../lib/archive/exams.ts';
import type { Exam } from '../../lib/archive/other-exams.ts';
import type { HeldStudy, PatientView, QuarantineReason } from '../../lib/archive/read.ts';
import { connect, type Database } from '../../lib/database/connection.ts';
import { createLog } from '../../lib/platform/log.ts';
import { requestRetry } from '../../lib/runs/retry.ts';
import { openStore } from '../../lib/store/open.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import type { QuarantinedInstance } from '../../schemas/api.ts';
import type { Evaluation } from '../../schemas/evaluation.ts';
import { Sessions } from '../../schemas/people.ts';
import type { Role } from '../../schemas/rights.ts';
import type { Receiver } from '../../schemas/site.ts';
import { createAccount } from '../accounts/accounts.ts';
import { createApp } from '../app.ts';
import { patientsOf, quarantineOf } from '../archive.ts';
import { loadAssets } from '../assets.ts';
import { Looks } from '../audit/recent-looks.ts';
import { BlindedCopies } from '../blinded/follow.ts';
import { exportOutbox } from '../feedback/export.ts';
import { Metrics } from '../metrics.ts';
import type { Parts, Variables } from '../parts.ts';
import { projectRun } from '../projection/project.ts';
import { LiveUpdates } from '../runs/live.ts';
import { proxyList } from '../security.ts';
import { Viewing } from '../viewer/viewing.ts';
import { HIP_EVALUATION, HIP_PIPELINE, LIVER_EVALUATION, LIVER_PIPELINE } from './pipelines.ts';
import { type MadeRun, makeRun } from './runs.ts';

export const PASSWORD = 'a password for tests';
/** Tests sign in by the hundred: what a password is hashed with for them takes a millisecond instead of half a second. */
const QUICK = { N: 2 ** 10, r: 8, p: 1 };

export const API_TOKEN = 'token-of-the-tests';

/** An archive that answers what a test puts in. */
export interface MadeArchive {
  readonly patients: Map<string, PatientView & Partial<ExamView>>;
  readonly quarantine: Map<string, QuarantineReason[]>;
  readonly quarantined: QuarantinedInstance[];
  readonly studies: Map<string, HeldStudy>;
  /** AccessionNumber → StudyInstanceUIDs. */
  readonly accessions: Map<string, string[]>;
  /** One entry a patient. */
  readonly exams: Exam[][];
}

/** The web with a real PostgreSQL and a real store in a temporary folder; no port is opened. */
export interface World {
  readonly app: Hono<{ Variables: Variables }>;
  readonly parts: Parts;
  readonly store: ObjectStore;
  readonly database: Database;
  readonly archive: MadeArchive;
  /** Of the site: none, until a test adds one. */
  readonly receivers: Pick<Receiver, 'name' | 'kind'>[];
  /** Moves the clock. */
  later(milliseconds: number): void;
  /** Puts a run into the store and into the projection. */
  run(made?: MadeRun): ReturnType<typeof makeRun>;
  /** A browser: keeps cookies, follows nothing. */
  browser(address?: string): Browser;
  /** Makes an account with `PASSWORD` and this role, for all evaluations or for one. */
  account(name: string, role?: Role, evaluation?: string | null): Promise<void>;
  /** A browser in which an account with this role has signed in, for all evaluations or for one. */
  signedIn(name: string, role?: Role, evaluation?: string | null): Promise<Browser>;
  /** The API with the administrator's token. */
  api(path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

export interface Browser {
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
  /** Value of the hidden field on the page. */
  field(path: string, name: string): Promise<string>;
  cookies: Map<string, string>;
}

const ORIGIN = 'http://127.0.0.1:8000';

/** Makes a world on a migrated, empty database. Close it afterwards. */
export async function makeWorld(
  databaseUrl: string,
  evaluations: readonly Evaluation[] = [HIP_EVALUATION, LIVER_EVALUATION],
): Promise<World> {
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-web-'));
  const store = openStore({ driver: 'fs', folder: path.join(folder, 'store'), journal: path.join(folder, 'journal') });
  await store.prepare();
  const database = connect(databaseUrl, { max: 4 });
  const live = new LiveUpdates();
  let shift = 0;
  const archive: MadeArchive = {
    patients: new Map(),
    quarantine: new Map(),
    quarantined: [],
    studies: new Map(),
    accessions: new Map(),
    exams: [],
  };
  const receivers: World['receivers'] = [];
  // The clock stands still until a test moves it.
  const begin = Date.now();
  const now = () => new Date(begin + shift);
  const log = createLog('web', 'silent');
  const pipelines = new Map([HIP_PIPELINE, LIVER_PIPELINE].map((pipeline) => [pipeline.name, pipeline]));
  const blinded = new Map(evaluations.filter((one) => !isPlain(one)).map((one) => [one.name, one]));
  const blindingKey = randomBytes(32);
  const parts: Parts = {
    store,
    database,
    archive: {
      findStudies: async (search) =>
        'study' in search
          ? archive.studies.has(search.study)
            ? [search.study]
            : []
          : (archive.accessions.get(search.accession) ?? []),
      studyView: async (uid) => archive.studies.get(uid),
      quarantineReasons: async (uid) => archive.quarantine.get(uid) ?? [],
      quarantinedInstances: async ({ study, limit }) =>
        archive.quarantined.filter((one) => study === undefined || one.studyInstanceUid === study).slice(0, limit),
      patientOfStudy: async (uid) => archive.patients.get(uid),
      findExams: async (studies) => new Map(examsIn(archive).filter(([study]) => studies.includes(study))),
      searchExams: async (text) =>
        examsIn(archive)
          .map(([, exam]) => exam)
          .filter((exam) => JSON.stringify(exam).toLowerCase().includes(text.toLowerCase())),
      examFacts: async (studies, key) =>
        new Map(
          examsIn(archive)
            .filter(([study]) => studies.includes(study))
            .map(([study, exam]) => {
              const received = { firstReceivedAt: new Date(begin), lastReceivedAt: new Date(begin) };
              const indexed = { ...exam, patientId: exam.patientId ?? '', issuer: '', scanner: null, ...received };
              return [study, withoutPerson(indexed, key)];
            }),
        ),
      examsOfPatient: async (uid) =>
        archive.exams.find((exams) => exams.some(({ studyInstanceUid }) => studyInstanceUid === uid)) ?? [],
    },
    quarantine: quarantineOf({ store, database, pipelines, routes: [], quietSeconds: undefined }),
    patients: patientsOf({ database, pipelines }),
    requestRetry: async (run, by) => {
      await requestRetry(store, run, by);
    },
    evaluations: new Map(evaluations.filter(isPlain).map((evaluation) => [evaluation.pipeline, evaluation])),
    blinded,
    blindingKey,
    copies: new BlindedCopies({ store, database, blindingKey, blinded, pipelines, log }),
    pipelines,
    receivers,
    site: { name: 'Test hospital', mode: 'test' },
    dicom: { host: '127.0.0.1', port: 11112, aeTitle: 'OVERREAD' },
    apiToken: API_TOKEN,
    directory: undefined,
    sessions: Sessions.parse({}),
    signedLaunch: undefined,
    proxies: proxyList([]),
    cookieName: 'overread-8000',
    launchKey: randomBytes(32),
    assets: loadAssets(),
    live,
    metrics: new Metrics(live),
    looks: new Looks(),
    viewing: new Viewing({ store, database, log, folder: path.join(folder, 'no-viewer'), pipelines }),
    log,
    now,
    answersSent: () => {},
  };
  const app = createApp(parts);
  const account = (name: string, role: Role = 'reader', evaluation: string | null = null) =>
    createAccount(database, { name, password: PASSWORD, role, evaluation, now: now(), cost: QUICK });
  const browser = (address = '127.0.0.1') => makeBrowser(app, address);
  return {
    app,
    parts,
    store,
    database,
    archive,
    receivers,
    later: (milliseconds) => {
      shift += milliseconds;
    },
    run: async (made) => {
      const run = await makeRun(store, made);
      const view = await projectRun(store, database, run.id);
      if (view !== undefined) live.announce({ run: run.id, studyInstanceUid: view.studyInstanceUid });
      return run;
    },
    browser,
    account,
    signedIn: async (name, role, evaluation) => {
      await account(name, role, evaluation);
      const opened = browser();
      const answer = await opened.post('/sign-in', { name, password: PASSWORD });
      if (answer.status !== 303) throw new Error(`Sign-in of ${name} answered ${answer.status}.`);
      return opened;
    },
    api: async (at, init = {}) => {
      const headers = new Headers(init.headers);
      headers.set('authorization', `Bearer ${API_TOKEN}`);
      return app.request(`${ORIGIN}${at}`, { ...init, headers });
    },
    close: async () => {
      await exportOutbox(store, database);
      await database.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const isPlain = ({ reading }: Evaluation) => reading.mode !== 'blinded';

function examsIn({ patients }: MadeArchive): [string, ExamView][] {
  const unknown = { accessionNumber: null, studyDate: null, studyDescription: null };
  return [...patients].map(([studyInstanceUid, given]) => [
    studyInstanceUid,
    { ...unknown, ...given, studyInstanceUid },
  ]);
}

/** A browser at an app: keeps cookies, follows nothing. */
export function makeBrowser(app: World['app'], address = '127.0.0.1'): Browser {
  const cookies = new Map<string, string>();
  const send = async (at: string, init: RequestInit, given: Record<string, string>) => {
    const headers = new Headers({ host: '127.0.0.1:8000', ...given });
    if (cookies.size > 0) headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    const env = { incoming: { socket: { remoteAddress: address } } };
    const answer = await app.request(`${ORIGIN}${at}`, { ...init, headers }, env);
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (name === undefined || value === undefined) continue;
      if (value === '' || /max-age=0/i.test(cookie)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return answer;
  };
  const get = (at: string, headers: Record<string, string> = {}) => send(at, {}, headers);
  return {
    cookies,
    get,
    post: (at, fields, headers = {}) =>
      send(at, { method: 'POST', body: new URLSearchParams(fields) }, { origin: ORIGIN, ...headers }),
    field: async (at, name) => {
      const text = await (await get(at)).text();
      const value = new RegExp(`name="${name}" value="([^"]*)"`).exec(text)?.[1];
      if (value === undefined) throw new Error(`The page ${at} has no field ${name}.`);
      return value;
    },
  };
}
