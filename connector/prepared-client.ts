import { createHash } from 'node:crypto';
import { Client, type ClientConfig } from 'pg';

/**
 * A connection of pg-boss that lets PostgreSQL keep the plan of each statement with parameters. By itself `pg` has every one
 * parsed and planned again, which is half of what putting a call into the queue takes (1.9 against 1.0 ms, measured idle).
 *
 * pg-boss hands its options on to `pg`, whose pool makes its connections by `Client`.
 */
export class PreparedClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    const query = this.query.bind(this);
    Object.assign(this, {
      query: (statement: unknown, ...rest: unknown[]) => Reflect.apply(query, this, prepared(statement, ...rest)),
    });
  }
}

/** The parameters of `query`, with a name where the statement can be kept: by the same name it is not sent again. */
function prepared(statement: unknown, ...rest: unknown[]): unknown[] {
  const [values, ...others] = rest;
  if (typeof statement !== 'string' || !Array.isArray(values) || values.length === 0) return [statement, ...rest];
  const name = createHash('sha256').update(statement).digest('base64url');
  return [{ name, text: statement, values }, ...others];
}
