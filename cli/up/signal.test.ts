import { describe, expect, it } from 'vitest';
import { aborted, stopSignal } from './signal.ts';

describe('stopSignal', () => {
  it('takes a Ctrl-C that comes twice at once for one, as npm hands it on', async () => {
    const signal = stopSignal();
    process.emit('SIGINT');
    process.emit('SIGINT');
    await aborted(signal);
    expect(signal.aborted).toBe(true);
    process.removeAllListeners('SIGINT');
    process.removeAllListeners('SIGTERM');
  });
});
