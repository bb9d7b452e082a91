import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Client } from 'ldapts';
import { freePort } from '../ports.ts';
import { type Certificate, makeCertificate } from './certificate.ts';
import { debianPackages } from './debian.ts';

/** Time for the server to answer, ms. */
const START_LIMIT_MS = 30_000;

const SUFFIX = 'dc=hospital,dc=test';
const ROOT = { dn: `cn=root,${SUFFIX}`, password: 'root of the test directory' };

/** Who asks on behalf of Overread. */
export const SERVICE = { dn: `cn=overread,${SUFFIX}`, password: 'service of the test directory' };

/** A real OpenLDAP with people and groups, by StartTLS and by LDAPS. */
export interface Slapd {
  /** `ldap://…`; binds are refused until TLS is on. */
  readonly url: string;
  /** `ldaps://…` */
  readonly secureUrl: string;
  /** Its certificate, signed by itself. */
  readonly certificate: Certificate;
  /** A folder for files of the test. */
  readonly folder: string;
  readonly people: string;
  readonly groups: string;
  addPerson(name: string, password: string): Promise<void>;
  /** Makes a group of these people, or gives it others. */
  setGroup(name: string, members: readonly string[]): Promise<void>;
  /** Ends it, as when the directory is away. */
  stop(): Promise<void>;
  /** Ends it and removes everything. */
  remove(): Promise<void>;
}

/** Starts one on free ports of this machine. @returns undefined where it cannot be had: skip, and say so */
export async function startSlapd(): Promise<Slapd | undefined> {
  if (!(await debianPackages()).has('slapd')) return undefined;
  const folder = mkdtempSync(path.join(tmpdir(), 'overread-slapd-'));
  const certificate = await makeCertificate(folder, 'directory');
  if (certificate === undefined) return undefined;
  const file = path.join(folder, 'slapd.conf');
  mkdirSync(path.join(folder, 'data'));
  writeFileSync(file, settings(folder, certificate));
  const url = `ldap://127.0.0.1:${await freePort()}`;
  const secureUrl = `ldaps://127.0.0.1:${await freePort()}`;
  const child = spawn('slapd', ['-f', file, '-h', `${url} ${secureUrl}`, '-d', '0'], {
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
    stdio: 'ignore',
  });
  // A test process that ends early must not leave it behind.
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  const tls = { tlsOptions: { rejectUnauthorized: false } };
  const root = new Client({ url: secureUrl, timeout: 10_000, ...tls });
  await answers(root, child);

  const people = `ou=people,${SUFFIX}`;
  const groups = `ou=groups,${SUFFIX}`;
  const dnOf = (name: string) => `uid=${name},${people}`;
  await root.add(SUFFIX, { objectClass: ['dcObject', 'organization'], o: 'Hospital' });
  await root.add(SERVICE.dn, {
    objectClass: ['organizationalRole', 'simpleSecurityObject'],
    userPassword: SERVICE.password,
  });
  await root.add(people, { objectClass: 'organizationalUnit' });
  await root.add(groups, { objectClass: 'organizationalUnit' });

  async function stop(): Promise<void> {
    await root.unbind().catch(() => {});
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }

  return {
    ...{ url, secureUrl, certificate, folder, people, groups, stop },
    addPerson: (name, password) =>
      root.add(dnOf(name), { objectClass: 'inetOrgPerson', cn: name, sn: name, userPassword: password }),
    setGroup: async (name, members) => {
      const dn = `cn=${name},${groups}`;
      await root.del(dn).catch(() => {});
      if (members.length > 0) await root.add(dn, { objectClass: 'groupOfNames', member: members.map(dnOf) });
    },
    stop,
    remove: async () => {
      await stop();
      process.off('exit', end);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As a hospital's is: passwords for nobody to read, no bind in the clear, `memberOf` kept by the server. */
function settings(folder: string, { certificate, key }: Certificate): string {
  return `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile ${folder}/slapd.pid
TLSCertificateFile ${certificate}
TLSCertificateKeyFile ${key}
security simple_bind=128
database mdb
suffix ${SUFFIX}
rootdn ${ROOT.dn}
rootpw "${ROOT.password}"
directory ${folder}/data
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to dn.children="ou=people,${SUFFIX}" by dn.exact="${SERVICE.dn}" read by self read by * none
access to * by users read by * none
`;
}

async function answers(root: Client, child: ChildProcess): Promise<void> {
  const limit = Date.now() + START_LIMIT_MS;
  for (;;) {
    try {
      return await root.bind(ROOT.dn, ROOT.password);
    } catch (error) {
      if (Date.now() > limit || child.exitCode !== null) throw error;
      await setTimeout(50);
    }
  }
}
