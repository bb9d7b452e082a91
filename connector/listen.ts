import { serve } from '@hono/node-server';
import type { Hono } from 'hono';

/** An application on a port of this machine alone. */
export function listen(app: Hono, port: number): { open(): Promise<void>; close(): Promise<void> } {
  let server: ReturnType<typeof serve> | undefined;
  return {
    open: () =>
      new Promise<void>((resolve, reject) => {
        server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, () => resolve());
        server.once('error', reject);
      }),
    close: async () => {
      const closing = server;
      if (closing === undefined) return;
      await new Promise<void>((resolve) => {
        closing.close(() => resolve());
        if ('closeAllConnections' in closing) closing.closeAllConnections();
      });
    },
  };
}
