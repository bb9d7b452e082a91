import { fileMetaBytes } from './part10.ts';
import { type Elements, writePart10 } from './write.ts';

/** Items of an encapsulated PixelData: the basic offset table, then the fragments. */
function encapsulate(table: Uint8Array, fragments: readonly Uint8Array[]): Buffer {
  const items = [table, ...fragments].map((fragment) => {
    const body = Buffer.alloc(fragment.length + (fragment.length % 2));
    body.set(fragment);
    const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
    head.writeUInt32LE(body.length, 4);
    return Buffer.concat([head, body]);
  });
  const tag = Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x42, 0, 0, 0xff, 0xff, 0xff, 0xff]);
  return Buffer.concat([tag, ...items, Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0])]);
}

/** For tests: a file with compressed pixels. `elements` go without PixelData. */
export function encapsulatedFile(
  elements: Elements,
  transferSyntaxUid: string,
  fragments: readonly Uint8Array[],
  offsets: readonly number[] = [],
): Buffer {
  const native = writePart10(elements);
  const head = fileMetaBytes({
    MediaStorageSOPClassUID: '1.2.840.10008.5.1.4.1.1.7',
    MediaStorageSOPInstanceUID: '1.2.3',
    TransferSyntaxUID: transferSyntaxUid,
  });
  const nativeHead = fileMetaBytes({
    MediaStorageSOPClassUID: String(elements.SOPClassUID),
    MediaStorageSOPInstanceUID: String(elements.SOPInstanceUID),
    TransferSyntaxUID: '1.2.840.10008.1.2.1',
  });
  const table = new Uint8Array(Uint32Array.from(offsets).buffer);
  return Buffer.concat([head, native.subarray(nativeHead.length), encapsulate(table, fragments)]);
}
