import { describe, expect, it } from 'vitest';
import { FIXES, indexPage, isLeftOut, rewrite } from './patch.ts';

describe('isLeftOut', () => {
  it.each(['ort/model.onnx', 'app.bundle.0f61.js.map', 'sw.js', 'init-service-worker.js', 'index.html', '_headers'])(
    '%s',
    (name) => expect(isLeftOut(name)).toBe(true),
  );
  it.each(['app.bundle.0f61.js', '5130ccb17e3f3f5b.wasm', 'assets/favicon-32x32.png', 'ohif-logo.svg'])(
    'but not %s',
    (name) => expect(isLeftOut(name)).toBe(false),
  );
});

describe('rewrite', () => {
  const rewritten = (name: string, text: string) => rewrite(name, Buffer.from(text)).toString();

  it('moves addresses below /viewer/', () => {
    expect(rewritten('a.js', '__webpack_require__.p = "/";')).toBe('__webpack_require__.p = "/viewer/";');
    expect(rewritten('a.css', 'src:url(/a.woff2)')).toBe('src:url(/viewer/a.woff2)');
  });

  it.each(FIXES)('puts right: $why', ({ from, to }) => {
    expect(rewritten('a.js', `before; ${from} after`)).toBe(`before; ${to} after`);
  });

  it('leaves everything else as it is', () => {
    const bytes = Buffer.from([0, 0xff, 0x80]);
    expect(rewrite('a.wasm', bytes)).toBe(bytes);
    expect(rewritten('a.js', 'p = "/"')).toBe('p = "/"');
  });
});

describe('indexPage', () => {
  it('begins with the script of the original, and has no inline script', () => {
    const page = indexPage('<script>1</script><script defer src="/app.bundle.0f6159.js"></script>');
    expect(page).toContain('src="/viewer/app.bundle.0f6159.js"');
    expect(page).not.toMatch(/<script>/);
  });

  it('refuses another page', () => {
    expect(() => indexPage('<html>')).toThrow(/no script/);
  });
});
