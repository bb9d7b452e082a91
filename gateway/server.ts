import { createRequire } from 'node:module';
import { createServer, type Server, type Socket } from 'node:net';
import dimse from 'dcmjs-dimse';
import { listen } from '../lib/platform/listen.ts';
import { type AssociationContext, StorageAssociation } from './association.ts';

/** Associations at once. */
const MAXIMUM_ASSOCIATIONS = 64;

/** Connections at once; those beyond the associations are told that there is no room. */
const MAXIMUM_CONNECTIONS = 2 * MAXIMUM_ASSOCIATIONS;

/** The DICOM server: accepts connections and gives each its association. */
export class DicomServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Connections that may have an association: by the order in which they came, else a crowd would leave room for none of it. */
  readonly #places = new Set<Socket>();

  constructor(context: Omit<AssociationContext, 'hasRoom'>) {
    silenceLibraries();
    this.#server = createServer((socket) => {
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
    });
    this.#server.maxConnections = MAXIMUM_CONNECTIONS;
  }

  /** @param port 0: a free one  @returns the port  @throws when it is taken */
  listen(host: string, port: number): Promise<number> {
    return listen(this.#server, host, port);
  }

  /** Whether a connection has a place, now if not before. */
  #takePlace(socket: Socket): boolean {
    if (this.#places.size < MAXIMUM_ASSOCIATIONS) this.#places.add(socket);
    return this.#places.has(socket);
  }

  /** Takes no new connections, gives the others `graceMs` to end, then cuts them. */
  close(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        for (const socket of this.#sockets) socket.destroy();
      }, graceMs);
      this.#server.close(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
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
