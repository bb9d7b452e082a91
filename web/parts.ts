import type { BlockList } from 'node:net';
import type { Context } from 'hono';
import type { Database } from '../lib/database/connection.ts';
import type { Configuration } from '../lib/platform/configuration.ts';
import type { Logger } from '../lib/platform/log.ts';
import type { ObjectStore } from '../lib/store/store.ts';
import type { Evaluation } from '../schemas/evaluation.ts';
import type { Sessions } from '../schemas/people.ts';
import type { Receiver } from '../schemas/site.ts';
import type { Person } from './accounts/accounts.ts';
import type { Directory } from './accounts/directory.ts';
import type { ArchiveReader, Patients, Quarantine } from './archive.ts';
import type { Assets } from './assets.ts';
import type { Looks } from './audit/recent-looks.ts';
import type { BlindedCopies } from './blinded/follow.ts';
import type { Shelf } from './dicomweb/images.ts';
import type { Metrics } from './metrics.ts';
import type { LiveUpdates } from './runs/live.ts';
import type { Viewing } from './viewer/viewing.ts';

/** Everything that pages and API work with: made once by the service, and by tests. */
export interface Parts {
  readonly store: ObjectStore;
  readonly database: Database;
  readonly archive: ArchiveReader;
  readonly quarantine: Quarantine;
  readonly patients: Patients;
  /** Asks for another try of a run that ended badly. */
  readonly requestRetry: (run: string, by: string) => Promise<void>;
  /** By pipeline. */
  readonly evaluations: ReadonlyMap<string, Evaluation>;
  /** Evaluations with blinded readers, by their own names. */
  readonly blinded: ReadonlyMap<string, Evaluation>;
  /** Under which blinded readers know a segmentation: the key of the hash. */
  readonly blindingKey: Buffer;
  readonly copies: BlindedCopies;
  /** Titles of pipelines by name, with the AE title to send exams to and the version in effect. */
  readonly pipelines: ReadonlyMap<
    string,
    { readonly title: string; readonly calledAETitle: string; readonly version: string }
  >;
  /** Where results may be sent. */
  readonly receivers: readonly Pick<Receiver, 'name' | 'kind'>[];
  readonly site: Configuration['site']['site'];
  readonly dicom: Pick<Configuration['dicom'], 'host' | 'port' | 'aeTitle'>;
  readonly apiToken: string | undefined;
  /** The hospital's people; undefined: there are local accounts only. */
  readonly directory: Directory | undefined;
  readonly sessions: Sessions;
  /** What a PACS signs links with that name a person; undefined: the site allows none. */
  readonly signedLaunch: { readonly secret: string; readonly longestSeconds: number } | undefined;
  /** Reverse proxies that are believed. */
  readonly proxies: BlockList;
  /** Cookies are shared by all ports of a machine: the name tells two instances apart. */
  readonly cookieName: string;
  /** Encrypts what a PACS hands to `/launch`. */
  readonly launchKey: Buffer;
  readonly assets: Assets;
  readonly live: LiveUpdates;
  readonly metrics: Metrics;
  readonly viewing: Viewing;
  readonly looks: Looks;
  readonly log: Logger;
  readonly now: () => Date;
  /** Wakes what writes sent answers to the store. */
  readonly answersSent: () => void;
}

/** What the middleware leaves for the handlers. */
export interface Variables {
  readonly parts: Parts;
  /** Of the other end of the connection; undefined where there is none (tests). */
  readonly address: string | undefined;
  /** Whether their browser speaks HTTPS, with us or with a proxy of the site's. */
  readonly isSecure: boolean;
  person: Person;
  /** Of the browser's session; undefined for the API token. */
  sessionToken: string | undefined;
  /** What DICOMweb shows, where the path says so; else all that the person may see. */
  shelf: Shelf | undefined;
}

export type WebContext = Context<{ Variables: Variables }>;

/** All evaluations, those with blinded readers too: what roles can be given for. */
export const everyEvaluation = ({ evaluations, blinded }: Pick<Parts, 'evaluations' | 'blinded'>): Evaluation[] => [
  ...evaluations.values(),
  ...blinded.values(),
];
