import type { Logger } from '../lib/platform/log.ts';
import { ProblemError } from '../lib/platform/problem.ts';
import {
  type DeployedFunction,
  type FunctionDeployment,
  type FunctionStatus,
  NAMESPACE,
  PLACEMENT_ANNOTATION,
} from '../schemas/openfaas.ts';
import type { SiteFile } from '../schemas/site.ts';
import type { Deployments } from './deployments.ts';
import { type CallLimits, readLimits } from './limits.ts';
import type { FunctionLogs } from './logs.ts';
import { type Placement, place } from './placement.ts';
import { commandFor } from './process/command.ts';
import type { Endpoint, Runtime } from './runtime.ts';
import type { Secrets } from './secrets.ts';

/** More replicas than this on one machine are a mistake; `com.openfaas.scale.max` may say less. */
const MOST_REPLICAS = 20;

/** Calls in hand get at most this long when a function is replaced or removed, ms. */
const LONGEST_DRAIN_MS = 300_000;

const READY_PATH = '/_/ready';

/** A deployed function while the provider runs. */
interface Known extends DeployedFunction {
  readonly placement: Placement;
  readonly limits: CallLimits;
  invocations: number;
}

export interface FunctionsOptions {
  readonly deployments: Deployments;
  readonly secrets: Secrets;
  readonly runtime: Runtime;
  readonly logs: FunctionLogs;
  readonly log: Logger;
  /** Machines that the runtime runs on. */
  readonly nodes: SiteFile['nodes'];
  readonly placement: SiteFile['placement'];
}

/**
 * The functions there are: deployed, placed, kept on the disk, run by the runtime. Everything that changes one goes
 * through here.
 */
export class Functions {
  readonly #options: FunctionsOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: FunctionsOptions) {
    this.#options = options;
  }

  /** Runs what was deployed before. A function that can no longer be run stays, with the reason in its logs. */
  async open(): Promise<void> {
    const { deployments, runtime } = this.#options;
    await runtime.open();
    for (const deployed of deployments.read()) this.#runAgain(deployed);
  }

  stop(): Promise<void> {
    return this.#options.runtime.stop();
  }

  has(name: string): boolean {
    return this.#known.has(name);
  }

  /**
   * Makes or replaces a function; a deployment equal to the last starts its replicas anew, so that they take up changed
   * code.
   *
   * @throws {ProblemError} 400, with a sentence about what in the deployment cannot be had
   */
  deploy(asked: FunctionDeployment): void {
    const deployment = { ...asked, envProcess: commandFor(asked.service, asked.envProcess ?? '') };
    const before = this.#known.get(deployment.service);
    const { minimum, maximum } = scaleLabels(deployment);
    const deployed = {
      deployment,
      replicas: minimum ?? Math.min(before?.replicas ?? 1, maximum),
      createdAt: before?.createdAt ?? new Date().toISOString(),
    };
    this.#check(deployment);
    this.#options.deployments.write(deployed);
    this.#run(deployed);
    this.#options.log.info({ function: deployment.service, replicas: deployed.replicas }, 'deployed');
  }

  /** Takes calls no more from now on; those in hand are finished while others go on. */
  remove(name: string): void {
    const { deployments, runtime, secrets, logs, log } = this.#options;
    this.#require(name);
    this.#known.delete(name);
    deployments.delete(name);
    logs.forget(name);
    void runtime.remove(name).then(() => {
      // A function of that name may be there again by now.
      if (!this.#known.has(name)) secrets.unmount(name);
    });
    log.info({ function: name }, 'removed');
  }

  /** @throws {ProblemError} 400, beyond what the function's labels or this machine allow */
  scale(name: string, replicas: number): void {
    const known = this.#require(name);
    const { maximum } = scaleLabels(known.deployment);
    if (replicas > maximum) throw refusal(`${name} can have at most ${maximum} replicas; ${replicas} were asked for.`);
    const { deployment, createdAt } = known;
    this.#options.deployments.write({ deployment, replicas, createdAt });
    this.#known.set(name, { ...known, replicas });
    this.#options.runtime.scale(name, replicas);
    this.#options.log.info({ function: name, replicas }, 'scaled');
  }

  /** Starts the functions anew that use a secret, or that it was missing to: they read it at their start. */
  secretChanged(secret: string): void {
    for (const known of this.#known.values()) {
      if (known.deployment.secrets?.includes(secret)) this.#runAgain(known);
    }
  }

  /** Functions that list a secret. */
  usersOf(secret: string): string[] {
    return [...this.#known.values()]
      .map(({ deployment }) => deployment)
      .filter(({ secrets }) => secrets?.includes(secret))
      .map(({ service }) => service);
  }

  list(): FunctionStatus[] {
    return [...this.#known.keys()].sort().map((name) => this.describe(name));
  }

  describe(name: string): FunctionStatus {
    const { deployment, replicas, createdAt, placement, invocations } = this.#require(name);
    const { service, ...rest } = deployment;
    return {
      ...rest,
      name: service,
      namespace: NAMESPACE,
      annotations: { ...rest.annotations, [PLACEMENT_ANNOTATION]: placement.reason },
      invocationCount: invocations,
      replicas,
      availableReplicas: this.endpoints(name).length,
      createdAt,
    };
  }

  endpoints(name: string): readonly Endpoint[] {
    return this.#options.runtime.endpoints(name);
  }

  limits(name: string): CallLimits {
    return this.#require(name).limits;
  }

  /** A call of this replica timed out, or its caller gave up. */
  suspect(endpoint: Endpoint): void {
    this.#options.runtime.suspect(endpoint);
  }

  countInvocation(name: string): void {
    const known = this.#known.get(name);
    if (known !== undefined) known.invocations += 1;
  }

  /** Why a function takes no calls, as a sentence; undefined when it does, or is meant to have no replica. */
  trouble(name: string): string | undefined {
    const { placement, replicas } = this.#require(name);
    if (placement.state === 'unplaced') return `${name}: ${placement.reason}`;
    if (replicas === 0 || this.endpoints(name).length > 0) return undefined;
    return `${name} ${this.#options.runtime.trouble(name) ?? 'is starting'}.`;
  }

  /** Whether the function waits for a machine that meets its constraints. */
  isPlaced(name: string): boolean {
    return this.#require(name).placement.state !== 'unplaced';
  }

  #check(deployment: FunctionDeployment): void {
    const { runtime, secrets } = this.#options;
    if (deployment.envProcess?.trim() === '') {
      throw refusal(
        `${deployment.service} has no command: set fprocess in stack.yml (this provider runs commands, not images).`,
      );
    }
    runtime.check(deployment.envProcess ?? '');
    readLimits(deployment.envVars ?? {});
    secrets.require(deployment.secrets ?? []);
    place(deployment.constraints ?? [], this.#options.nodes, this.#options.placement);
  }

  /** As `#run`; what stands against it is told with the function. */
  #runAgain(deployed: DeployedFunction): void {
    const name = deployed.deployment.service;
    try {
      this.#run(deployed);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.log.error({ function: name, reason }, 'function cannot be run again');
      this.#options.logs.add(name, name, reason);
      const placement = { state: 'unplaced', reason } as const;
      this.#known.set(name, { ...deployed, placement, limits: readLimits({}), invocations: 0 });
    }
  }

  #run(deployed: DeployedFunction): void {
    const { runtime, secrets, logs, nodes } = this.#options;
    const { deployment, replicas } = deployed;
    const name = deployment.service;
    this.#check(deployment);
    const placement = place(deployment.constraints ?? [], nodes, this.#options.placement);
    const limits = readLimits(deployment.envVars ?? {});
    const invocations = this.#known.get(name)?.invocations ?? 0;
    const secretsFolder = secrets.mount(name, deployment.secrets ?? []);
    this.#known.set(name, { ...deployed, placement, limits, invocations });
    if (placement.state !== 'placed') logs.add(name, name, placement.reason);
    if (placement.state === 'unplaced') {
      void runtime.remove(name);
      return;
    }
    const workload = {
      name,
      command: deployment.envProcess ?? '',
      environment: { ...deployment.envVars, ...(placement.state === 'cpu' ? { OVERREAD_DEVICE: 'cpu' } : {}) },
      secretsFolder,
      readyPath: deployment.annotations?.['com.openfaas.ready.http.path'] ?? READY_PATH,
      drainMs: Math.min(limits.execMs ?? LONGEST_DRAIN_MS, LONGEST_DRAIN_MS),
    };
    runtime.run(workload, replicas);
  }

  #require(name: string): Known {
    const known = this.#known.get(name);
    if (known === undefined) throw new ProblemError(404, 'No such function', `There is no function ${name}.`);
    return known;
  }
}

function scaleLabels({ labels }: FunctionDeployment): { minimum: number | undefined; maximum: number } {
  const read = (label: string): number | undefined => {
    const text = labels?.[label];
    if (text === undefined) return undefined;
    if (!/^\d+$/.test(text) || Number(text) > MOST_REPLICAS) {
      throw refusal(`The label ${label} is a number from 0 to ${MOST_REPLICAS}; found: ${text}`);
    }
    return Number(text);
  };
  const minimum = read('com.openfaas.scale.min');
  const maximum = read('com.openfaas.scale.max') ?? MOST_REPLICAS;
  if (minimum !== undefined && minimum > maximum) {
    throw refusal(`com.openfaas.scale.min is ${minimum}, more than com.openfaas.scale.max, ${maximum}.`);
  }
  return { minimum, maximum };
}

function refusal(detail: string): ProblemError {
  return new ProblemError(400, 'Deployment refused', detail);
}
