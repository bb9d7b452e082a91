import { pythonWith } from './python.ts';

/** A Python with pydicom, highdicom and dcmqi, other people's readers of what we write. */
export function dicomReaders(): Promise<string | undefined> {
  return pythonWith('dicom-readers', ['highdicom==0.28.2', 'pydicom==3.0.2', 'dcmqi==1.5.7', 'numpy==2.4.6']);
}
