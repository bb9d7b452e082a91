import { defineConfig } from 'vitest/config';

/** Of `tests/`, what needs the machine for itself: here recoveries are timed. */
const ALONE = ['tests/faults/**/*.test.ts'];

const REAL = {
  exclude: ['**/node_modules/**', '.peers/**'],
  globalSetup: 'tests/shared-postgres.ts',
  testTimeout: 120_000,
  hookTimeout: 180_000,
  // A wait ends with its condition; how long that takes beside another file says nothing.
  expect: { poll: { timeout: 10_000 } },
};

/**
 * `unit`: beside the code, fast, no service started. `service`: real services, peers, browsers and commands, beside the code
 * and in `tests/`, two files at a time, since each waits more than it works. `alone`: faults, one file at a time.
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
          include: ['**/*.int.test.ts', 'tests/**/*.test.ts'],
          exclude: [...REAL.exclude, ...ALONE],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'alone',
          ...REAL,
          include: ALONE,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
