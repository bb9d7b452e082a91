import { expect, it } from 'vitest';
import { createLog } from '../lib/platform/log.ts';
import { createInvokeLater } from './async.ts';

it('a hundred calls of a function wait for later, also of those that come at once', async () => {
  const answered: (() => void)[] = [];
  const later = createInvokeLater({
    functions: { has: () => true },
    invoke: () => new Promise((resolve) => answered.push(() => resolve(new Response()))),
    log: createLog('provider', 'silent'),
  });
  const call = () => later('echo', '/', new Request('http://127.0.0.1/', { method: 'POST', body: 'x' }));
  const statuses = (await Promise.all(Array.from({ length: 150 }, call))).map(({ status }) => status);
  expect(statuses.filter((status) => status === 202)).toHaveLength(100);
  expect(statuses.filter((status) => status === 429)).toHaveLength(50);
  await expect.poll(() => answered).toHaveLength(1);
  answered[0]?.();
  await expect.poll(() => answered).toHaveLength(2);
  expect((await call()).status).toBe(202);
  expect((await call()).status).toBe(429);
});
