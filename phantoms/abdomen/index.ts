import type { Solid } from './solids.ts';
import { tissueNumber } from './tissue.ts';

/** Side of a cell in mm, and half the number of cells along an axis: the index covers ±480 mm. */
const CELL = 16;
const HALF = 30;
const SIDE = 2 * HALF;

/** Finds the last of many solids at a point fast: each cell of space knows the few whose boxes reach into it. */
export class SolidIndex {
  private readonly solids: readonly Solid[];
  private readonly cells: (readonly Solid[] | undefined)[] = new Array(SIDE ** 3).fill(undefined);

  constructor(solids: readonly Solid[]) {
    this.solids = solids.toReversed();
  }

  /** Number of the tissue of the last solid around a point, or -1. */
  at(x: number, y: number, z: number): number {
    const i = Math.floor(x / CELL) + HALF;
    const j = Math.floor(y / CELL) + HALF;
    const k = Math.floor(z / CELL) + HALF;
    if (i < 0 || j < 0 || k < 0 || i >= SIDE || j >= SIDE || k >= SIDE) return -1;
    const place = (k * SIDE + j) * SIDE + i;
    const cell = this.cells[place] ?? this.fill(place, i, j, k);
    for (let n = 0; n < cell.length; n++) {
      const solid = cell[n];
      if (solid !== undefined && solid.field(x, y, z) < 0) return tissueNumber[solid.tissue];
    }
    return -1;
  }

  private fill(place: number, i: number, j: number, k: number): readonly Solid[] {
    const x = (i - HALF) * CELL;
    const y = (j - HALF) * CELL;
    const z = (k - HALF) * CELL;
    const reaching = this.solids.filter(
      ({ box }) =>
        box[0] < x + CELL && box[3] > x && box[1] < y + CELL && box[4] > y && box[2] < z + CELL && box[5] > z,
    );
    this.cells[place] = reaching;
    return reaching;
  }
}
