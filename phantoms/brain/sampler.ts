import { NODES, PARTS } from './atlas.ts';

const [COLUMNS, ROWS, SLICES] = NODES;
const ROW = COLUMNS * PARTS;
const SLICE = ROWS * ROW;

/** Reads an atlas between its nodes, linearly. */
export class AtlasSampler {
  private readonly distances: Float32Array;
  private base = -1;
  private a = 0;
  private b = 0;
  private c = 0;
  /** Where it stands, in nodes. */
  x = 0;
  y = 0;
  z = 0;

  constructor(distances: Float32Array) {
    this.distances = distances;
  }

  /** Goes to a place among the nodes; beyond them everything is far away. */
  moveTo(x: number, y: number, z: number): void {
    this.x = x;
    this.y = y;
    this.z = z;
    const i = Math.floor(x);
    const j = Math.floor(y);
    const k = Math.floor(z);
    const isInside = i >= 0 && j >= 0 && k >= 0 && i < COLUMNS - 1 && j < ROWS - 1 && k < SLICES - 1;
    this.base = isInside ? k * SLICE + j * ROW + i * PARTS : -1;
    this.a = x - i;
    this.b = y - j;
    this.c = z - k;
  }

  /** The distance from one of the atlas's parts here, mm. */
  distance(part: number): number {
    if (this.base < 0) return 99;
    const near = this.plane(this.base + part);
    return near + (this.plane(this.base + part + SLICE) - near) * this.c;
  }

  private plane(at: number): number {
    const { distances, a } = this;
    const left = distances[at] ?? 99;
    const front = left + ((distances[at + PARTS] ?? 99) - left) * a;
    const right = distances[at + ROW] ?? 99;
    const back = right + ((distances[at + ROW + PARTS] ?? 99) - right) * a;
    return front + (back - front) * this.b;
  }
}
