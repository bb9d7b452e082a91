import { createRequire } from 'node:module';
import { createServer, type Server, type Socket } from 'node:net';
import tls from 'node:tls';
import dimse from 'dcmjs-dimse';
import { errorCode } from '../lib/platform/error-code.ts';
import { listen } from '../lib/platform/listen.ts';
import { MINIMUM_TLS, type Tls } from '../lib/platform/tls.ts';
import { type AssociationContext, StorageAssociation } from './association.ts';

/** Associations at once. */
const MAXIMUM_ASSOCIATIONS = 64;

/** Connections at once; those beyond the associations are told that there is no room. */
const MAXIMUM_CONNECTIONS = 2 * MAXIMUM_ASSOCIATIONS;

/** Time that a sender has to say by what certificate and cipher it speaks, ms. */
const HANDSHAKE_MS = 30_000;

/** What DICOM over TLS is served with (PS3.15 B.12: TLS 1.2 and later). */
export interface DicomTls extends Tls {
  /** PEM of whom a sender's certificate must be; undefined: none is asked for. */
  readonly senders: string | undefined;
}

/** The DICOM server: accepts connections, plain and by TLS, and gives each its association. */
export class DicomServer {
  readonly #log: AssociationContext['log'];
  readonly #connected: (socket: Socket) => void;
  readonly #plain: Server;
  #secure: tls.Server | undefined;
  readonly #sockets = new Set<Socket>();
  /** Connections that may have an association: by the order in which they came, else a crowd would leave room for none of it. */
  readonly #places = new Set<Socket>();

  constructor(context: Omit<AssociationContext, 'hasRoom'>) {
    silenceLibraries();
    this.#log = context.log;
    this.#connected = (socket) => {
      this.#sockets.add(socket);
      this.#takePlace(socket);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        this.#places.delete(socket);
      });
      new StorageAssociation(socket, {
        ...context,
        hasRoom: () => this.#takePlace(socket),
      });
    };
    this.#plain = createServer(this.#connected);
    this.#plain.maxConnections = MAXIMUM_CONNECTIONS;
  }

  /** @param port 0: a free one  @returns the port  @throws when it is taken */
  listen(host: string, port: number): Promise<number> {
    return listen(this.#plain, host, port);
  }

  /** The same over TLS. */
  listenSecurely(host: string, port: number, access: DicomTls): Promise<number> {
    const server = tls.createServer({ ...contextOf(access), handshakeTimeout: HANDSHAKE_MS });
    server.maxConnections = MAXIMUM_CONNECTIONS;
    // Until they have shaken hands, they are only to be cut off when the server closes.
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('secureConnection', this.#connected);
    server.on('tlsClientError', (error, socket) => {
      this.#log.warn({ from: socket.remoteAddress, why: errorCode(error) }, 'a connection by TLS was refused');
      socket.destroy();
    });
    this.#secure = server;
    return listen(server, host, port);
  }

  /** Gives new connections another certificate. */
  renew(access: DicomTls): void {
    this.#secure?.setSecureContext(contextOf(access));
  }

  /** Whether a connection has a place, now if not before. */
  #takePlace(socket: Socket): boolean {
    if (this.#places.size < MAXIMUM_ASSOCIATIONS) this.#places.add(socket);
    return this.#places.has(socket);
  }

  /** Takes no new connections, gives the others `graceMs` to end, then cuts them. */
  async close(graceMs: number): Promise<void> {
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, graceMs);
    const servers = [this.#plain, this.#secure].filter((server) => server !== undefined);
    await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
    clearTimeout(timer);
  }
}

function contextOf({ cert, key, senders }: DicomTls): tls.TlsOptions {
  const mutual = senders === undefined ? {} : { ca: senders, requestCert: true, rejectUnauthorized: true };
  return { cert, key, ...mutual, ...MINIMUM_TLS };
}

interface LibraryLog {
  setLevel(level: 'silent'): void;
  getLogger(name: string): LibraryLog;
}

/** dcmjs-dimse logs every association, and the dcmjs inside it whatever it cannot read: that may be PHI. */
function silenceLibraries(): void {
  dimse.log.setLevel('silent');
  const requireInside = createRequire(createRequire(import.meta.url).resolve('dcmjs-dimse'));
  const { log }: { log: LibraryLog } = requireInside('dcmjs');
  log.setLevel('silent');
  log.getLogger('validation.dcmjs').setLevel('silent');
}
