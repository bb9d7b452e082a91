import { z } from 'zod';
import { CertificateFiles } from './certificate.ts';
import { Directory, Sessions, SignedLaunch, WebAccess } from './people.ts';
import { AETitle } from './pipeline.ts';
import { Slug } from './scalars.ts';

/** What a tag must be: a value or a glob with `*`, or a list of them of which one must match. */
const TagRule = z.union([z.string(), z.array(z.string()).min(1)]);

/**
 * A rule that sends matching studies to a pipeline. Every tag of `when` must match one and the same instance; keys are
 * DICOM keywords, `SOPClassUID` may be given by its name (`MR Image Storage`).
 */
export const Route = z.object({
  name: Slug,
  pipeline: Slug,
  when: z.record(z.string(), TagRule).default({}),
  /** Scanners this route is for; empty: any. */
  stationNames: z.array(z.string()).default([]),
  /** Overrides the pipeline's. */
  quietSeconds: z.number().nonnegative().optional(),
});
export type Route = z.infer<typeof Route>;

/** A machine that functions can be placed on; `constraints` of stack.yml are checked against its labels. */
export const Node = z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) });
export type Node = z.infer<typeof Node>;

const receiver = {
  name: Slug,
  /** What is `clinical` gets nothing of a pipeline version that nobody has approved. */
  kind: z.enum(['clinical', 'research']),
  /** Pipelines whose results it gets. */
  pipelines: z.array(Slug).default([]),
};

/** How a receiver proves to be who it is, and what is shown to it. */
const ReceiverTls = z
  .strictObject({
    /** PEM file with authorities, or the receiver's own certificate; left out: the authorities of the system. */
    caFile: z.string().min(1).optional(),
    /** The name in its certificate, where it is not `host`. */
    serverName: z.string().min(1).optional(),
    ...CertificateFiles.partial().shape,
  })
  .refine(
    ({ certificateFile, keyFile }) => (certificateFile === undefined) === (keyFile === undefined),
    '`certificateFile` and `keyFile` belong together',
  );
export type ReceiverTls = z.infer<typeof ReceiverTls>;

/** Where results are sent. */
export const Receiver = z.discriminatedUnion('protocol', [
  z.strictObject({
    ...receiver,
    protocol: z.literal('c-store'),
    host: z.string().min(1),
    port: z.int().min(1).max(65_535),
    aeTitle: AETitle,
    /** Given, also as `{}`: over TLS. */
    tls: ReceiverTls.optional(),
  }),
  z.strictObject({
    ...receiver,
    protocol: z.literal('stow-rs'),
    /** Of the DICOMweb service: objects go to `<url>/studies`. */
    url: z.url({ protocol: /^https?$/ }),
    /** File with a bearer token. */
    tokenFile: z.string().optional(),
  }),
]);
export type Receiver = z.infer<typeof Receiver>;

/** How senders reach the gateway. */
const DicomAccess = z.strictObject({
  /** Takes DICOM over TLS too, on its own port. */
  tls: CertificateFiles.extend({
    /** PEM file with authorities, or certificates, of senders: given, each must show a certificate of one of them. */
    sendersFile: z.string().min(1).optional(),
  }).optional(),
});

/** The site's file, `overread.yaml`. */
export const SiteFile = z.strictObject({
  /** Shown on every page. */
  site: z
    .object({ name: z.string().default('This hospital'), mode: z.enum(['test', 'production']).default('test') })
    .prefault({}),
  routes: z.array(Route).default([]),
  receivers: z
    .array(Receiver)
    .refine((receivers) => new Set(receivers.map(({ name }) => name)).size === receivers.length, 'two have one name')
    .default([]),
  /** Called AE titles that are accepted besides our own and the pipelines'; empty: any. */
  acceptedAETitles: z.array(AETitle).default([]),
  nodes: z
    .array(Node)
    .min(1)
    .default([{ name: 'this-machine', labels: {} }]),
  /** A function whose constraints no node meets: shown as not placed, or run on the first node's CPU all the same. */
  placement: z.enum(['strict', 'allow-cpu']).default('allow-cpu'),
  /** Calls in flight at once for each function; `default` for the others, `total` for all functions together. */
  concurrency: z.record(z.string(), z.int().positive()).default({ default: 2 }),
  /** Object events that everybody has read are forgotten after so many days. */
  keepEventsDays: z.number().min(1).default(30),
  /** Left out: there are local accounts only. */
  directory: Directory.optional(),
  sessions: Sessions.prefault({}),
  signedLaunch: SignedLaunch.prefault({}),
  dicom: DicomAccess.prefault({}),
  web: WebAccess.prefault({}),
});
export type SiteFile = z.infer<typeof SiteFile>;
