import { type Configuration, ConfigurationError, readConfiguration } from './configuration.ts';
import { createLog, type Logger } from './log.ts';

/** What a service gives to be run: nothing accepts work before `start`; `stop` drains and ends. */
export interface Service {
  /** Resolves when work is accepted, with the address of the health pages where nobody could know it beforehand. */
  start(): Promise<{ readonly address: string } | undefined>;
  /** Unready first, then finish what is in hand, then let go of connections. */
  stop(): Promise<void>;
}

/** Longest time a stop may take before the process ends all the same, ms; a service that drains longer calls says so. */
const STOP_LIMIT_MS = 10_000;

/**
 * The whole of a service's `main.ts`: reads the configuration, makes the service and runs it. A wrong setting ends the
 * process with status 2 and one line that names it; whatever else keeps the service from being made, with status 1 and a
 * line of the log, whose message the supervisor shows.
 *
 * @param part name of the process, as in its log
 */
export function startService(part: string, create: (configuration: Configuration, log: Logger) => Service): void {
  try {
    const configuration = readConfiguration(process.env);
    const log = createLog(part, configuration.logLevel);
    runService(create(configuration, log), log);
  } catch (error) {
    if (error instanceof ConfigurationError) {
      console.error(error.message);
      process.exit(2);
    }
    createLog(part, 'fatal').fatal({ err: error }, 'cannot start');
    process.exit(1);
  }
}

/**
 * Runs a service until SIGTERM, SIGINT or the end of its supervisor (its IPC channel closes), then stops it and exits.
 * A service that cannot start, or that throws out of turn, ends the process with status 1, so that its supervisor starts
 * it anew: no process goes on in a state nobody foresaw. When `start` has resolved, `{ ready: true }` is
 * sent over IPC, with the address where there is one.
 */
export function runService(service: Service, log: Logger, { stopLimitMs = STOP_LIMIT_MS } = {}): void {
  let stopping = false;
  const stop = (why: string, status: number) => {
    if (stopping) return;
    stopping = true;
    log.info({ why }, 'stopping');
    setTimeout(() => process.exit(status || 1), stopLimitMs).unref();
    service.stop().then(
      () => process.exit(status),
      (error: unknown) => {
        log.error({ err: error }, 'stop failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM', 0));
  process.on('SIGINT', () => stop('SIGINT', 0));
  process.on('disconnect', () => stop('supervisor gone', 0));
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception');
    stop('uncaught exception', 1);
  });
  service.start().then(
    (started) => {
      log.info(started, 'ready');
      process.send?.({ ready: true, ...started });
    },
    (error: unknown) => {
      log.fatal({ err: error }, 'cannot start');
      stop('cannot start', 1);
    },
  );
}
