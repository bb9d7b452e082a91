/** Work that is never under way twice: what is asked for meanwhile is done once, afterwards. No document needed. */
export function inTurn(work: () => Promise<void>): () => void {
  let isUnderWay = false;
  let isAsked = false;
  const run = async () => {
    isUnderWay = true;
    try {
      while (isAsked) {
        isAsked = false;
        await work();
      }
    } finally {
      isUnderWay = false;
    }
  };
  return () => {
    isAsked = true;
    if (!isUnderWay) void run();
  };
}
