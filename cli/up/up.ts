import { existsSync } from 'node:fs';
import path from 'node:path';
import { checkRoutes } from '../../lib/archive/check-routes.ts';
import { databaseUrl } from '../../lib/database/connection.ts';
import { migrateDatabase } from '../../lib/database/migrate.ts';
import { type Configuration, ConfigurationError, HOME } from '../../lib/platform/configuration.ts';
import { freePort } from '../../lib/platform/listen.ts';
import { FaasClient } from '../../provider/client.ts';
import { CommandError, EXIT } from '../exit.ts';
import { apiToken, prepareDataFolder, readStatusFile, removeStatusFile, writeStatusFile } from './data-folder.ts';
import { PartLogs } from './part-logs.ts';
import { type Part, partsOf, webAddress } from './parts.ts';
import { requireFreePorts } from './ports.ts';
import { withoutRepeats } from './repeats.ts';
import { aborted } from './signal.ts';
import { parseLogLine, type Supervised, supervise, terminalLine } from './supervisor.ts';

/** A running Overread. */
export interface Running {
  /** For people. */
  readonly web: string;
  /** Where it answers this machine: the same but where `web` is HTTPS. */
  readonly inside: string;
  readonly token: string;
  /** Stops every part, the last started first; harmless when repeated. */
  stop(): Promise<void>;
}

/** How long every part may take until its `/readyz` answers 200, ms. */
const READY_LIMIT_MS = 120_000;
/** Level of pino's `warn`: from there on the terminal shows what a part logs. */
const WARN = 40;

/**
 * Starts every part that the configuration needs, deploys `stack.yml`, and resolves when `/readyz` of each answers 200.
 *
 * @param say tells the person at the terminal
 * @param signal ends a start that is under way: what was started is stopped, and the answer is undefined
 * @throws {ConfigurationError} a route can never match, a folder that the environment names is not there
 * @throws {CommandError} (3) something runs here already, a port is taken, a part does not start; nothing is left running
 */
export async function startOverread(
  configuration: Configuration,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Running | undefined> {
  checkRoutes(configuration.site.routes, configuration.siteFile);
  requireFolders(configuration);
  const other = readStatusFile(configuration);
  if (other !== undefined) {
    const detail = `Overread already runs on ${configuration.data} (process ${other.pid}, ${other.web}).`;
    throw new CommandError(EXIT.notReady, `${detail} Stop it, or set OVERREAD_DATA to another folder.`);
  }
  for (const name of configuration.ignored)
    say(`${name} is no setting and is ignored: docs/administrator.md names all.`);
  await requireFreePorts(configuration);
  prepareDataFolder(configuration);
  const token = apiToken(configuration);
  const parts = partsOf(configuration, { postgresPort: await freePort(), apiToken: token });
  const household = new Household(configuration, say);
  const start = async () => {
    const postgres = parts.filter(({ name }) => name === 'postgres');
    for (const part of postgres) await household.add(part);
    await migrate(configuration);
    await Promise.all(
      parts
        .filter((part) => !postgres.includes(part))
        .map(async (part) => {
          await household.add(part);
          if (part.name === 'provider') await deploy(configuration);
        }),
    );
    await household.untilReady(signal);
  };
  try {
    await Promise.race([start(), aborted(signal)]);
    if (signal.aborted) {
      await household.stop();
      return undefined;
    }
  } catch (error) {
    await household.stop();
    throw new CommandError(EXIT.notReady, error instanceof Error ? error.message : String(error), error);
  }
  const web = webAddress(configuration);
  return { web, inside: household.addressOf('web') ?? web, token, stop: () => household.stop() };
}

function requireFolders({ pipelineFolders, modelFolders }: Configuration): void {
  for (const [variable, folders] of [
    ['OVERREAD_PIPELINES', pipelineFolders],
    ['OVERREAD_MODELS', modelFolders],
  ] as const) {
    const missing = folders.find((folder) => !existsSync(folder));
    if (missing !== undefined) throw new ConfigurationError(`${variable}: there is no folder ${missing}.`);
  }
}

async function migrate(configuration: Configuration): Promise<void> {
  try {
    await migrateDatabase(databaseUrl(configuration));
  } catch (error) {
    if (configuration.databaseUrl === undefined) throw error;
    const where = URL.parse(configuration.databaseUrl);
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `The PostgreSQL of DATABASE_URL${where === null ? '' : ` (${where.host})`} cannot be used: ${why}`,
      { cause: error },
    );
  }
}

/** Deploys stack.yml to the embedded provider, as `faas-cli deploy` would. */
async function deploy(configuration: Configuration): Promise<void> {
  const { store } = configuration;
  const client = FaasClient.of(configuration);
  const s3 = store.driver === 's3';
  // stack.yml names both secrets whatever the store; where it is not S3 nothing reads them.
  await client.setSecret('s3-access-key', s3 ? store.accessKey : 'unused');
  await client.setSecret('s3-secret-key', s3 ? store.secretKey : 'unused');
  await client.deployStack(path.join(HOME, 'stack.yml'), process.env);
}

/** The parts that run, their logs and the status file. */
class Household {
  readonly #configuration: Configuration;
  readonly #say: (line: string) => void;
  readonly #warn: (line: string) => void;
  readonly #startedAt = new Date().toISOString();
  readonly #supervised: Supervised[] = [];
  readonly #logs: PartLogs;
  #stopping: Promise<void> | undefined;

  constructor(configuration: Configuration, say: (line: string) => void) {
    this.#configuration = configuration;
    this.#say = say;
    this.#warn = withoutRepeats(say);
    this.#logs = new PartLogs(path.join(configuration.data, 'logs'), this.#warn);
  }

  /** Starts a part and waits until it is there. */
  async add(part: Part): Promise<void> {
    if (this.#stopping !== undefined) return;
    this.#say(`Starting ${part.name} …`);
    const supervised = supervise(part, process.env, {
      line: (from, line) => this.#hear(from, line),
      changed: () => this.#writeStatus(),
    });
    this.#supervised.push(supervised);
    await supervised.firstReady;
  }

  /** Where a part answers this machine, as far as it is known. */
  addressOf(name: Part['name']): string | undefined {
    return this.#supervised.find(({ part }) => part.name === name)?.address();
  }

  /** Waits for `/readyz` of every part that has one. */
  async untilReady(signal: AbortSignal): Promise<void> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(READY_LIMIT_MS)]);
    for (const { part, address } of this.#supervised) {
      const base = address();
      if (base === undefined) continue;
      for (;;) {
        const answer = await readiness(base);
        if (answer === undefined) break;
        if (deadline.aborted) throw new Error(`${part.name} is not ready: ${answer}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    this.#writeStatus();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    for (const supervised of this.#supervised.toReversed()) await supervised.stop();
    await this.#logs.close();
    removeStatusFile(this.#configuration);
  }

  #hear(part: Part, line: string): void {
    const entry = parseLogLine(line);
    if (entry === undefined) {
      this.#say(line);
      return;
    }
    this.#logs.write(part.name, line);
    if (entry.level >= WARN) this.#warn(terminalLine(part.name, entry));
  }

  #writeStatus(): void {
    if (this.#stopping !== undefined) return;
    const failure = writeStatusFile(this.#configuration, {
      pid: process.pid,
      startedAt: this.#startedAt,
      web: webAddress(this.#configuration),
      parts: this.#supervised.map((supervised) => ({
        name: supervised.part.name,
        pid: supervised.pid() ?? null,
        ports: supervised.part.ports,
        address: supervised.address() ?? null,
        state: supervised.state(),
        restarts: supervised.restarts(),
      })),
    });
    if (failure !== undefined) this.#warn(`status.json cannot be written (${failure}).`);
  }
}

/** Asks `/readyz`: undefined when ready, else why not. */
export async function readiness(base: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`${base}/readyz`, { signal: AbortSignal.timeout(5000) });
    return answer.ok ? undefined : `${answer.status} ${(await answer.text()).slice(0, 300)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
