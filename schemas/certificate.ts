import { z } from 'zod';

/** Certificate (with the authorities in between) and its key, as PEM files. */
export const CertificateFiles = z.strictObject({ certificateFile: z.string().min(1), keyFile: z.string().min(1) });
export type CertificateFiles = z.infer<typeof CertificateFiles>;
