// Makes node_modules what package-lock.json says. Plain JavaScript for whatever Node the machine has: the Node that runs
// everything else is one of the packages installed here.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const home = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');
const wanted = readFileSync(path.join(home, 'package-lock.json'), 'utf8');
const mark = path.join(home, 'node_modules/.installed-lockfile');

if (!existsSync(mark) || readFileSync(mark, 'utf8') !== wanted) {
  console.error('Installing packages (once, one to two minutes) …');
  try {
    execFileSync('npm', ['ci', '--loglevel=error'], { cwd: home, stdio: ['ignore', 2, 'inherit'] });
  } catch {
    console.error('The packages could not be installed: see above. `npm ci` in this folder tries again.');
    process.exit(1);
  }
  writeFileSync(mark, wanted);
  installViewer();
}

/** The viewer of the result pages comes with the packages. Everything else works without it: what cannot be had holds nothing up. */
function installViewer() {
  const node = path.join(home, 'node_modules/.bin/node');
  try {
    execFileSync(node, ['cli/main.ts', 'viewer', 'install'], { cwd: home, stdio: ['ignore', 2, 2], timeout: 300_000 });
  } catch {
    console.error('Pages have no viewer until `npx overread viewer install` gets it.');
  }
}

// The command beside the Node that runs it: with node_modules/.bin on the path, `overread` alone is enough.
const command = path.join(home, 'node_modules/.bin/overread');
if (!existsSync(command)) symlinkSync('../../cli/main.ts', command);
