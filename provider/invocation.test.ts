import http, { type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createInvoke, type Invoke } from './invocation.ts';
import type { CallLimits } from './limits.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Port of a server that stands for a replica. */
function replica(listener: RequestListener): Promise<number> {
  const server = http.createServer(listener);
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

interface Call {
  readonly name: string;
  readonly code: number;
}

function gateway(ports: number[], limits: Partial<CallLimits> = {}): { invoke: Invoke; calls: Call[] } {
  const calls: Call[] = [];
  const functions = {
    has: (name: string) => name === 'f',
    endpoints: () => ports.map((port) => ({ id: `f-${port}`, host: '127.0.0.1', port })),
    limits: () => ({ execMs: undefined, readMs: undefined, maxInflight: undefined, ...limits }),
    trouble: () => (ports.length === 0 ? 'f is starting.' : undefined),
    countInvocation: () => {},
    suspect: () => {},
  };
  const metrics = { invoked: (name: string, code: number) => void calls.push({ name, code }) };
  return { invoke: createInvoke({ functions, metrics }), calls };
}

const request = (init?: RequestInit) => new Request('http://127.0.0.1/function/f', init);
const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};

describe('a call', () => {
  it('takes method, path, query, headers and body to the function, and its answer back', async () => {
    const port = await replica(async (incoming, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk);
      response.writeHead(
        201,
        [
          ['X-Seen', `${incoming.method} ${incoming.url} ${incoming.headers['x-mine']} ${incoming.headers.host}`],
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'b=2'],
        ].flat(),
      );
      response.end(Buffer.concat(chunks).toString().toUpperCase());
    });
    const { invoke, calls } = gateway([port]);
    const response = await invoke(
      'f',
      '/a/b?c=d',
      request({ method: 'PUT', body: 'hello', headers: { 'X-Mine': 'x' } }),
    );
    expect(response.status).toBe(201);
    expect(response.headers.get('X-Seen')).toBe(`PUT /a/b?c=d x 127.0.0.1:${port}`);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(response.headers.get('X-OpenFaaS-Internal')).toBeNull();
    expect(response.headers.get('X-Call-Id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await response.text()).toBe('HELLO');
    await until(() => calls.length > 0);
    expect(calls).toEqual([{ name: 'f', code: 201 }]);
  });

  it('streams both ways: the answer begins before the request has ended', async () => {
    const port = await replica((incoming, response) => {
      response.write('begun ');
      incoming.on('data', (chunk: Buffer) => response.write(chunk));
      incoming.on('end', () => response.end(' ended'));
    });
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const options = { method: 'POST', body: readable, duplex: 'half' };
    const response = await gateway([port]).invoke('f', '/', request(options));
    const reader = response.body?.getReader();
    expect(String(Buffer.from((await reader?.read())?.value ?? []))).toBe('begun ');
    const writer = writable.getWriter();
    await writer.write(Buffer.from('body'));
    expect(String(Buffer.from((await reader?.read())?.value ?? []))).toBe('body');
    await writer.close();
    expect(String(Buffer.from((await reader?.read())?.value ?? []))).toBe(' ended');
  });

  it('has no body where the status has none', async () => {
    const port = await replica((_, response) => response.writeHead(204).end());
    const response = await gateway([port]).invoke('f', '/', request());
    expect([response.status, response.body]).toEqual([204, null]);
  });

  it('goes to the replica with the fewest calls in hand', async () => {
    const held: http.ServerResponse[] = [];
    const first = await replica((_, response) => void held.push(response));
    const second = await replica((_, response) => response.end('second'));
    const { invoke } = gateway([first, second]);
    const slow = invoke('f', '/', request());
    await until(() => held.length > 0);
    for (let call = 0; call < 3; call += 1) {
      expect(await (await invoke('f', '/', request())).text()).toBe('second');
    }
    held[0]?.end('first');
    expect(await (await slow).text()).toBe('first');
  });
});

describe('the provider answers itself', () => {
  async function refusal(response: Response): Promise<[number, string]> {
    expect(response.headers.get('X-OpenFaaS-Internal')).toBe('proxy');
    return [response.status, (await response.text()).trim()];
  }

  it('404 if there is no such function', async () => {
    expect(await refusal(await gateway([]).invoke('g', '/', request()))).toEqual([404, 'There is no function g.']);
  });

  it('503 with the reason if no replica takes calls', async () => {
    const response = await gateway([]).invoke('f', '/', request());
    expect(response.headers.get('Retry-After')).toBe('1');
    expect(await refusal(response)).toEqual([503, 'f is starting.']);
  });

  it('503 if the replica is gone and was given nothing', async () => {
    const port = await replica(() => {});
    await new Promise((resolve) => servers.pop()?.close(resolve));
    expect(await refusal(await gateway([port]).invoke('f', '/', request({ method: 'POST', body: 'x' })))).toEqual([
      503,
      'f does not take calls at the moment.',
    ]);
  });

  it('500 if the replica breaks off before it answers', async () => {
    const port = await replica((incoming) => incoming.socket.destroy());
    const { invoke, calls } = gateway([port]);
    expect(await refusal(await invoke('f', '/', request()))).toEqual([500, 'f broke off the call (socket hang up).']);
    await until(() => calls.length > 0);
    expect(calls).toEqual([{ name: 'f', code: 500 }]);
  });

  it('429 if every replica has max_inflight calls in hand, and not any more when one has ended', async () => {
    const held: http.ServerResponse[] = [];
    const port = await replica((_, response) => void held.push(response));
    const { invoke, calls } = gateway([port], { maxInflight: 1 });
    const first = invoke('f', '/', request());
    await until(() => held.length === 1);
    expect(await refusal(await invoke('f', '/', request()))).toEqual([
      429,
      'f has as many calls in hand as it takes (1 in each replica).',
    ]);
    held[0]?.end('done');
    await (await first).text();
    await until(() => calls.length === 1);
    const second = invoke('f', '/', request());
    await until(() => held.length === 2);
    held[1]?.end('done');
    expect((await second).status).toBe(200);
  });

  it('504 after exec_timeout, and the function sees that nobody waits any more', async () => {
    let left = false;
    const port = await replica((_, response) => void response.once('close', () => (left = true)));
    const response = await gateway([port], { execMs: 50 }).invoke('f', '/', request());
    expect(await refusal(response)).toEqual([504, 'f took longer than 50 ms.']);
    await until(() => left);
  });

  it('408 if the request does not come in within read_timeout', async () => {
    const port = await replica(() => {});
    const never = new TransformStream<Uint8Array, Uint8Array>();
    const options = { method: 'POST', body: never.readable, duplex: 'half' };
    const response = await gateway([port], { readMs: 50 }).invoke('f', '/', request(options));
    expect(await refusal(response)).toEqual([408, 'The request to f did not come in within 50 ms.']);
  });
});

describe('an answer that breaks off', () => {
  it('breaks off at the caller too, instead of looking complete', async () => {
    const port = await replica((_, response) => {
      response.writeHead(200, { 'Content-Length': '10' });
      response.write('half', () => response.destroy());
    });
    const response = await gateway([port]).invoke('f', '/', request());
    await expect(response.text()).rejects.toThrow();
  });

  it('breaks off at exec_timeout', async () => {
    const port = await replica((_, response) => void response.write('begun'));
    const response = await gateway([port], { execMs: 50 }).invoke('f', '/', request());
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });
});

describe('a caller who leaves', () => {
  it('ends the call at the function', async () => {
    let begun = false;
    let left = false;
    const port = await replica((_, response) => {
      begun = true;
      response.once('close', () => (left = true));
    });
    const leaving = new AbortController();
    const { invoke, calls } = gateway([port]);
    const call = invoke('f', '/', request({ signal: leaving.signal }));
    await until(() => begun);
    leaving.abort();
    await call;
    await until(() => left && calls.length > 0);
    expect(calls).toEqual([{ name: 'f', code: 499 }]);
  });
});
