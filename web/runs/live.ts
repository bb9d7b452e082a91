/** Tells open pages that a run has changed. In this process only: the projection and the pages live in one. */
export class LiveUpdates {
  readonly #listeners = new Set<Listener>();
  readonly #closers = new Set<() => void>();

  /** A run has changed in the projection. */
  announce(change: RunChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  /** Hears changes until the returned function is called. `onClose`: the service stops, let go of the connection. */
  listen(listener: Listener, onClose: () => void): () => void {
    this.#listeners.add(listener);
    this.#closers.add(onClose);
    return () => {
      this.#listeners.delete(listener);
      this.#closers.delete(onClose);
    };
  }

  get listening(): number {
    return this.#listeners.size;
  }

  close(): void {
    for (const close of [...this.#closers]) close();
  }
}

export interface RunChange {
  readonly run: string;
  readonly studyInstanceUid: string;
}

type Listener = (change: RunChange) => void;
