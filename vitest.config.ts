import { defineConfig } from 'vitest/config';

const REAL = {
  exclude: ['**/node_modules/**', '.peers/**'],
  globalSetup: 'tests/shared-postgres.ts',
  testTimeout: 120_000,
  hookTimeout: 180_000,
};

/**
 * `unit`: beside the code, fast, no service started. `service`: beside the code too, with a real PostgreSQL, store or peer;
 * two files at a time, since each waits more than it works. `whole`: in `tests/`, whole sites and browsers, one at a time.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // Files share their process, and what they import with it: loading it anew for each took half of the time.
          isolate: false,
          testTimeout: 30_000,
          include: ['**/*.test.ts'],
          exclude: ['**/node_modules/**', 'tests/**', '**/*.int.test.ts', '.peers/**'],
        },
      },
      {
        test: {
          name: 'service',
          ...REAL,
          include: ['**/*.int.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'whole',
          ...REAL,
          include: ['tests/**/*.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
