/** x to the image's right (the patient's left in an AP view), y towards the feet; mm unless said otherwise. */
export type Point = readonly [x: number, y: number];

/** x' = a·x + c·y + e, y' = b·x + d·y + f. */
export interface Transform {
  a: number;
  b: number;
  c: number;
  d: number;
  e: number;
  f: number;
}

export const identity: Transform = { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 };

/** First `inner`, then `outer`. */
export function compose(outer: Transform, inner: Transform): Transform {
  return {
    a: outer.a * inner.a + outer.c * inner.b,
    b: outer.b * inner.a + outer.d * inner.b,
    c: outer.a * inner.c + outer.c * inner.d,
    d: outer.b * inner.c + outer.d * inner.d,
    e: outer.a * inner.e + outer.c * inner.f + outer.e,
    f: outer.b * inner.e + outer.d * inner.f + outer.f,
  };
}

export function apply(transform: Transform, [x, y]: Point): Point {
  return [transform.a * x + transform.c * y + transform.e, transform.b * x + transform.d * y + transform.f];
}

export function invert(t: Transform): Transform {
  const determinant = t.a * t.d - t.b * t.c;
  if (determinant === 0) throw new Error('A transform must be invertible; found one of determinant 0.');
  const a = t.d / determinant;
  const b = -t.b / determinant;
  const c = -t.c / determinant;
  const d = t.a / determinant;
  return { a, b, c, d, e: -(a * t.e + c * t.f), f: -(b * t.e + d * t.f) };
}

/** The factor by which a transform changes lengths, on average over directions. */
export function scaleOf(transform: Transform): number {
  return Math.sqrt(Math.abs(transform.a * transform.d - transform.b * transform.c));
}

export function translation(e: number, f: number): Transform {
  return { ...identity, e, f };
}

export function scaling(a: number, d: number): Transform {
  return { ...identity, a, d };
}

/** Turns clockwise on the screen (x right, y down) by an angle in degrees about a point. */
export function rotation(degrees: number, about: Point = [0, 0]): Transform {
  const radians = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  const turn: Transform = { a: cos, b: sin, c: -sin, d: cos, e: 0, f: 0 };
  return compose(translation(about[0], about[1]), compose(turn, translation(-about[0], -about[1])));
}

/** Rounds the corners of a closed outline by cutting each (Chaikin); twice as many points. */
export function smooth(outline: readonly Point[]): Point[] {
  return outline.flatMap(([x, y], i) => {
    const [nx, ny] = outline[(i + 1) % outline.length] ?? [x, y];
    return [
      [x * 0.75 + nx * 0.25, y * 0.75 + ny * 0.25],
      [x * 0.25 + nx * 0.75, y * 0.25 + ny * 0.75],
    ] satisfies Point[];
  });
}
