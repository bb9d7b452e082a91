/**
 * A way to run functions: `process/` as child processes of this machine. One interface, a folder each.
 */

/** A function to be run: what the provider has decided, for a runtime to carry out. */
export interface Workload {
  readonly name: string;
  /** Command of the function, as a shell would split it. */
  readonly command: string;
  /** What the function finds in its environment besides what every function of the runtime has. */
  readonly environment: Readonly<Record<string, string>>;
  /** Folder with one file for each secret that the function lists. */
  readonly secretsFolder: string;
  /** Page that answers 200 when the function takes calls. */
  readonly readyPath: string;
  /** Longest time that calls in hand have when a replica is asked to end, ms. */
  readonly drainMs: number;
}

/** A replica that takes calls now. */
export interface Endpoint {
  /** Not used twice, even if a replica is started again. */
  readonly id: string;
  readonly host: string;
  readonly port: number;
}

/** Where a runtime says what the function writes, and what becomes of its replicas. */
export type LogSink = (name: string, instance: string, text: string) => void;

export interface Runtime {
  /** As in `GET /system/info`. */
  readonly kind: string;
  /** Ends what an earlier provider left behind; before it nothing is run. */
  open(): Promise<void>;
  /** @throws {ProblemError} 400, if this runtime can never run the command */
  check(command: string): void;
  /** Runs `replicas` of it, in place of what ran under that name; does not wait until they are ready. */
  run(workload: Workload, replicas: number): void;
  /** Starts or ends replicas until there are that many; nothing happens for a name that is not run. */
  scale(name: string, replicas: number): void;
  /** Ends all replicas; resolves when they are gone. */
  remove(name: string): Promise<void>;
  /** Replicas that take calls. */
  endpoints(name: string): readonly Endpoint[];
  /** Looks whether a replica hangs, since a call of it timed out; if so, starts it anew. */
  suspect(endpoint: Endpoint): void;
  /** Why a replica does not take calls, as a sentence; undefined when all do. */
  trouble(name: string): string | undefined;
  /** Ends everything, calls in hand first. */
  stop(): Promise<void>;
}
