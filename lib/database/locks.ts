/**
 * PostgreSQL's advisory locks of the product: any numbers, all different, in one place since the whole database shares
 * them. Locks of one study or one run are hashed to other numbers.
 */
export const ADVISORY_LOCK = {
  /** Migrations run under it, so that two processes never migrate at once. */
  migration: 7_210_001,
  /** Shared by every ingest, held alone by a rebuild of the index. */
  archive: 7_210_002,
  /** The connector at work holds it. */
  connector: 7_210_003,
  /** Events are stored under it. */
  events: 7_210_004,
  /** Who says who is who holds it alone; shared by who confirms something of a patient's exams. */
  patients: 7_210_005,
} as const;
