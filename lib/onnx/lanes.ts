import { availableParallelism } from 'node:os';
import { openSession, type Session, type SessionOptions } from './session.ts';

/**
 * Loads a model several times, each with its share of the threads, so that as many inputs are worked on at once. For many
 * small inputs that is faster than all threads on one: what ONNX Runtime does on one thread alone (normalisation,
 * concatenation, transposed convolution's last part) then holds up no other. On a GPU there is one lane, since lanes would
 * share its memory and wait for each other all the same.
 *
 * @param lanes how many at most; no more than there are threads
 * @returns a session that gives each input to the lane with the fewest; ended as soon as one of its lanes has
 * @throws {Error} as `openSession`
 */
export async function openLanes(
  weights: Uint8Array,
  lanes: number,
  { threads = availableParallelism(), flat = false }: SessionOptions = {},
): Promise<Session> {
  const count = Math.min(lanes, threads);
  const share = Math.floor(threads / count);
  const options = { threads: share, flat };
  const first = await openSession(weights, options);
  const others = first.device.kind === 'cuda' ? 0 : count - 1;
  const more = await Promise.all(Array.from({ length: others }, () => openSession(weights, options)));
  const queues = [first, ...more].map((session) => ({ session, waiting: 0 }));
  const close = async () => {
    await Promise.all(queues.map(({ session }) => session.close()));
  };
  const ended = Promise.race(queues.map(({ session }) => session.ended));
  // The others finish what they have been given: whoever asked for it may still be there.
  ended.then(close);
  return {
    device: { ...first.device, threads: share * queues.length },
    graph: first.graph,
    lanes: queues.length,
    run: async (request, signal) => {
      const lane = queues.reduce((best, other) => (other.waiting < best.waiting ? other : best));
      lane.waiting++;
      try {
        return await lane.session.run(request, signal);
      } finally {
        lane.waiting--;
      }
    },
    ended,
    close,
  };
}
