import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
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
});
