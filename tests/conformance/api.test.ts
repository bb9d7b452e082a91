import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOME } from '../../lib/platform/configuration.ts';
import { openApiDocument } from '../../web/api/openapi.ts';
import { loadEvaluations } from '../../web/evaluations/load.ts';
import { serveWorld } from '../../web/testing/serve.ts';
import { API_TOKEN, makeWorld, type World } from '../../web/testing/world.ts';
import { schemathesis } from '../peers/python.ts';
import { freePort } from '../ports.ts';
import { startTestPostgres, type TestPostgres } from '../postgres.ts';

const run = promisify(execFile);
const python = await schemathesis();

/** What an answer is held to: never our fault, and nothing that the document does not declare. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
];

/** Requests tried for each operation. */
const EXAMPLES = 25;

describe.skipIf(python === undefined)('the API and its document, by schemathesis', () => {
  let postgres: TestPostgres;
  let world: World;
  let site: Awaited<ReturnType<typeof serveWorld>>;
  let folder: string;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    world = await makeWorld(postgres.url, [...loadEvaluations([path.join(HOME, 'pipelines')]).values()]);
    await world.run();
    await world.run({ segmentation: {} });
    site = await serveWorld(world, await freePort());
    folder = mkdtempSync(path.join(tmpdir(), 'overread-api-'));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await site.close();
    await world.close();
    await postgres.stop();
  });

  // Storing takes multipart bodies, which schemathesis cannot make: web/dicomweb/dicomweb.int.test.ts asks for those.
  it.each([
    ['/api/v1', '/api/v1', ['--exclude-path-regex', '^/dicomweb']],
    ['DICOMweb, reading', '', ['--include-path-regex', '^/dicomweb', '--exclude-method', 'POST']],
  ])(
    'finds no 5xx and no answer that is not declared: %s',
    async (_, base, chosen) => {
      const document = path.join(folder, 'openapi.json');
      writeFileSync(document, JSON.stringify(openApiDocument()));
      const asked = ['run', document, '--url', `${site.url}${base}`, '-H', `Authorization: Bearer ${API_TOKEN}`];
      const how = ['--checks', CHECKS.join(','), '--phases', 'examples,coverage,fuzzing', '--seed', '7'];
      const limits = ['--max-examples', String(EXAMPLES), '--continue-on-failure', '--no-shrink', '--warnings', 'off'];
      const answer = await run(python ?? '', ['-m', 'schemathesis.cli', ...asked, ...chosen, ...how, ...limits], {
        cwd: folder,
        env: { ...process.env, NO_COLOR: '1' },
        maxBuffer: 1 << 26,
      }).catch((error: { stdout?: string; stderr?: string }) => error);
      const said = `${answer.stdout ?? ''}${answer.stderr ?? ''}`;
      expect(said).toContain('No issues found');
    },
    300_000,
  );
});
