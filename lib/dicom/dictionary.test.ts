import { describe, expect, it } from 'vitest';
import { keywordOf, sopClassName, sopClassUid, tagOf, vrOf, vrOfTag } from './dictionary.ts';

describe('data dictionary', () => {
  it.each([
    ['PatientName', 'x00100010', 'PN'],
    ['PixelData', 'x7fe00010', 'OW'],
    ['SmallestImagePixelValue', 'x00280106', 'US'],
    ['OtherPatientIDs', 'x00101000', 'LO'],
  ])('knows %s', (keyword, tag, vr) => {
    expect([tagOf(keyword), vrOf(keyword), keywordOf(tag)]).toEqual([tag, vr, keyword]);
  });

  it('knows repeating groups, and no private tag', () => {
    expect(keywordOf('x60023000')).toBe('OverlayData');
    expect(vrOfTag(0x60020010)).toBe('US');
    expect(keywordOf('x00091010')).toBeUndefined();
  });

  it('says which keyword does not exist', () => {
    expect(() => tagOf('PatientShoeSize')).toThrow('DICOM has no attribute with the keyword "PatientShoeSize".');
  });
});

describe('SOP classes', () => {
  it('are named as PS3.6 names them', () => {
    expect(sopClassName('1.2.840.10008.5.1.4.1.1.1')).toBe('Computed Radiography Image Storage');
    expect(sopClassName('1.2.840.10008.5.1.4.1.1.1.1')).toBe('Digital X-Ray Image Storage - For Presentation');
    expect(sopClassName('1.2.840.10008.5.1.4.1.1.6')).toBe('Ultrasound Image Storage (Retired)');
    expect(sopClassName('1.2.3')).toBeUndefined();
  });

  it('are found by name, whatever the case, and by UID', () => {
    expect(sopClassUid('mr image storage')).toBe('1.2.840.10008.5.1.4.1.1.4');
    expect(sopClassUid('1.2.840.10008.5.1.4.1.1.4')).toBe('1.2.840.10008.5.1.4.1.1.4');
    expect(sopClassUid('MR')).toBeUndefined();
  });
});
