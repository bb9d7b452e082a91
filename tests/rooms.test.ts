import { describe, expect, it } from 'vitest';
import { brokenRules, importsOf } from './rooms.ts';

describe('the rules of the rooms', () => {
  it('let a file import its own room and what its room may lean on', () => {
    expect(brokenRules('lib/archive/facts.ts', ['lib/archive/spool.ts', 'lib/dicom/pixels.ts'])).toEqual([]);
  });

  it('name the file, what it imports and what it may import', () => {
    expect(brokenRules('functions/operator.ts', ['lib/database/connection.ts'])).toEqual([
      expect.stringMatching(
        /^functions\/operator\.ts imports lib\/database\/connection\.ts: functions may import schemas/,
      ),
    ]);
  });

  it('keep tables to their owner', () => {
    expect(brokenRules('web/main.ts', ['schemas/database/archive.ts'])).toEqual([
      'web/main.ts imports schemas/database/archive.ts: only lib/archive may touch these tables.',
    ]);
  });

  it('keep what is for tests out of everything else', () => {
    expect(brokenRules('web/app.ts', ['web/testing/world.ts', 'tests/site.ts'])).toEqual([
      'web/app.ts imports web/testing/world.ts, which is for tests alone.',
      'web/app.ts imports tests/site.ts, which is for tests alone.',
    ]);
    expect(brokenRules('connector/world.fixture.ts', ['connector/connector.ts', 'lib/runs/state.fixture.ts'])).toEqual(
      [],
    );
    expect(brokenRules('gateway/world.fixture.ts', ['tests/peers/debian.ts'])).toEqual([]);
  });

  it('open one file of a service to another, and no more', () => {
    expect(brokenRules('web/projection.ts', ['connector/feed.ts'])).toEqual([]);
    expect(brokenRules('web/projection.ts', ['connector/queue.ts'])).toHaveLength(1);
  });
});

describe('importsOf', () => {
  it('finds static, typed, re-exported and dynamic imports of the project', () => {
    const text = [
      "import { a } from '../lib/store/open.ts';",
      "import type { B } from './b.ts';",
      "export * from './c.ts';",
      "const d = await import('./d.ts');",
      "import hono from 'hono';",
    ].join('\n');
    expect(importsOf('web/main.ts', text)).toEqual(['lib/store/open.ts', 'web/b.ts', 'web/c.ts', 'web/d.ts']);
  });
});
