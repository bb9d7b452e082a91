import path from 'node:path';
import { DATABASE_URL_FILE } from '../../lib/database/connection.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../lib/database/embedded.ts';
import { startService } from '../../lib/platform/lifecycle.ts';
import { writeSecret } from '../../lib/platform/secrets.ts';

/**
 * The embedded PostgreSQL as a part of its own: it ends when its supervisor is gone, which PostgreSQL itself would not
 * notice, and it ends when PostgreSQL has died, so that the supervisor starts both anew.
 */
startService('postgres', (configuration, log) => {
  let server: EmbeddedPostgres | undefined;
  return {
    start: async () => {
      const port = Number(process.env.OVERREAD_POSTGRES_PORT);
      server = await startEmbeddedPostgres(path.join(configuration.data, 'postgres'), port);
      writeSecret(configuration.secrets, DATABASE_URL_FILE, server.url);
      server.process.once('exit', (status, signal) => {
        log.error({ status, signal }, 'PostgreSQL has ended');
        process.exit(1);
      });
      return undefined;
    },
    stop: async () => {
      server?.process.removeAllListeners('exit');
      await server?.stop();
    },
  };
});
