import type { Code } from '../../../schemas/volume.ts';
import { codeItem } from '../made/object.ts';
import type { Elements } from '../write.ts';

/** How a content item belongs to the one above it (PS3.3 C.17.3.2.4). */
export type Relationship = 'CONTAINS' | 'HAS OBS CONTEXT' | 'HAS CONCEPT MOD' | 'HAS PROPERTIES' | 'SELECTED FROM';

/** Content items of structured reports (PS3.3 C.17.3). `more`: what stands below them. */
export function container(
  name: Code,
  template: string | undefined,
  content: readonly Elements[],
  relationship?: Relationship,
): Elements {
  return {
    ...(relationship === undefined ? {} : { RelationshipType: relationship }),
    ValueType: 'CONTAINER',
    ConceptNameCodeSequence: [codeItem(name)],
    ContinuityOfContent: 'SEPARATE',
    ...(template === undefined
      ? {}
      : { ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: template }] }),
    ...(content.length === 0 ? {} : { ContentSequence: content }),
  };
}

export function code(relationship: Relationship, name: Code, value: Code, more: readonly Elements[] = []): Elements {
  return { ...item(relationship, 'CODE', name, more), ConceptCodeSequence: [codeItem(value)] };
}

export function text(relationship: Relationship, name: Code, value: string): Elements {
  return { ...item(relationship, 'TEXT', name), TextValue: value };
}

export function uidReference(relationship: Relationship, name: Code, UID: string): Elements {
  return { ...item(relationship, 'UIDREF', name), UID };
}

export function number(name: Code, value: number, unit: Code, more: readonly Elements[] = []): Elements {
  return {
    ...item('CONTAINS', 'NUM', name, more),
    MeasuredValueSequence: [{ NumericValue: value, MeasurementUnitsCodeSequence: [codeItem(unit)] }],
  };
}

/** @param reference item of ReferencedSOPSequence */
export function image(relationship: Relationship, name: Code | undefined, reference: Elements): Elements {
  return { ...item(relationship, 'IMAGE', name), ReferencedSOPSequence: [reference] };
}

/** A closed outline on an image. @param points column, row, column, row …: the image's top left corner is 0, 0 (PS3.3 C.18.6.1.1) */
export function outline(name: Code, points: readonly number[], reference: Elements): Elements {
  return {
    ...item('CONTAINS', 'SCOORD', name, [image('SELECTED FROM', undefined, reference)]),
    GraphicType: 'POLYLINE',
    GraphicData: points,
  };
}

function item(relationship: Relationship, ValueType: string, name: Code | undefined, more: readonly Elements[] = []) {
  return {
    RelationshipType: relationship,
    ValueType,
    ...(name === undefined ? {} : { ConceptNameCodeSequence: [codeItem(name)] }),
    ...(more.length === 0 ? {} : { ContentSequence: more }),
  };
}
