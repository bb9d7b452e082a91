import http from 'node:http';
import https from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Configuration } from '../lib/platform/configuration.ts';
import { FunctionDeployment, FunctionStatus, LogLine, PLACEMENT_ANNOTATION } from '../schemas/openfaas.ts';
import { type Credentials, openFaasCredentials } from './credentials.ts';
import { readStack } from './stack.ts';

/** OpenFaaS answered no, or could not be reached (`status` 0). The message is what it said. */
export class FaasError extends Error {
  override readonly name = 'FaasError';
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

export interface Invocation {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  /** The answer is the gateway's own, the function gave none. */
  readonly fromGateway: boolean;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: string | Uint8Array | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface FaasClientOptions {
  /** Address of the gateway: the embedded provider, or any OpenFaaS. */
  readonly url: string;
  readonly credentials: Credentials;
}

/**
 * Speaks to an OpenFaaS gateway, the embedded provider or another. There is no limit of its own on the time of a call
 * (fetch would give up after five minutes): give a `signal`.
 *
 * @example
 * const faas = FaasClient.of(readConfiguration(process.env));
 * await faas.setSecret('s3-access-key', 'unused');
 * await faas.deployStack('stack.yml', process.env);
 */
export class FaasClient {
  readonly #url: URL;
  readonly #credentials: Credentials;

  constructor({ url, credentials }: FaasClientOptions) {
    this.#url = new URL(url);
    this.#credentials = credentials;
  }

  /** The OpenFaaS that the configuration says. */
  static of(configuration: Pick<Configuration, 'faas' | 'secrets'>): FaasClient {
    const { url, embeddedPort } = configuration.faas;
    return new FaasClient({
      url: url ?? `http://127.0.0.1:${embeddedPort}`,
      credentials: openFaasCredentials(configuration),
    });
  }

  /**
   * Deploys every function of a stack.yml. One that is there already with the same deployment is left as it runs.
   *
   * @param environment for `${NAME:-default}` in the file
   * @returns the names of its functions
   * @throws {StackError} the file cannot be read
   * @throws {FaasError} a deployment was refused
   */
  async deployStack(file: string, environment: Readonly<Record<string, string | undefined>>): Promise<string[]> {
    const deployments = readStack(file, environment);
    const present = new Map((await this.list()).map((status) => [status.name, status]));
    for (const deployment of deployments) {
      const status = present.get(deployment.service);
      if (status === undefined || !isSame(deployment, status)) await this.deploy(deployment);
    }
    return deployments.map(({ service }) => service);
  }

  /** Makes or replaces one function: PUT, and POST where there is none, as faas-cli does. */
  async deploy(deployment: FunctionDeployment): Promise<void> {
    const updated = await this.#json('PUT', '/system/functions', deployment, [404]);
    if (updated.status === 404) await this.#json('POST', '/system/functions', deployment);
  }

  async list(): Promise<FunctionStatus[]> {
    const { body } = await this.#json('GET', '/system/functions');
    return parsed(z.array(FunctionStatus), body);
  }

  /** Undefined: there is no such function. */
  async describe(name: string): Promise<FunctionStatus | undefined> {
    const { status, body } = await this.#json('GET', `/system/function/${encodeURIComponent(name)}`, undefined, [404]);
    return status === 404 ? undefined : parsed(FunctionStatus, body);
  }

  async remove(name: string): Promise<void> {
    await this.#json('DELETE', '/system/functions', { functionName: name });
  }

  async scale(name: string, replicas: number): Promise<void> {
    await this.#json('POST', `/system/scale-function/${encodeURIComponent(name)}`, { serviceName: name, replicas });
  }

  /** Makes or changes a secret. Functions that use it are started anew by the embedded provider if it changed. */
  async setSecret(name: string, value: string): Promise<void> {
    const updated = await this.#json('PUT', '/system/secrets', { name, value }, [404]);
    if (updated.status === 404) await this.#json('POST', '/system/secrets', { name, value });
  }

  /** Lines that the function wrote, oldest first; with `follow` until `signal` aborts. */
  async *logs(
    name: string,
    options: { tail?: number; since?: Date; follow?: boolean; signal?: AbortSignal } = {},
  ): AsyncGenerator<LogLine> {
    const query = new URLSearchParams({ name, follow: String(options.follow ?? false) });
    if (options.tail !== undefined) query.set('tail', String(options.tail));
    if (options.since !== undefined) query.set('since', options.since.toISOString());
    const { signal } = options;
    const response = await this.#send({ method: 'GET', path: `/system/logs?${query}`, headers: this.#auth(), signal });
    if (response.statusCode !== 200) throw new FaasError(response.statusCode ?? 0, String(await collect(response)));
    try {
      let rest = '';
      for await (const chunk of response.setEncoding('utf8')) {
        const lines = `${rest}${chunk}`.split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) yield parsed(LogLine, line);
      }
    } catch (error) {
      if (signal?.aborted !== true) throw error;
    }
  }

  /**
   * Calls a function and waits for its answer, whatever its status; no credentials are sent.
   *
   * @throws {FaasError} with status 0: the gateway was not reached, the answer broke off, or `signal` aborted
   */
  async invoke(
    name: string,
    body: string | Uint8Array,
    options: { path?: string; method?: string; headers?: Record<string, string>; signal?: AbortSignal } = {},
  ): Promise<Invocation> {
    const { path = '/', method = 'POST', headers, signal } = options;
    const response = await this.#send({ method, path: `/function/${name}${path}`, body, headers, signal });
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: await collect(response),
      fromGateway: response.headers['x-openfaas-internal'] !== undefined,
    };
  }

  async #json(
    method: string,
    path: string,
    value?: unknown,
    allowed: readonly number[] = [],
  ): Promise<{ status: number; body: string }> {
    const headers = { ...this.#auth(), ...(value === undefined ? {} : { 'Content-Type': 'application/json' }) };
    const body = value === undefined ? undefined : JSON.stringify(value);
    const response = await this.#send({ method, path, body, headers });
    const status = response.statusCode ?? 0;
    const text = String(await collect(response));
    if ((status < 200 || status > 299) && !allowed.includes(status)) {
      throw new FaasError(status, text.trim() || `OpenFaaS answered ${status} to ${method} ${path}.`);
    }
    return { status, body: text };
  }

  #auth(): { Authorization: string } {
    const { user, password } = this.#credentials;
    return { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
  }

  #send({ method, path, body, headers, signal }: Call): Promise<http.IncomingMessage> {
    const base = this.#url.href.replace(/\/$/, '');
    const client = this.#url.protocol === 'https:' ? https : http;
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
      const options = { method, headers: { ...headers, ...length }, agent: false as const };
      const request = client.request(`${base}${path}`, signal === undefined ? options : { ...options, signal });
      request.once('error', (error) => {
        reject(new FaasError(0, `OpenFaaS at ${this.#url.host} cannot be reached: ${error.message}`, { cause: error }));
      });
      request.once('response', resolve);
      request.end(body);
    });
  }
}

async function collect(response: http.IncomingMessage): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk);
  } catch (error) {
    throw new FaasError(0, 'The answer of OpenFaaS broke off.', { cause: error });
  }
  return Buffer.concat(chunks);
}

function parsed<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new FaasError(0, 'OpenFaaS gave an answer that is not one of its API.', { cause: error });
  }
}

/** Whether a function runs what would be deployed. What a provider adds by itself does not count. */
function isSame(wanted: FunctionDeployment, { name, annotations, ...status }: FunctionStatus): boolean {
  const own = Object.entries(annotations ?? {}).filter(([key]) => key !== PLACEMENT_ANNOTATION);
  const running = FunctionDeployment.parse({ ...status, service: name, annotations: Object.fromEntries(own) });
  return isDeepStrictEqual({ ...running, namespace: '' }, { ...wanted, namespace: '' });
}
