import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOME } from '../lib/platform/configuration.ts';
import { readStack, StackError } from './stack.ts';

const HEAD = 'version: 1.0\nprovider:\n  name: openfaas\n  gateway: http://127.0.0.1:8080\n';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'overread-stack-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function stack(functions: string): string {
  const file = path.join(folder, 'stack.yml');
  writeFileSync(file, HEAD + functions);
  return file;
}

describe('readStack', () => {
  it('makes the deployment that faas-cli would', () => {
    const file = stack(`functions:
  measure:
    lang: overread-operator
    handler: ./functions/measure
    image: overread/measure:0.1.0
    fprocess: node functions/measure/main.ts
    environment: { exec_timeout: 60s, max_inflight: 4, verbose: true }
    secrets: [s3-access-key]
    constraints: ["nvidia.com/gpu.present=true"]
    labels: { com.openfaas.scale.min: 2 }
    annotations: { com.openfaas.ready.http.path: /_/ready }
`);
    expect(readStack(file, {})).toEqual([
      {
        service: 'measure',
        image: 'overread/measure:0.1.0',
        envProcess: 'node functions/measure/main.ts',
        envVars: { exec_timeout: '60s', max_inflight: '4', verbose: 'true' },
        secrets: ['s3-access-key'],
        constraints: ['nvidia.com/gpu.present=true'],
        labels: { 'com.openfaas.scale.min': '2' },
        annotations: { 'com.openfaas.ready.http.path': '/_/ready' },
        readOnlyRootFilesystem: false,
      },
    ]);
  });

  it('substitutes variables of the environment, their defaults where they are absent', () => {
    const file = stack(`functions:
  f:
    image: "\${REGISTRY:-local}/f:\${TAG}"
    environment: { endpoint: "\${S3_ENDPOINT:-}", kept: $HOME, other: "\${S3-x}" }
`);
    const [deployment] = readStack(file, { TAG: '3', S3_ENDPOINT: 'http://minio: # "9000"', S3: '' });
    expect(deployment?.image).toBe('local/f:3');
    expect(deployment?.envVars).toEqual({ endpoint: 'http://minio: # "9000"', kept: '$HOME', other: '' });
  });

  it('reads environment_file beside it; environment wins', () => {
    writeFileSync(path.join(folder, 'shared.yml'), 'environment:\n  a: 1\n  b: 2\n');
    const file = stack(
      'functions:\n  f:\n    image: f\n    environment_file: [shared.yml]\n    environment: { b: 3 }\n',
    );
    expect(readStack(file, {})[0]?.envVars).toEqual({ a: '1', b: '3' });
  });

  it("takes the template's command where the function has none, with its name in", () => {
    mkdirSync(path.join(folder, 'template/mine'), { recursive: true });
    writeFileSync(path.join(folder, 'template/mine/template.yml'), 'language: mine\nfprocess: run {name}\n');
    const file = stack('functions:\n  f:\n    image: f\n    lang: mine\n');
    expect(readStack(file, {})[0]?.envProcess).toBe('run f');
  });

  it.each([
    ['functions: [', /stack\.yml cannot be read/],
    ['functions:\n  "a b":\n    image: x\n', /a function name has letters, digits, hyphens, underscores and dots only/],
    ['functions:\n  f:\n    image: x\n    secrets: yes\n', /functions\.f\.secrets/],
  ])('refuses a file that is wrong: %j', (functions, message) => {
    const read = () => readStack(stack(functions), {});
    expect(read).toThrow(StackError);
    expect(read).toThrow(message);
  });

  it('reads the stack.yml of the product, whose time-outs are in their right relation', () => {
    const deployments = readStack(path.join(HOME, 'stack.yml'), {});
    const operators = readdirSync(path.join(HOME, 'functions'), { recursive: true, encoding: 'utf8' })
      .filter((file) => /^[^/]+\/main\.ts$/.test(file))
      .map((file) => path.dirname(file));
    expect(deployments.map(({ service }) => service).sort()).toEqual(operators.sort());
    for (const { service, envProcess, envVars, secrets } of deployments) {
      expect(envProcess).toBe(`node functions/${service}/main.ts`);
      expect(secrets).toEqual(['s3-access-key', 's3-secret-key']);
      const [exec, read, write] = ['exec', 'read', 'write'].map((kind) =>
        parseInt(envVars?.[`${kind}_timeout`] ?? '', 10),
      );
      expect(exec, `exec_timeout of ${service}`).toBeLessThan(Math.min(read ?? 0, write ?? 0));
    }
    expect(deployments.find(({ service }) => service === 'infer-detection')?.constraints).toEqual([
      'nvidia.com/gpu.present=true',
    ]);
  });
});
