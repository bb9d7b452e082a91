import { z } from 'zod';
import { CertificateFiles } from './certificate.ts';
import { Role } from './rights.ts';
import { Slug } from './scalars.ts';

/** Holds `{name}` where the name that somebody typed goes, escaped. */
const NameTemplate = z.string().refine((text) => text.includes('{name}'), 'it holds `{name}`');

/** The hospital's directory: LDAP or Active Directory. People sign in with their name and password of there. */
export const Directory = z
  .strictObject({
    /** `ldaps://…`, or `ldap://…` with `startTls`. */
    url: z.url({ protocol: /^ldaps?$/ }),
    startTls: z.boolean().default(false),
    /** PEM file of the authorities that signed the server's certificate; left out: those that Node knows. */
    caFile: z.string().min(1).optional(),
    /** Finds people before they are asked for their password. Left out: `directBind` says who somebody is. */
    serviceAccount: z.strictObject({ dn: z.string().min(1), passwordFile: z.string().min(1) }).optional(),
    /** The person's own DN or user principal name, such as `uid={name},ou=people,dc=example,dc=org` or `{name}@example.org`. */
    directBind: NameTemplate.optional(),
    people: z.strictObject({
      baseDn: z.string().min(1),
      /** Finds exactly one entry. */
      filter: NameTemplate,
    }),
    /** Where the groups of a person stand: in an attribute of their entry, or in entries that name their DN. */
    groups: z
      .union([
        z.strictObject({ attribute: z.string().min(1) }),
        z.strictObject({
          baseDn: z.string().min(1),
          filter: z.string().refine((text) => text.includes('{dn}'), 'it holds `{dn}`'),
        }),
      ])
      .default({ attribute: 'memberOf' }),
    /** What members of a group are. */
    roles: z.array(
      z.strictObject({
        /** DN of the group. */
        group: z.string().min(1),
        role: Role,
        /** Left out: for all evaluations. */
        evaluation: Slug.optional(),
      }),
    ),
    timeoutSeconds: z.number().positive().max(60).default(5),
    /** With a `serviceAccount`: how often whoever uses an API token is looked up again. */
    recheckMinutes: z.number().positive().max(1440).default(15),
  })
  .refine(({ url, startTls }) => url.startsWith('ldaps:') !== startTls, {
    path: ['url'],
    message: 'passwords do not go through the network in the clear: use `ldaps://`, or `ldap://` with `startTls: true`',
  })
  .refine(({ serviceAccount, directBind }) => (serviceAccount === undefined) !== (directBind === undefined), {
    message: 'give one of `serviceAccount` and `directBind`',
  });
export type Directory = z.infer<typeof Directory>;

/** How long somebody stays signed in. */
export const Sessions = z.strictObject({
  /** Minutes after which a session that asks for nothing ends. */
  idleMinutes: z
    .number()
    .min(1)
    .max(12 * 60)
    .default(30),
  /** Hours after which it ends in any case. */
  hours: z.number().min(1).max(24).default(12),
});
export type Sessions = z.infer<typeof Sessions>;

/** Whether a PACS may name the person in a signed `/launch`, who then needs no password. */
export const SignedLaunch = z.strictObject({
  allowed: z.boolean().default(false),
  /** File with the secret that the PACS signs with; left out: `secrets/launch-secret` in the data folder, made at the start. */
  secretFile: z.string().min(1).optional(),
  /** A link that is good for longer than this is refused. */
  longestSeconds: z.int().min(10).max(3600).default(300),
});
export type SignedLaunch = z.infer<typeof SignedLaunch>;

/** How browsers reach the web. */
export const WebAccess = z.strictObject({
  /** Serves HTTPS with these. */
  tls: CertificateFiles.optional(),
  /** Addresses or networks (`10.1.0.0/16`) of reverse proxies: theirs alone are `X-Forwarded-Proto` and `-For` believed. */
  trustedProxies: z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).default([]),
});
export type WebAccess = z.infer<typeof WebAccess>;
