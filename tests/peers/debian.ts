import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A program that tests use and Debian has. */
export interface DebianProgram {
  readonly package: string;
  /** Its file, looked for on the path: an installation by other means is as good. */
  readonly program: string;
}

export const DEBIAN_PROGRAMS = [
  { package: 'dcmtk', program: 'storescu' },
  { package: 'dicom3tools', program: 'dciodvfy' },
  { package: 'orthanc', program: 'Orthanc' },
  { package: 'chromium-headless-shell', program: 'chromium-headless-shell' },
  { package: 'plastimatch', program: 'plastimatch' },
  { package: 'dcm2niix', program: 'dcm2niix' },
  { package: 'slapd', program: 'slapd' },
] as const satisfies readonly DebianProgram[];

export type DebianPackage = (typeof DEBIAN_PROGRAMS)[number]['package'];

/**
 * Environment for DCMTK's programs: without it they wait 40 ms a message for the other side's acknowledgement
 * (Nagle's algorithm).
 */
export const DCMTK_ENVIRONMENT = { ...process.env, TCP_NODELAY: '1' };

/** Which of the packages' programs are there. Installs nothing. */
export async function debianPackages(): Promise<ReadonlySet<DebianPackage>> {
  const found = new Set<DebianPackage>();
  for (const each of DEBIAN_PROGRAMS) if (await isOnPath(each.program)) found.add(each.package);
  return found;
}

/** Installs what is missing, where we are root on Debian, and answers what is there then. */
export async function installDebianPackages(): Promise<ReadonlySet<DebianPackage>> {
  const before = await debianPackages();
  const missing = DEBIAN_PROGRAMS.filter((each) => !before.has(each.package));
  if (missing.length === 0 || process.getuid?.() !== 0 || !(await isOnPath('apt-get'))) return before;
  await apt('update', '-qq').catch(() => {});
  // One by one: what one release lacks must not keep the others away.
  for (const each of missing)
    await apt('install', '-y', '-qq', '--no-install-recommends', each.package).catch(() => {});
  return debianPackages();
}

/** RUNLEVEL=1: no package starts its service. */
function apt(...words: string[]): Promise<unknown> {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  return run('apt-get', words, { env: environment, maxBuffer: 1 << 26 });
}

async function isOnPath(program: string): Promise<boolean> {
  const folders = `${process.env.PATH}:/usr/sbin:/usr/bin`;
  return run('sh', ['-c', 'command -v "$1"', 'sh', program], { env: { ...process.env, PATH: folders } }).then(
    () => true,
    () => false,
  );
}
