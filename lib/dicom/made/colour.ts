/**
 * A colour as RecommendedDisplayCIELabValue has it: L* of 0..100, a* and b* of −128..127, each spread over 16 bits
 * (PS3.3 C.10.7.1.1). From sRGB by way of XYZ with the white of D50, as ICC's profile connection space has it.
 *
 * @param hex `#rrggbb`
 */
export function cieLabOf(hex: string): [number, number, number] {
  const [red, green, blue] = rgbOf(hex);
  const [r, g, b] = [linear(red / 255), linear(green / 255), linear(blue / 255)];
  const x = (0.4360747 * r + 0.3850649 * g + 0.1430804 * b) / 0.96422;
  const y = 0.2225045 * r + 0.7168786 * g + 0.0606169 * b;
  const z = (0.0139322 * r + 0.0971045 * g + 0.7141733 * b) / 0.82521;
  const [fx, fy, fz] = [cubeRoot(x), cubeRoot(y), cubeRoot(z)];
  return [word((116 * fy - 16) / 100), word((500 * (fx - fy) + 128) / 255), word((200 * (fy - fz) + 128) / 255)];
}

/** Red, green, blue of 0..255. @param hex `#rrggbb` */
export function rgbOf(hex: string): [number, number, number] {
  const part = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
  return [part(1), part(3), part(5)];
}

function linear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function cubeRoot(value: number): number {
  return value > 216 / 24389 ? Math.cbrt(value) : ((24389 / 27) * value + 16) / 116;
}

function word(fraction: number): number {
  return Math.round(Math.min(1, Math.max(0, fraction)) * 65535);
}
