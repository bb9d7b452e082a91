import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const css = readFileSync(path.join(import.meta.dirname, 'style.css'), 'utf8');

/** Colours of a theme by name; what it does not name is as in the dark one. */
function colours(theme: 'dark' | 'light'): Map<string, string> {
  const blocks = [/:root \{([^}]*)\}/, ...(theme === 'light' ? [/\[data-theme="light"\] \{([^}]*)\}/] : [])];
  const text = blocks.map((block) => block.exec(css)?.[1] ?? '').join('\n');
  return new Map([...text.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = '', value = '']) => [name, value]));
}

/** Contrast of two colours, 1 to 21 (WCAG 2.2, 1.4.3). */
function contrast(first: string, second: string): number {
  const luminance = (colour: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5]
      .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark = 0, light = 0] = [luminance(first), luminance(second)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const ON_PAGE = ['ground', 'surface', 'raised'];

describe.each(['dark', 'light'] as const)('the %s theme', (theme) => {
  const named = colours(theme);
  const pairs = [
    ...['text', 'muted', 'link', 'fracture', 'no-fracture', 'hardware', 'warning', 'failed'].flatMap((text) =>
      ON_PAGE.map((ground) => [text, ground]),
    ),
    ['action-text', 'action'],
    ['banner-text', 'banner-ground'],
    ['warning', 'warning-ground'],
    ['failed', 'failed-ground'],
    ['text', 'notice-ground'],
    ['link', 'notice-ground'],
  ];

  it.each(pairs)('can be read: %s on %s', (text = '', ground = '') => {
    expect(contrast(named.get(text) ?? '', named.get(ground) ?? '')).toBeGreaterThanOrEqual(4.5);
  });

  it.each(ON_PAGE)('shows where the keyboard is: focus on %s', (ground) => {
    expect(contrast(named.get('focus') ?? '', named.get(ground) ?? '')).toBeGreaterThanOrEqual(3);
  });
});
