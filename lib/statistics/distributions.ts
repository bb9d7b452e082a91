/** Quantiles of the F and Student's t distributions, by the regularized incomplete beta function. */

/** Halvings of the interval [0, 1]: as far as a double can tell. */
const HALVINGS = 1100;

/**
 * The value that an F-distributed variable stays below with probability `probability`. Degrees of freedom need not be whole.
 *
 * @param probability in (0, 1)
 * @param numerator degrees of freedom, above 0
 * @param denominator degrees of freedom, above 0
 */
export function fQuantile(probability: number, numerator: number, denominator: number): number {
  const y = betaQuantile(probability, numerator / 2, denominator / 2);
  return (denominator * y) / (numerator * (1 - y));
}

/** The 97.5 % quantile of Student's t: half the width of a 95 % interval of a mean, in standard errors. */
export function t95(degreesOfFreedom: number): number {
  return Math.sqrt(fQuantile(0.95, 1, degreesOfFreedom));
}

/** The y at which `regularizedBeta(y, a, b)` is `probability`, by halving: it grows with y. */
function betaQuantile(probability: number, a: number, b: number): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < HALVINGS; step += 1) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (regularizedBeta(middle, a, b) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** I_x(a, b), by its continued fraction (Abramowitz & Stegun 26.5.8), on the side where it converges fast. */
function regularizedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

/** The continued fraction of I_x(a, b), evaluated from the front (Lentz). */
function betaFraction(x: number, a: number, b: number): number {
  const notZero = (value: number) => (Math.abs(value) < 1e-300 ? 1e-300 : value);
  let c = 1;
  let d = 1 / notZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m < 10_000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let change = 1;
    for (const term of [even, odd]) {
      d = 1 / notZero(1 + term * d);
      c = notZero(1 + term / c);
      change = c * d;
      fraction *= change;
    }
    if (Math.abs(change - 1) < 1e-15) break;
  }
  return fraction;
}

/** Lanczos' approximation with g = 7 and nine terms: 15 digits. */
const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];

function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const base = x + 6.5;
  const series = LANCZOS.reduce((total, term, index) => total + term / (x + index), 0.9999999999998099);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(series);
}
