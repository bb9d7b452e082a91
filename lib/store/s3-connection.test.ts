import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { S3Store } from './s3.ts';
import { S3Connection } from './s3-connection.ts';
import { StoreUnavailableError } from './store.ts';

const configuration = {
  driver: 's3',
  endpoint: 'http://127.0.0.1:9000/',
  accessKey: 'a',
  secretKey: 'b',
  bucketPrefix: '',
} as const;

describe('errors of S3', () => {
  it.each([
    ['ECONNREFUSED', 'does not answer (ECONNREFUSED): is it running?'],
    ['ENOTFOUND', 'does not answer (ENOTFOUND): is it running?'],
    [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT): name its certificate in NODE_EXTRA_CA_CERTS',
    ],
    ['SlowDown', 'cannot serve now (SlowDown): see its log'],
    ['XMinioServerNotInitialized', 'cannot serve now (XMinioServerNotInitialized): see its log'],
    ['InvalidAccessKeyId', 'refuses us (InvalidAccessKeyId): check S3_ACCESS_KEY and S3_SECRET_KEY and their rights'],
    ['NoSuchBucket', 'has not all our buckets: `overread up` makes them'],
  ])('%s: say what to do', (code, what) => {
    const connection = new S3Connection(configuration);
    const cause = Object.assign(new Error('raw'), { code });
    const explained = connection.explain(cause);
    expect(explained).toEqual(new StoreUnavailableError(`The object store at http://127.0.0.1:9000 ${what}.`));
    expect(explained).toMatchObject({ cause });
  });

  it('that say something of the request stay as they are', () => {
    const error = Object.assign(new Error('raw'), { code: 'NoSuchKey' });
    expect(new S3Connection(configuration).explain(error)).toBe(error);
  });
});

describe('a server', () => {
  let server: Server;
  afterEach(() => server.close());

  /** Listens, and treats each connection so. */
  async function serve(treat: Parameters<typeof createServer>[1]): Promise<string> {
    server = createServer(treat);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  it('that takes the connection and says nothing is given up', async () => {
    const endpoint = await serve(() => {});
    const connection = new S3Connection({ ...configuration, endpoint }, { silenceMs: 50 });
    const asking = connection.ask(() => connection.client.bucketExists('runs'));
    await expect(asking).rejects.toThrow(`The object store at ${endpoint} does not answer (ETIMEDOUT): is it running?`);
    connection.close();
  });

  it('that closes an idle connection as it is used is asked once more', async () => {
    let connections = 0;
    const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
    const endpoint = await serve((socket) => {
      if (++connections === 1) socket.resetAndDestroy();
      else socket.on('data', () => socket.write(answer));
    });
    const connection = new S3Connection({ ...configuration, endpoint });
    expect(await connection.ask(() => connection.client.bucketExists('runs'))).toBe(true);
    expect(connections).toBe(2);
    connection.close();
  });

  it('that cannot serve now says so, and takes no connection from what is asked when it can', async () => {
    let refusals = 40;
    const body = '<Error><Code>SlowDown</Code></Error>';
    const endpoint = await serve((socket) => {
      socket.on('data', () => {
        const status = refusals-- > 0 ? `503 Service Unavailable` : '200 OK';
        socket.write(`HTTP/1.1 ${status}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      });
    });
    const connection = new S3Connection({ ...configuration, endpoint });
    const ask = () =>
      connection.ask(() => connection.client.makeRequestAsync({ method: 'GET', query: '' }, '', [200], 'x'));
    while (refusals > 0) {
      await expect(ask()).rejects.toEqual(
        new StoreUnavailableError(`The object store at ${endpoint} cannot serve now (503): see its log.`),
      );
    }
    expect((await ask()).statusCode).toBe(200);
    connection.close();
  });

  it.skipIf(process.platform !== 'linux')('that is away leaves no file open that it was to be sent', async () => {
    const endpoint = await serve((socket) => socket.destroy());
    const folder = mkdtempSync(path.join(tmpdir(), 'overread-s3-'));
    const file = path.join(folder, 'instance.dcm');
    writeFileSync(file, 'bytes');
    const store = new S3Store({ ...configuration, endpoint });
    for (let times = 0; times < 5; times++) {
      await expect(store.putFile('dicom', 'a', file)).rejects.toThrow(StoreUnavailableError);
    }
    await vi.waitFor(() => expect(openFiles().filter((name) => name === file)).toEqual([]));
    await store.close();
    rmSync(folder, { recursive: true });
  });
});

/** What this process has open. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      return [];
    }
  });
}
