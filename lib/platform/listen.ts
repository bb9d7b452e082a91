import { createServer, type Server } from 'node:net';

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
 * Opens a port and closes it again, so that somebody else can have it.
 *
 * @param port 0: any free one
 * @returns the port: nobody listened on it a moment ago
 * @throws {Error} with `code` EADDRINUSE where it is taken
 */
export async function tryPort(host: string, port: number): Promise<number> {
  const server = createServer();
  const opened = await listen(server, host, port);
  await new Promise((resolve) => server.close(resolve));
  return opened;
}
