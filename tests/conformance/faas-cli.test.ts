import { execFile, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HOME, readConfiguration } from '../../lib/platform/configuration.ts';
import type { Service } from '../../lib/platform/lifecycle.ts';
import { createLog } from '../../lib/platform/log.ts';
import { FaasClient } from '../../provider/client.ts';
import { providerService } from '../../provider/service.ts';
import { faasCli } from '../peers/faas-cli.ts';
import { describeWith } from '../peers/skip.ts';
import { freePort } from '../ports.ts';

interface Answer {
  readonly status: number;
  readonly output: string;
}

/** A project as somebody would have it who uses faas-cli: a stack.yml, our template, a home to keep the login in. */
const STACK = `version: 1.0
provider:
  name: openfaas
  gateway: http://127.0.0.1:8080
functions:
  echo:
    lang: overread-operator
    handler: ./echo
    image: test/echo:\${TAG:-1}
    fprocess: node provider/fixture/function.ts
    environment:
      exec_timeout: 10s
      GREETING: \${GREETING}
    secrets: [token]
    labels:
      com.openfaas.scale.min: "1"
    annotations:
      owner: radiology
  gpu:
    lang: overread-operator
    handler: ./gpu
    image: test/gpu:1
    fprocess: node provider/fixture/function.ts
    constraints:
      - nvidia.com/gpu.present=true
`;

describeWith('the real faas-cli', await faasCli(), 'faas-cli cannot be built here (no Go, or no sources)', (binary) => {
  let folder: string;
  let service: Service;
  let url: string;
  let client: FaasClient;

  /** Runs a program in a folder of the project; `stdin` is given to it. */
  function run(program: string, parameters: string[], { cwd = folder, stdin = '' } = {}): Promise<Answer> {
    // With CI set, faas-cli keeps its login in the working directory instead of the home.
    const environment = { ...process.env, CI: '', HOME: folder, OPENFAAS_URL: url, GREETING: 'hello' };
    return new Promise((resolve) => {
      const child = execFile(program, parameters, { cwd, env: environment }, (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr });
      });
      child.stdin?.end(stdin);
    });
  }

  const faas = (parameters: string[], stdin = '') => run(binary, parameters, { stdin });

  async function untilAvailable(name: string, replicas: number): Promise<void> {
    while ((await client.describe(name))?.availableReplicas !== replicas) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'overread-faas-cli-'));
    const site = path.join(folder, 'overread.yaml');
    writeFileSync(site, 'placement: strict\n');
    writeFileSync(path.join(folder, 'stack.yml'), STACK);
    cpSync(path.join(HOME, 'template'), path.join(folder, 'template'), { recursive: true });
    // As a template of ours, but with a command that runs the fixture: faas-cli takes the template's.
    writeFileSync(
      path.join(folder, 'template/overread-operator/template.yml'),
      'language: overread-operator\nfprocess: node provider/fixture/function.ts --as {name}\n',
    );
    const port = await freePort();
    const environment = {
      ...process.env,
      OVERREAD_DATA: path.join(folder, 'data'),
      OVERREAD_FAAS_PORT: String(port),
      OVERREAD_CONFIG: site,
    };
    const configuration = readConfiguration(environment);
    url = `http://127.0.0.1:${port}`;
    service = providerService(configuration, environment, createLog('provider', 'silent'));
    client = FaasClient.of(configuration);
    await service.start();
  });

  afterAll(async () => {
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is refused without the password, and logs in with it', async () => {
    expect((await faas(['list'])).output).toMatch(/unauthorized/i);
    const wrong = await faas(['login', '--password-stdin'], 'wrong');
    expect([wrong.status, wrong.output]).toEqual([
      1,
      expect.stringContaining('either username or password is incorrect'),
    ]);
    const password = readFileSync(path.join(folder, 'data/secrets/basic-auth-password'), 'utf8');
    expect(await faas(['login', '--password-stdin'], password)).toMatchObject({
      status: 0,
      output: expect.stringContaining('credentials saved for admin'),
    });
  });

  it('is told what is wrong when it deploys with a secret that does not exist', async () => {
    const { status, output } = await faas(['deploy', '--filter', 'echo']);
    expect(status).toBe(1);
    expect(output).toContain('The secret token does not exist: make it first, with faas-cli secret create.');
  });

  it('makes, lists, changes and removes secrets', async () => {
    expect((await faas(['secret', 'create', 'token', '--from-literal=first'])).output).toContain('Created: 201');
    expect((await faas(['secret', 'create', 'token', '--from-literal=again'])).output).toContain('already exists');
    expect((await faas(['secret', 'create', 'other', '--from-literal=x'])).status).toBe(0);
    expect((await faas(['secret', 'update', 'token', '--from-literal=second'])).output).toContain('Updated: 200');
    expect((await faas(['secret', 'list'])).output).toMatch(/NAME\s+other\s+token/);
    expect((await faas(['secret', 'remove', 'other'])).output).toContain('Removed');
    expect((await faas(['secret', 'list'])).output).not.toContain('other');
  });

  it('deploys a stack.yml, first by making, then by replacing', async () => {
    const made = await faas(['deploy']);
    expect(made).toMatchObject({ status: 0, output: expect.stringContaining('Deployed. 202 Accepted.') });
    await untilAvailable('echo', 1);
    const replaced = await faas(['deploy', '--filter', 'echo']);
    expect(replaced).toMatchObject({ status: 0, output: expect.stringContaining('Deployed. 202 Accepted.') });
    await untilAvailable('echo', 1);
    expect(await client.describe('echo')).toMatchObject({
      envProcess: 'node provider/fixture/function.ts --as echo',
      image: 'test/echo:1',
      envVars: { exec_timeout: '10s', GREETING: 'hello' },
    });
  });

  it('lists and describes, and shows why a function is not placed', async () => {
    expect((await faas(['list'])).output).toMatch(/echo\s+0\s+1/);
    const echo = await faas(['describe', 'echo']);
    expect(echo.output).toMatch(/Status:\s+Ready\s+Replicas:\s+1\s+Available replicas:\s+1/);
    expect(echo.output).toMatch(/owner\s*: radiology/);
    const gpu = await faas(['describe', 'gpu']);
    expect(gpu.output).toMatch(/Status:\s+Not Ready\s+Replicas:\s+1\s+Available replicas:\s+0/);
    expect(gpu.output).toContain(
      'Not placed: node this-machine does not meet nvidia.com/gpu.present=true (it has no such label).',
    );
    expect((await faas(['describe', 'nosuch'])).output).toContain('No such function: nosuch');
  });

  it('invokes, and later too', async () => {
    const { status, output } = await faas(['invoke', 'echo'], 'what was sent');
    expect(status).toBe(0);
    expect(JSON.parse(output)).toMatchObject({
      body: 'what was sent',
      environment: { GREETING: 'hello' },
      secrets: { token: 'second' },
    });
    expect((await faas(['invoke', 'echo', '--async'], 'x')).output).toContain('Function submitted asynchronously.');
    expect((await faas(['invoke', 'gpu'], 'x')).output).toContain('503');
    expect((await faas(['invoke', 'nosuch'], 'x')).output).toContain('There is no function nosuch.');
  });

  it('reads logs, and follows them', async () => {
    expect((await faas(['logs', 'echo', '--tail=false'])).output).toContain('POST /');
    const following = spawn(binary, ['logs', 'echo', '--lines', '0', '--since', '1s'], {
      cwd: folder,
      env: { ...process.env, HOME: folder, OPENFAAS_URL: url },
    });
    const heard = new Promise<void>((resolve) => {
      let text = '';
      following.stdout.on('data', (chunk: Buffer) => {
        text += chunk;
        if (text.includes('GET /heard')) resolve();
      });
    });
    const ended = new Promise((resolve) => following.once('exit', resolve));
    let listening = true;
    while (listening) {
      await client.invoke('echo', '', { method: 'GET', path: '/heard' });
      listening = await Promise.race([
        heard.then(() => false),
        new Promise<true>((next) => setTimeout(next, 50, true)),
      ]);
    }
    following.kill();
    await ended;
  });

  it('scales by the API that newer versions call, and shows it', async () => {
    await client.scale('echo', 2);
    await untilAvailable('echo', 2);
    expect((await faas(['list'])).output).toMatch(/echo\s+\d+\s+2/);
  });

  it('knows the gateway and its namespace', async () => {
    expect((await faas(['version'])).output).toMatch(/name:\s+overread\s+orchestration:\s+process/);
    expect((await faas(['namespaces'])).output).toContain('openfaas-fn');
  });

  it('removes', async () => {
    expect(await faas(['remove'])).toMatchObject({ status: 0 });
    expect(await client.list()).toEqual([]);
    expect((await faas(['remove', 'echo'])).output).toContain('No existing function to remove');
  });

  it('deploys the stack.yml of the product, with its template', async () => {
    for (const name of ['s3-access-key', 's3-secret-key']) {
      await faas(['secret', 'create', name, '--from-literal=unused']);
    }
    const project = path.join(folder, 'clone');
    mkdirSync(project);
    for (const name of ['stack.yml', 'template']) symlinkSync(path.join(HOME, name), path.join(project, name));
    const { status, output } = await run(binary, ['deploy', '--gateway', url], { cwd: project });
    expect(status, output).toBe(0);
    const statuses = await client.list();
    const operators = readdirSync(path.join(HOME, 'functions')).filter((name) =>
      existsSync(path.join(HOME, 'functions', name, 'main.ts')),
    );
    expect(statuses.map(({ name, envProcess }) => [name, envProcess])).toEqual(
      operators.sort().map((name) => [name, `node functions/${name}/main.ts`]),
    );
    await untilAvailable('dicom-parser', 1);
  });

  it('lays what an image needs where the Dockerfile of the template takes it from', async () => {
    const project = path.join(folder, 'image');
    mkdirSync(project);
    const named = ['stack.yml', 'template', 'functions', 'lib', 'schemas', 'package.json', 'package-lock.json'];
    for (const name of named) cpSync(path.join(HOME, name), path.join(project, name), { recursive: true });
    const build = await run(binary, ['build', '--shrinkwrap', '--filter', 'preprocess'], { cwd: project });
    expect(build.status, build.output).toBe(0);
    const context = path.join(project, 'build/preprocess');
    expect(readdirSync(context)).toContain('Dockerfile');
    expect(readdirSync(path.join(context, 'function'))).toEqual(
      expect.arrayContaining(['main.ts', 'functions', 'lib', 'schemas', 'package.json', 'package-lock.json']),
    );
    expect(readdirSync(path.join(context, 'function/functions')).sort()).toEqual(['operator', 'operator.ts']);
  });

  it('makes a new operator from the template, which runs', async () => {
    const project = path.join(folder, 'new');
    mkdirSync(path.join(project, 'functions'), { recursive: true });
    for (const name of ['template', 'lib', 'schemas', 'node_modules', 'functions/operator.ts']) {
      symlinkSync(path.join(HOME, name), path.join(project, name));
    }
    const made = await run(binary, ['new', 'mine', '--lang', 'overread-operator', '--handler', 'functions/mine'], {
      cwd: project,
    });
    expect(made.status, made.output).toBe(0);
    expect(readFileSync(path.join(project, 'mine.yml'), 'utf8')).toContain('lang: overread-operator');
    const help = await run(process.execPath, ['functions/mine/main.ts', '--help'], { cwd: project });
    expect(help.output).toContain('count-images 0.1.0: Counts the images of a study by modality.');
  });
});
