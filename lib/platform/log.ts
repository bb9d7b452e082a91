import { type Logger, pino } from 'pino';

export type { Logger };

/**
 * The log of one process: JSON lines on standard output. Never give it PHI: names, PatientID, AccessionNumber, birth
 * dates, addresses stay out; UIDs, run ids and object keys may go in.
 *
 * @param part name of the process, `gateway`, `dicom-parser` …
 */
export function createLog(part: string, level: string = process.env.OVERREAD_LOG_LEVEL ?? 'info'): Logger {
  return pino({ base: { part, pid: process.pid }, level, timestamp: pino.stdTimeFunctions.isoTime });
}
