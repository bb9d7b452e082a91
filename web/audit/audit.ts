import type { Database } from '../../lib/database/connection.ts';
import { audit } from '../../schemas/database/web.ts';

/** What is recorded. */
export const AUDIT_ACTIONS = [
  'signed-in',
  'sign-in-refused',
  'signed-out',
  'password-changed',
  'password-set',
  'sessions-ended',
  'account-made',
  'account-disabled',
  'account-enabled',
  'role-granted',
  'role-withdrawn',
  'token-made',
  'token-revoked',
  'worklist-viewed',
  'run-viewed',
  'study-viewed',
  'images-viewed',
  'result-downloaded',
  'copy-viewed',
  'key-viewed',
  'quarantine-viewed',
  'quarantine-released',
  'quarantine-discarded',
  'patients-compared',
  'patients-merged',
  'exam-moved',
  'patients-restored',
  'feedback-sent',
  'readers-viewed',
  'reading-reassigned',
  'segmentation-edited',
  'edit-sent',
  'delivery-asked-again',
  'retry-requested',
  'trend-viewed',
  'trend-baseline',
  'trend-withdrawn',
  'trend-restored',
  'trend-report-sent',
  'pipeline-approved',
  'approval-withdrawn',
  'report-viewed',
  'table-exported',
  'signed-in-by-launch',
  'launch-refused',
  'audit-viewed',
  'audit-exported',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Writes down who did what to what (`subject`: run id with the kind of a file, StudyInstanceUID, account name …). Rows are only ever added. */
export async function record(
  database: Pick<Database, 'db'>,
  entry: {
    readonly actor: string;
    readonly action: AuditAction;
    readonly subject: string;
    /** What the action alone does not say; no PHI. */
    readonly detail?: string;
    /** Name of the evaluation, where it is about one. */
    readonly evaluation?: string | null;
    readonly at: Date;
  },
): Promise<void> {
  await database.db.insert(audit).values(entry);
}
