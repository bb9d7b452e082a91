import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { errorCode } from './error-code.ts';

/**
 * Makes a server listen.
 *
 * @param port 0: any free one
 * @returns the port
 * @throws {Error} with `code` EADDRINUSE where the port is taken
 */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/**
 * Opens a port and closes it again, to learn whether somebody can have it.
 *
 * @throws {Error} with `code` EADDRINUSE where it is taken
 */
export async function tryPort(host: string, port: number): Promise<void> {
  const server = createServer();
  await listen(server, host, port);
  await new Promise((resolve) => server.close(resolve));
}

/** Ports that are not given to outgoing connections: Linux takes those from 32768, macOS and Windows from 49152. */
const GIVEN_PORTS = { from: 20_000, below: 32_768 };

/** Tries before a host is taken to have no free port. */
const TRIES = 100;

/**
 * A port for a server that somebody else starts: nobody listened on it a moment ago, and, unlike one the system would
 * choose, no outgoing connection takes it in the meantime.
 *
 * @throws {Error} with the `code` of the last try where none of a hundred can be had
 */
export function freePort(host = '127.0.0.1'): Promise<number> {
  return firstFree(host, TRIES, () => randomInt(GIVEN_PORTS.from, GIVEN_PORTS.below));
}

/** The first of `tries` ports that nobody listens on. @throws {Error} with the `code` of the last try where there is none */
export async function firstFree(host: string, tries: number, nextPort: () => number): Promise<number> {
  for (let left = tries - 1; ; left--) {
    const port = nextPort();
    try {
      await tryPort(host, port);
      return port;
    } catch (error) {
      if (errorCode(error) !== 'EADDRINUSE' || left === 0) throw error;
    }
  }
}
