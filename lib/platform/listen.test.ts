import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { listen, tryPort } from './listen.ts';

const HOST = '127.0.0.1';

describe('listen', () => {
  it('answers the port that was free, and refuses one that is taken', async () => {
    const server = createServer();
    const port = await listen(server, HOST, 0);
    expect(port).toBeGreaterThan(0);
    await expect(listen(createServer(), HOST, port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expect(tryPort(HOST, port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('tryPort', () => {
  it('leaves the port to somebody else', async () => {
    const port = await tryPort(HOST, 0);
    const server = createServer();
    expect(await listen(server, HOST, port)).toBe(port);
    await new Promise((resolve) => server.close(resolve));
  });
});
