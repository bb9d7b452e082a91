import { describe, expect, it } from 'vitest';
import { assignNames, nameInFile } from './structure-names.ts';

const LEFT = { name: 'left-lobe', title: 'Left lobe', label: 1 };
const VESSELS = { name: 'vessels', title: 'Portal and hepatic veins', label: 3 };

describe('nameInFile', () => {
  it.each(['left-lobe', 'LEFT_LOBE', 'Left lobe', '1'])('finds %s', (name) => {
    expect(nameInFile(['x', name], LEFT)).toBe(name);
  });

  it('finds what a person says, and then nothing else', () => {
    expect(nameInFile(['Segment 1', 'Left lobe'], LEFT, { 'left-lobe': 'segment 1' })).toBe('Segment 1');
    expect(nameInFile(['Left lobe'], LEFT, { 'left-lobe': 'Segment 1' })).toBeUndefined();
  });
});

describe('assignNames', () => {
  it('takes the only name for the only structure', () => {
    expect(assignNames(['Segment 1'], [LEFT])).toEqual({ said: { 'left-lobe': 'Segment 1' }, others: [] });
  });

  it('says what belongs to nothing, and what is there twice', () => {
    expect(assignNames(['Left lobe', 'Segment 4'], [LEFT, VESSELS]).others).toEqual(['Segment 4']);
    expect(assignNames(['vessels', 'Left lobe', 'vessels'], [LEFT, VESSELS]).others).toEqual(['vessels']);
    expect(assignNames(['vessels'], [LEFT, VESSELS])).toEqual({ said: {}, others: [] });
  });
});
