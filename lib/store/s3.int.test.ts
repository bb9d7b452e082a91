import { createServer, type Server, type ServerResponse } from 'node:http';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type Minio, startMinio } from '../../tests/peers/minio.ts';
import { describeWith } from '../../tests/peers/skip.ts';
import { listen, storeContract } from './contract.fixture.ts';
import { S3Store } from './s3.ts';
import { StoreUnavailableError } from './store.ts';

const minio = await startMinio();
afterAll(() => minio?.stop());

function openS3(
  server: Pick<Minio, 'endpoint'>,
  differently: { secretKey?: string; bucketPrefix?: string } = {},
): S3Store {
  const keys = { accessKey: minio?.accessKey ?? 'any', secretKey: minio?.secretKey ?? 'any-secret' };
  return new S3Store({ driver: 's3', endpoint: server.endpoint, bucketPrefix: '', ...keys, ...differently });
}

describeWith('s3 store on MinIO', minio, 'MinIO cannot be built here (needs Go)', (server) => {
  storeContract(async () => {
    const stores = [
      openS3(server, { bucketPrefix: 'contract-' }),
      openS3(server, { bucketPrefix: 'contract-' }),
    ] as const;
    await Promise.all(stores.map((each) => each.prepare()));
    return stores;
  });

  it('keeps sites with different bucket prefixes apart', async () => {
    const [here, there] = [openS3(server, { bucketPrefix: 'here-' }), openS3(server, { bucketPrefix: 'there-' })];
    await Promise.all([here.prepare(), there.prepare()]);
    await here.put('models', 'mine', Buffer.from('x'));
    expect(await there.stat('models', 'mine')).toBeUndefined();
    await Promise.all([here.close(), there.close()]);
  });

  it('says what to do when the keys are refused', async () => {
    const store = openS3(server, { secretKey: 'a-wrong-secret' });
    const refusal = new StoreUnavailableError(
      `The object store at ${server.endpoint} refuses us (SignatureDoesNotMatch): check S3_ACCESS_KEY and S3_SECRET_KEY and their rights.`,
    );
    await expect(store.prepare()).rejects.toThrow(refusal);
    await expect(store.put('runs', 'a', Buffer.from('x'))).rejects.toThrow(refusal);
    await expect(store.get('runs', 'a')).rejects.toThrow(refusal);
    await store.close();
  });

  it('says what to do when the buckets are not there', async () => {
    const store = openS3(server, { bucketPrefix: 'unprepared-' });
    const refusal = new StoreUnavailableError(
      `The object store at ${server.endpoint} has not all our buckets: \`overread up\` makes them.`,
    );
    await expect(store.put('runs', 'a', Buffer.from('x'))).rejects.toThrow(refusal);
    await expect(store.get('runs', 'a')).rejects.toThrow(refusal);
    await expect(
      store.subscribe(
        async () => {},
        () => {},
      ),
    ).rejects.toThrow(refusal);
    await store.close();
  });

  it('outlives its server: says that it is away, tells a gap when it is back, and hears on', async () => {
    const store = openS3(server);
    await store.prepare();
    const ear = await listen(store);
    await store.put('runs', 'before', Buffer.from('x'));
    await ear.hears(1);
    await server.kill();
    await expect(store.put('runs', 'meanwhile', Buffer.from('x'))).rejects.toThrow(
      `The object store at ${server.endpoint} does not answer (ECONNREFUSED): is it running?`,
    );
    await server.restart();
    await ear.hasGaps(4);
    expect((await store.get('runs', 'before')).toString()).toBe('x');
    await store.put('runs', 'after', Buffer.from('x'));
    expect((await ear.hears(2)).map((event) => event.key)).toEqual(['before', 'after']);
    await ear.close();
    await store.close();
  });
});

describe('s3 events of a server that is no MinIO', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  /** A server that gives `answer` to whoever asks to listen. */
  async function impostor(answer: (response: ServerResponse) => void): Promise<{ endpoint: string }> {
    const started = createServer((request, response) => {
      if (request.url?.includes('events=')) answer(response);
      else response.end('<LocationConstraint></LocationConstraint>');
    });
    server = started;
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
    const address = started.address();
    return { endpoint: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` };
  }

  it('are refused where it has no listen API', async () => {
    const { endpoint } = await impostor((response) => response.end('<ListBucketResult/>'));
    const store = openS3({ endpoint });
    await expect(
      store.subscribe(
        async () => {},
        () => {},
      ),
    ).rejects.toThrow(`The object store at ${endpoint} does not tell of new objects: it lacks MinIO's listen API.`);
    await store.close();
  });

  it.each([
    ['no JSON', 'this is no JSON\n'],
    ['JSON of another shape', '{"Records":[{"s3":17}]}\n'],
    ['half a line', '{"Records":['],
  ])('that speaks %s are a gap, and the process lives', async (_, nonsense) => {
    const { endpoint } = await impostor((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(' ');
      response.end(nonsense);
    });
    const store = openS3({ endpoint });
    const gaps = Promise.withResolvers<void>();
    let count = 0;
    const subscription = await store.subscribe(
      async () => {},
      () => {
        if (++count === 2) gaps.resolve();
      },
    );
    await gaps.promise;
    await subscription.close();
    await store.close();
  });
});
