import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectSecurely } from 'node:tls';

/** Where somebody listens. */
export interface Peer {
  readonly host: string;
  readonly port: number;
  /** Left out: in the clear. */
  readonly tls?: ClientTls | undefined;
}

/**
 * For a connection over TLS: `ca`, the authorities, or certificates, that are believed (left out: those of the system);
 * `servername`, the name in the peer's certificate where it is not `host`; `cert` and `key`, what is shown to a peer that
 * asks. All PEM.
 */
export type ClientTls = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername'>;

/** There is no connection. A sentence for a person. */
export class DialError extends Error {
  override readonly name = 'DialError';
}

/**
 * Opens a connection for DICOM.
 *
 * @param timeoutMs how long to wait for it
 * @throws {DialError} nobody answers, or not as somebody who is believed
 */
export async function dial({ host, port, tls }: Peer, timeoutMs: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket =
    tls === undefined
      ? connect({ host, port }, () => resolve())
      : connectSecurely({ host, port, ...tls }, () => resolve());
  let answered = false;
  socket.once('connect', () => {
    answered = true;
  });
  socket.setNoDelay(true);
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error('time-out')));
  socket.once('error', reject);
  try {
    await promise;
  } catch (cause) {
    throw new DialError(whyNot(cause, { host, port, answered }), { cause });
  }
  socket.setTimeout(0);
  socket.removeListener('error', reject);
  return socket;
}

function whyNot(cause: unknown, { host, port, answered }: Peer & { readonly answered: boolean }): string {
  const place = `${host}:${port}`;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const isUnknown = cause instanceof Error && 'syscall' in cause && cause.syscall === 'getaddrinfo';
  if (isUnknown) return `No machine is known here by the name ${host}.`;
  if (!answered) return `Nobody answers at ${place}.`;
  return /^ERR_TLS|CERT|SIGNATURE/.test(code)
    ? `${place} shows a certificate that is not believed (${code}).`
    : `${place} answers, but not in TLS.`;
}
