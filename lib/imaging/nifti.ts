/** NIfTI files: any that is given is read, one kind is written. Positions are in LPS on this side of the door. */
export { NiftiError } from './nifti/format.ts';
export { readNifti } from './nifti/read.ts';
export { newNifti, type WrittenKind, writeNifti } from './nifti/write.ts';
