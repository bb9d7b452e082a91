import { createHash } from 'node:crypto';
import path from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readPart10 } from '../../lib/dicom/dataset.ts';
import { HOME } from '../../lib/platform/configuration.ts';
import { EXAMPLE } from '../../web/api/examples.ts';
import { openApiDocument } from '../../web/api/openapi.ts';
import { createApp } from '../../web/app.ts';
import { archiveReader } from '../../web/archive.ts';
import { loadEvaluations } from '../../web/evaluations/load.ts';
import { freshUid } from '../../web/testing/results.ts';
import { serveWorld } from '../../web/testing/serve.ts';
import { API_TOKEN, makeWorld, type World } from '../../web/testing/world.ts';
import { examId } from '../../web/trend/look.ts';
import { freePort } from '../ports.ts';
import { startTestPostgres, type TestPostgres } from '../postgres.ts';
import { makeViewedExam, takeIn } from '../viewed-exam.ts';

/** As much of the document as the rules ask about. */
const Operation = z.object({
  operationId: z.string(),
  summary: z.string(),
  tags: z.array(z.string()).min(1),
  servers: z.array(z.object({ url: z.string() })).optional(),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.enum(['path', 'query']),
        required: z.boolean(),
        description: z.string().min(5),
        example: z.unknown().optional(),
      }),
    )
    .default([]),
  requestBody: z.object({ content: z.record(z.string(), z.object({ example: z.unknown().optional() })) }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string() })),
});
const document = openApiDocument();
const operations = Object.entries(document.paths).flatMap(([address, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ address, method, ...Operation.parse(operation) })),
);
const JSON_TYPE = 'application/json';

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1, and every reference in it leads somewhere', async () => {
    const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(document)));
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
    const referred = new Set(JSON.stringify(document).match(/(?<=#\/components\/schemas\/)\w+/g));
    expect([...referred].sort(), 'no schema is missing, and none is for nothing').toEqual(
      Object.keys(document.components.schemas).sort(),
    );
  });

  it('names each operation once, and says in a line what it does', () => {
    const names = operations.map(({ operationId }) => operationId);
    expect(names.filter((name, at) => names.indexOf(name) !== at || !/^[a-z][A-Za-z]+$/.test(name))).toEqual([]);
    for (const { operationId, summary } of operations) expect(summary, operationId).toMatch(/^[A-Z].{5,140}[^.]$/);
    const tags = document.tags.map(({ name }) => name);
    for (const { operationId, tags: own } of operations) expect(tags, operationId).toEqual(expect.arrayContaining(own));
    const used = new Set(operations.flatMap(({ tags: own }) => own));
    expect([...used].sort()).toEqual([...tags].sort());
  });

  it.each(operations)('gives an example of all that $operationId must be given', ({ address, ...operation }) => {
    const inPath = [...address.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = operation.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
    expect(declared.sort()).toEqual(inPath.sort());
    for (const { name, required, example } of operation.parameters) {
      if (required) expect(example, name).toBeDefined();
    }
    const body = operation.requestBody?.content[JSON_TYPE];
    if (body !== undefined) expect(body.example).toBeDefined();
    expect(Object.keys(operation.responses).some((status) => status.startsWith('2'))).toBe(true);
  });
});

/**
 * What the site of this test does not have, where the answer is the declared refusal: the images of the phantom have no
 * binary value, nobody was given an exam that could be given to somebody else, no reader has edited the
 * result, and there are no blinded reads.
 */
const REFUSED: Readonly<Record<string, number>> = {
  retrieveBulkData: 404,
  reassignExams: 422,
  askDeliveriesAgain: 409,
  sendEdit: 409,
  listCopyFeedback: 404,
  sendCopyFeedback: 404,
  getBlindedReport: 404,
  getBlindingKey: 404,
};

/** An exam that is another patient's has another trend: said last. */
const LAST = 'statePatientChange';

describe('the examples of the OpenAPI document', () => {
  let postgres: TestPostgres;
  let world: World;
  let site: Awaited<ReturnType<typeof serveWorld>>;
  /** What stands in an example → what it is here. */
  let here: ReadonlyMap<string, string>;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    const loaded = [...loadEvaluations([path.join(HOME, 'pipelines')]).values()];
    const evaluations = loaded.map((evaluation) =>
      evaluation.pipeline === 'hip-fracture-detection'
        ? { ...evaluation, reading: { ...evaluation.reading, readersPerCase: 1 } }
        : { ...evaluation, trend: { structure: 'left-lobe', progression: 0.4, minimumBaselineMl: 1 } },
    );
    world = await makeWorld(postgres.url, evaluations);
    const exam = makeViewedExam('openapi');
    const changed = Buffer.from(exam.images[0] ?? '');
    changed.writeUInt8((changed.at(-1) ?? 0) ^ 1, changed.length - 1);
    await takeIn(world, [...exam.images, changed]);
    const { id } = await world.run({ study: exam.StudyInstanceUID, segmentation: {} });
    const { id: failed } = await world.run({ study: freshUid(), status: 'failed', reason: 'x', retryable: true });
    for (const name of ['rada', 'rolf']) await world.account(name);
    world.receivers.push({ name: 'research-archive', kind: 'research' });
    const app = createApp({ ...world.parts, archive: archiveReader(world.database) });
    site = await serveWorld({ ...world, app }, await freePort());
    const baseline = JSON.stringify(bodyOf('addTrendEntry')).replaceAll(EXAMPLE.study, exam.StudyInstanceUID);
    await ask(`/api/v1/runs/${id}/trend`, 'POST', baseline);
    const report = await (await ask(`/api/v1/runs/${id}/trend/report`)).json();
    here = new Map([
      [EXAMPLE.instance, readPart10(exam.images[0] ?? Buffer.of()).dataset.text('SOPInstanceUID') ?? ''],
      [EXAMPLE.series, exam.SeriesInstanceUID],
      [EXAMPLE.study, exam.StudyInstanceUID],
      [EXAMPLE.run, id],
      [EXAMPLE.failed, failed],
      [EXAMPLE.exam, examId(exam.StudyInstanceUID)],
      [EXAMPLE.state, report.state],
      [EXAMPLE.object, report.object],
      [EXAMPLE.quarantined, createHash('sha256').update(changed).digest('hex')],
    ]);
  });
  afterAll(async () => {
    await site?.close();
    await world?.close();
    await postgres?.stop();
  });

  const ask = (at: string, method = 'GET', body?: string) =>
    fetch(`${site.url}${at}`, {
      method: method.toUpperCase(),
      headers: { authorization: `Bearer ${API_TOKEN}`, 'content-type': JSON_TYPE },
      ...(body === undefined ? {} : { body }),
    });
  const bodyOf = (wanted: string) =>
    operations.find(({ operationId }) => operationId === wanted)?.requestBody?.content[JSON_TYPE]?.example;
  const inPlace = (text: string) => [...here].reduce((all, [given, own]) => all.replaceAll(given, own), text);

  // What takes multipart bodies is asked by web/dicomweb/dicomweb.int.test.ts.
  const runnable = operations.filter(({ requestBody }) => !JSON.stringify(requestBody ?? '').includes('multipart'));
  it.each(runnable.sort((one, other) => Number(one.operationId === LAST) - Number(other.operationId === LAST)))(
    'runs: $operationId',
    async ({ operationId, address, method, parameters, servers, responses }) => {
      let at = address;
      const query = new URLSearchParams();
      for (const { name, in: place, example } of parameters) {
        if (example === undefined) continue;
        const value = inPlace(String(example));
        if (place === 'query') query.set(name, value);
        else at = at.replace(`{${name}}`, encodeURIComponent(value));
      }
      const body = bodyOf(operationId);
      const answer = await ask(
        `${servers === undefined ? '/api/v1' : ''}${at}?${query}`,
        method,
        body === undefined ? undefined : inPlace(JSON.stringify(body)),
      );
      const said = await answer.text();
      expect(Object.keys(responses), said).toContain(String(answer.status));
      if (REFUSED[operationId] === undefined) expect(answer.status, said).toBeLessThan(300);
      else expect(answer.status, said).toBe(REFUSED[operationId]);
    },
  );
});
