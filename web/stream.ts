/** A body that is sent as its chunks come; whoever makes them is told to stop when the other end is gone. */
export function streamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const iterator = chunks[Symbol.asyncIterator]();
  // Nothing ahead of who asks: the body of an answer to HEAD is never read and never given up, and must hold nothing open.
  const onDemand = { highWaterMark: 0 };
  return new ReadableStream(
    {
      pull: async (controller) => {
        const { done, value } = await iterator.next();
        if (done === true) controller.close();
        else controller.enqueue(new Uint8Array(value));
      },
      cancel: async () => {
        await iterator.return?.();
      },
    },
    onDemand,
  );
}
