import { defineConfig } from 'vitest/config';

/**
 * Two projects: `unit` (beside the code, fast, no service started) and `whole` (in `tests/`, real peers and processes,
 * one file at a time since they share the machine's two cores).
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
          name: 'whole',
          include: ['tests/**/*.test.ts', '**/*.int.test.ts'],
          exclude: ['**/node_modules/**', '.peers/**'],
          globalSetup: 'tests/shared-postgres.ts',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
