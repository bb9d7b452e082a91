/** Values of DICOM tags by keyword, as text; a tag that is absent or empty is not there. */
export type TagValues = Readonly<Record<string, readonly string[]>>;
