import { describe, expect, it } from 'vitest';
import { decoderFor } from './charset.ts';

/** The examples of PS3.5 annexes H to J, as pydicom's charset files hold them. */
const EXAMPLES: readonly [string[], string, string][] = [
  [[], 'Doe^John', 'Doe^John'],
  [['ISO_IR 100'], 'Buc^J\xe9r\xf4me', 'Buc^Jérôme'],
  [['ISO_IR 127'], '\xe2\xc8\xc7\xe6\xea^\xe4\xe6\xd2\xc7\xd1', 'قباني^لنزار'],
  [['ISO_IR 126'], '\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2', 'Διονυσιος'],
  [['ISO_IR 138'], '\xf9\xf8\xe5\xef^\xe3\xe1\xe5\xf8\xe4', 'שרון^דבורה'],
  [['ISO_IR 144'], '\xbb\xee\xdace\xdc\xd1yp\xd3', 'Люкceмбypг'],
  [['ISO_IR 192'], 'Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1', 'Wang^XiaoDong=王^小東'],
  [['GB18030'], 'Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab', 'Wang^XiaoDong=王^小东'],
  [['', 'ISO 2022 IR 87'], 'Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B', 'Yamada^Tarou=山田^太郎'],
  [
    ['ISO 2022 IR 13', 'ISO 2022 IR 87'],
    '\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J',
    'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎',
  ],
  [['', 'ISO 2022 IR 149'], 'Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7', 'Hong^Gildong=洪^吉洞'],
];

describe('decoderFor', () => {
  it.each(EXAMPLES)('%j', (sets, bytes, text) => {
    expect(decoderFor(sets)(Buffer.from(bytes, 'latin1'))).toBe(text);
  });

  it('reads JIS X 0212, which has three bytes in EUC', () => {
    expect(decoderFor(['', 'ISO 2022 IR 159'])(Buffer.from('\x1b$(D0!\x1b(B', 'latin1'))).toBe('丂');
  });

  it('reads an unknown set as Latin-1', () => {
    expect(decoderFor(['ISO_IR 999'])(Buffer.from([0xe4]))).toBe('ä');
  });
});
