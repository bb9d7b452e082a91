import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { freePort, listen, tryPort } from './listen.ts';

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

describe('freePort', () => {
  it('leaves the port to somebody else', async () => {
    const port = await freePort(HOST);
    const server = createServer();
    expect(await listen(server, HOST, port)).toBe(port);
    await new Promise((resolve) => server.close(resolve));
  });

  it('is none that the system gives to outgoing connections', async () => {
    const ports = await Promise.all(Array.from({ length: 50 }, () => freePort(HOST)));
    expect(Math.max(...ports)).toBeLessThan(32_768);
    expect(new Set(ports).size, 'by chance, two of 50 may be one').toBeGreaterThan(40);
  });

  it('says why where no port can be had', async () => {
    await expect(freePort('192.0.2.1')).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });
});
