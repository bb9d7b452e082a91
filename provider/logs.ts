import { type LogLine, NAMESPACE } from '../schemas/openfaas.ts';

/** Lines kept for each function, in memory: what a function writes is not kept over a restart of the provider. */
const KEPT_LINES = 2_000;

/** A follower that is this many lines behind is let go. */
const FOLLOWER_LIMIT = 10_000;

export interface LogQuery {
  /** Last so many lines; undefined: all that are kept. */
  readonly tail?: number | undefined;
  readonly since?: Date | undefined;
  readonly instance?: string | undefined;
  /** Go on with new lines until the reader leaves. */
  readonly follow?: boolean | undefined;
}

/** What functions write on their standard output and error, and what became of their replicas. */
export class FunctionLogs {
  readonly #lines = new Map<string, LogLine[]>();
  readonly #followers = new Set<(line: LogLine) => void>();

  readonly add = (name: string, instance: string, text: string): void => {
    const line = { name, namespace: NAMESPACE, instance, timestamp: new Date().toISOString(), text };
    const lines = this.#lines.get(name) ?? [];
    this.#lines.set(name, lines);
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
    for (const follow of this.#followers) follow(line);
  };

  forget(name: string): void {
    this.#lines.delete(name);
  }

  /** Lines as NDJSON, oldest first. */
  read(name: string, { tail, since, instance, follow = false }: LogQuery): ReadableStream<Uint8Array> {
    const matches = (line: LogLine) =>
      line.name === name &&
      (instance === undefined || line.instance === instance) &&
      (since === undefined || new Date(line.timestamp) >= since);
    const kept = (this.#lines.get(name) ?? []).filter(matches);
    const first = tail === undefined ? kept : kept.slice(Math.max(0, kept.length - tail));
    const followers = this.#followers;
    let follower: ((line: LogLine) => void) | undefined;
    const leave = () => {
      if (follower !== undefined) followers.delete(follower);
    };
    return new ReadableStream<Uint8Array>({
      start(controller) {
        const send = (line: LogLine) => controller.enqueue(Buffer.from(`${JSON.stringify(line)}\n`));
        for (const line of first) send(line);
        if (!follow) {
          controller.close();
          return;
        }
        follower = (line) => {
          if (!matches(line)) return;
          send(line);
          if ((controller.desiredSize ?? 0) > -FOLLOWER_LIMIT) return;
          leave();
          controller.close();
        };
        followers.add(follower);
      },
      cancel: leave,
    });
  }
}
