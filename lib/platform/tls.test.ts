import { expect, it } from 'vitest';
import { Receiver } from '../../schemas/site.ts';
import { ConfigurationError } from './configuration.ts';
import { readReceiverTls } from './tls.ts';

const receiver = (tls: object) =>
  Receiver.safeParse({
    ...{ name: 'archive', kind: 'research', protocol: 'c-store', host: 'archive', port: 2762, aeTitle: 'ARCHIVE' },
    tls,
  });

it('asks for certificate and key of a receiver together', () => {
  expect(receiver({}).success).toBe(true);
  expect(receiver({ certificateFile: 'own.crt', keyFile: 'own.key' }).success).toBe(true);
  expect(receiver({ certificateFile: 'own.crt' }).error?.issues[0]?.message).toContain('belong together');
});

it('names the setting whose file cannot be read', () => {
  expect(readReceiverTls('archive', {})).toEqual({});
  expect(readReceiverTls('archive', { serverName: 'pacs' })).toEqual({ servername: 'pacs' });
  expect(() => readReceiverTls('archive', { caFile: '/none.pem' })).toThrow(ConfigurationError);
  expect(() => readReceiverTls('archive', { certificateFile: '/none.crt', keyFile: '/none.key' })).toThrow(
    'receivers: archive: tls.certificateFile: /none.crt cannot be read (ENOENT).',
  );
});
