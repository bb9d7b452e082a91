import type { Random } from '../random.ts';
import type { Vector } from '../volume.ts';
import type { Shape } from '../volume-shapes.ts';
import type { Liver } from './liver.ts';
import { type Solid, tube } from './solids.ts';

/** Radius in mm of the finest branch that is drawn, and that the truth names. */
const FINEST = 1.4;

type Node = readonly [x: number, y: number, z: number, r: number];

type Tree = 'hepatic-vein' | 'portal-vein';

/** The two trees inside the liver: hepatic veins from the vena cava, portal branches from the porta. */
export function drawTrees(random: Random, liver: Liver, size: number): Solid[] {
  const { veins, porta, gallbladder, cava } = liver;
  const pieces: Solid[] = [];
  const grow = (tree: Tree, start: Node, toward: Vector, straight: number): void => {
    growBranch(random, liver.field, pieces, { tree, at: start, heading: unit(toward, start), straight, generation: 0 });
  };
  const trunk = random.between(4.4, 6.2) * size;
  const mouth: Node = [veins[0], veins[1], veins[2], trunk];
  // The mouth joins the vena cava.
  pieces.push(tube('hepatic-vein', [[cava[0], cava[1] - 3, veins[2] + 6, trunk], mouth]));
  const { centre } = gallbladder;
  grow('hepatic-vein', mouth, [centre[0], centre[1], centre[2] + 25], 0.93);
  grow('hepatic-vein', mouth, [veins[0] - 95 * size, random.normal(15, 12), random.normal(-25, 15)], 0.88);
  grow('hepatic-vein', mouth, [random.normal(25, 12), -55 * size, random.normal(35, 8)], 0.85);

  const stem = random.between(5, 7) * size;
  const gate: Node = [porta[0], porta[1], porta[2] + 6, stem];
  const fork: Node = [porta[0] - 8, porta[1] - 6, porta[2] + 16, stem * 0.9];
  pieces.push(tube('portal-vein', [[porta[0] + 6, porta[1] + 6, porta[2] - 10, stem], gate]));
  pieces.push(tube('portal-vein', [gate, fork]));
  const branch: Node = [fork[0], fork[1], fork[2], stem * 0.72];
  grow('portal-vein', branch, [-95 * size, random.normal(25, 10), random.normal(-30, 15)], 0.86);
  grow('portal-vein', branch, [-85 * size, random.normal(-25, 12), random.normal(30, 15)], 0.86);
  const bow: Node = [porta[0] + 28 * size, porta[1] - 22 * size, porta[2] + 24, stem * 0.62];
  pieces.push(tube('portal-vein', [branch, bow]));
  grow('portal-vein', bow, [porta[0] + 34 * size, porta[1] - 80 * size, porta[2] + 25], 0.85);
  grow('portal-vein', bow, [porta[0] + 95 * size, porta[1] - 60 * size, porta[2] + 42], 0.85);
  return pieces;
}

interface Shoot {
  tree: Tree;
  at: Node;
  heading: Vector;
  /** How much of its heading a branch keeps from step to step, 0 to 1. */
  straight: number;
  generation: number;
}

function growBranch(random: Random, inside: Shape, pieces: Solid[], shoot: Shoot): void {
  const { tree, straight, generation } = shoot;
  let { at, heading } = shoot;
  const steps = generation === 0 ? 9 : random.whole(3, 6);
  for (let step = 0; step < steps; step++) {
    heading = turned(random, heading, 1 - straight);
    const reach = random.between(7, 10);
    const r = at[3] * random.between(0.93, 0.98);
    const to: Node = [at[0] + heading[0] * reach, at[1] + heading[1] * reach, at[2] + heading[2] * reach, r];
    if (r < FINEST || (step > 0 && inside(to[0], to[1], to[2]) > -3)) return;
    pieces.push(tube(tree, [at, to]));
    at = to;
    if (generation < 4 && step > 0 && random.chance(generation === 0 ? 0.8 : 0.6))
      growBranch(random, inside, pieces, {
        tree,
        at: [at[0], at[1], at[2], at[3] * random.between(0.58, 0.85)],
        heading: turned(random, heading, 1),
        straight: 0.8,
        generation: generation + 1,
      });
  }
}

function unit(to: Vector, from: readonly number[]): Vector {
  return scaled([to[0] - (from[0] ?? 0), to[1] - (from[1] ?? 0), to[2] - (from[2] ?? 0)]);
}

function scaled([x, y, z]: Vector): Vector {
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
}

function turned(random: Random, [x, y, z]: Vector, amount: number): Vector {
  const by = (): number => random.normal(0, 0.75 * amount);
  return scaled([x + by(), y + by(), z + by()]);
}
