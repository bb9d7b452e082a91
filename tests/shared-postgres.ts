import { SHARED_POSTGRES, startServer } from './postgres.ts';

/** Before the first test file of a run, one PostgreSQL for all of them; each takes databases of its own on it. */
export default async function setup(): Promise<() => Promise<void>> {
  // Of another project of this run.
  if (process.env[SHARED_POSTGRES] !== undefined) return async () => {};
  const server = await startServer();
  process.env[SHARED_POSTGRES] = server.url;
  return () => server.stop();
}
