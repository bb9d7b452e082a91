import { describe, expect, it } from 'vitest';
import { place } from './placement.ts';

const plain = { name: 'ward', labels: {} };
const gpu = { name: 'server', labels: { 'nvidia.com/gpu.present': 'true', zone: 'cellar' } };

describe('place', () => {
  it('places a function without constraints on the first node', () => {
    expect(place([], [plain, gpu], 'strict')).toMatchObject({ state: 'placed', node: 'ward' });
  });

  it.each([
    'nvidia.com/gpu.present=true',
    'nvidia.com/gpu.present==true',
    'node.labels.nvidia.com/gpu.present == true',
    'zone != attic',
    'kubernetes.io/os=linux',
  ])('finds the node that meets %s', (constraint) => {
    expect(place([constraint], [gpu], 'strict')).toMatchObject({ state: 'placed', node: 'server' });
  });

  it('takes a node only if it meets every constraint', () => {
    const placement = place(['zone=cellar', 'rack=7'], [gpu], 'strict');
    expect(placement).toEqual({
      state: 'unplaced',
      reason: 'Not placed: node server does not meet rack=7 (it has no such label).',
    });
  });

  it('says what it found instead, where sites are strict', () => {
    expect(place(['zone=attic'], [plain, gpu], 'strict').reason).toBe(
      'Not placed: node ward does not meet zone=attic (it has no such label); ' +
        'node server does not meet zone=attic (its label is cellar).',
    );
  });

  it('runs on the CPU of the first node where the site allows it, and says so', () => {
    const placement = place(['nvidia.com/gpu.present=true'], [plain], 'allow-cpu');
    expect(placement).toMatchObject({ state: 'cpu', node: 'ward' });
    expect(placement.reason).toMatch(/^Runs on the CPU of node ward, as the site allows: .*gpu\.present=true/);
  });

  it.each(['gpu', 'a=b=c', '=true', 'zone in (a,b)'])('refuses %s', (constraint) => {
    expect(() => place([constraint], [plain], 'strict')).toThrow(
      `A constraint is key=value, key==value or key!=value; found: ${constraint}`,
    );
  });
});
