/**
 * Gets the real peers that tests use, and says of each whether it is there. `node tests/peers/main.ts`; the status is 0
 * in any case, since tests whose peer cannot be had are skipped.
 */
import { installViewer } from '../../web/viewer/install.ts';
import { DEBIAN_PROGRAMS, installDebianPackages } from './debian.ts';
import { dicomReaders } from './dicom-readers.ts';
import { faasCli } from './faas-cli.ts';
import { minioBinary } from './minio.ts';
import { irrCac, monai, statistics } from './python.ts';

function tell(name: string, isThere: boolean, otherwise: string): void {
  console.log(`${name.padEnd(12)} ${isThere ? 'there' : `not there: ${otherwise}`}`);
}

const debian = await installDebianPackages();
for (const each of DEBIAN_PROGRAMS) {
  tell(each.package, debian.has(each.package), `install the Debian package ${each.package}, or start as root`);
}
tell('faas-cli', (await faasCli()) !== undefined, 'needs Go and its sources');
tell('minio', (await minioBinary()) !== undefined, 'needs Go and its sources');
tell('MONAI', (await monai()) !== undefined, 'needs Python 3.11 or later with venv, and some gigabytes by pip');
tell('highdicom', (await dicomReaders()) !== undefined, 'needs Python 3 with venv, and highdicom and dcmqi by pip');
tell(
  'statsmodels',
  (await statistics()) !== undefined,
  'needs Python 3.11 or later with venv, and statsmodels and pingouin by pip',
);
tell('irrCAC', (await irrCac()) !== undefined, 'needs Python 3 with venv, and irrCAC by pip');
tell('OHIF', (await installViewer().catch(() => undefined)) !== undefined, 'needs the npm registry');
