import { DrizzleQueryError } from 'drizzle-orm';
import postgres from 'postgres';
import { describe, expect, it } from 'vitest';
import { describeError } from './log.ts';

describe('describeError', () => {
  it('tells of a failed statement what PostgreSQL says, and none of its values', () => {
    const refused = Object.assign(new postgres.PostgresError('duplicate key value'), {
      code: '23505',
      severity: 'ERROR',
      constraint_name: 'patient_identity',
      detail: 'Key (patient_id)=(P1) already exists.',
    });
    const failed = new DrizzleQueryError('insert into patient values ($1)', ['P1', 'Test^Patient'], refused);
    const told = describeError(new Error('an instance waits', { cause: failed }));
    expect(told).toMatchObject({
      message: 'an instance waits',
      cause: { type: 'PostgresError', message: 'PostgreSQL answered 23505', constraint: 'patient_identity' },
    });
    expect(JSON.stringify(told)).not.toMatch(/P1|Patient\^|Test/);
  });

  it('tells what it can of anything else', () => {
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    expect(describeError(full)).toMatchObject({ type: 'Error', message: 'no space left on device', code: 'ENOSPC' });
    expect(describeError('P1')).toEqual({ type: 'string' });
  });
});
