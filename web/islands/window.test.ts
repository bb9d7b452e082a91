import { describe, expect, it } from 'vitest';
import { draggedWindow, lookupTable, openingWindow, pannedView, statedWindow, zoomedView } from './window.ts';

const WHOLE = { x: 0, y: 0, width: 800, height: 400 };

describe('the window', () => {
  it('opens as the result states', () => {
    expect(statedWindow('100 2900')).toEqual({ centre: 1500, width: 2800 });
  });

  it.each(['', undefined, '5', '3 3', 'a b'])('is not stated by %j', (text) => {
    expect(statedWindow(text)).toBeUndefined();
  });

  it('opens without the brightest and darkest half percent where none is stated', () => {
    const values = Uint16Array.from({ length: 1000 }, (_, index) => index + 1000);
    expect(openingWindow(values)).toEqual({ centre: 1500, width: 990 });
  });

  it('turns its lower end black, its upper end white, and the reverse when inverted', () => {
    const window = { centre: 1000, width: 500 };
    const table = lookupTable(window, false);
    expect([table[0], table[750], table[1000], table[1250], table[65535]]).toEqual([0, 0, 128, 255, 255]);
    expect(lookupTable(window, true)[1250]).toBe(0);
  });

  it('is never narrower than one grey value', () => {
    const opening = { centre: 100, width: 500 };
    expect(draggedWindow(opening, opening, -9999, 10)).toEqual({ centre: 110, width: 1 });
  });
});

describe('the view', () => {
  it('keeps the point under the pointer where it is', () => {
    const at = { x: 200, y: 100 };
    const view = zoomedView(WHOLE, WHOLE, 2, at);
    expect(view).toEqual({ x: 100, y: 50, width: 400, height: 200 });
    expect((at.x - view.x) / view.width).toBe(at.x / WHOLE.width);
  });

  it('never shows less than a sixteenth, nor more than the whole', () => {
    expect(zoomedView(WHOLE, WHOLE, 1000, { x: 0, y: 0 }).width).toBe(50);
    expect(zoomedView(WHOLE, WHOLE, 0.1, { x: 9, y: 9 })).toEqual(WHOLE);
  });

  it('does not leave the image', () => {
    const view = { x: 100, y: 100, width: 400, height: 200 };
    expect(pannedView(view, WHOLE, 9999, -9999)).toEqual({ x: 400, y: 0, width: 400, height: 200 });
  });
});
