import { serve } from '@hono/node-server';
import type { World } from './world.ts';

/** The world on a port of this machine, for real browsers. */
export async function serveWorld(
  world: World,
  port: number,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = serve({ fetch: world.app.fetch, hostname: '127.0.0.1', port });
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        world.parts.live.close();
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}
