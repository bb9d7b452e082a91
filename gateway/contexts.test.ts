import { describe, expect, it } from 'vitest';
import { VERIFICATION_SOP_CLASS } from '../lib/dicom/dimse.ts';
import { answerContext } from './contexts.ts';

const IMPLICIT = '1.2.840.10008.1.2';

describe('answerContext', () => {
  it.each([
    ['Verification', VERIFICATION_SOP_CLASS],
    ['Computed Radiography Image Storage', '1.2.840.10008.5.1.4.1.1.1'],
    ['a storage class that is younger than the program', '1.2.840.10008.5.1.4.1.1.999.7'],
    ['a private class', '1.3.12.2.1107.5.9.1'],
    ['Hanging Protocol Storage', '1.2.840.10008.5.1.4.38.1'],
    ['RT Beams Delivery Instruction Storage', '1.2.840.10008.5.1.4.34.7'],
  ])('takes %s', (_, uid) => {
    expect(answerContext(uid, [IMPLICIT])).toEqual({ accepted: true, transferSyntax: IMPLICIT });
  });

  it.each([
    ['Study Root Query/Retrieve - FIND', '1.2.840.10008.5.1.4.1.2.2.1'],
    ['Modality Worklist', '1.2.840.10008.5.1.4.31'],
    ['Hanging Protocol - FIND', '1.2.840.10008.5.1.4.38.2'],
    ['Unified Procedure Step - Push', '1.2.840.10008.5.1.4.34.6.1'],
    ['Storage Commitment', '1.2.840.10008.1.20.1'],
    ['nothing', ''],
  ])('does not offer %s', (_, uid) => {
    expect(answerContext(uid, [IMPLICIT])).toEqual({ accepted: false, because: 'abstract-syntax' });
  });

  it('takes the transfer syntax that is proposed first, whichever it is', () => {
    const proposed = ['1.2.840.10008.1.2.4.202', IMPLICIT];
    expect(answerContext('1.2.840.10008.5.1.4.1.1.2', proposed)).toMatchObject({ transferSyntax: proposed[0] });
  });

  it('refuses a context without a transfer syntax', () => {
    expect(answerContext(VERIFICATION_SOP_CLASS, [])).toEqual({ accepted: false, because: 'transfer-syntaxes' });
  });
});
