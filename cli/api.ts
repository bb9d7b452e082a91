import { z } from 'zod';
import { DeliveryList, type DeliveryView } from '../schemas/api.ts';
import {
  type AskedChange,
  PatientPreview,
  PatientStatement,
  PatientStatementList,
  type PatientStatementView,
  type PatientSubmission,
} from '../schemas/patients.ts';
import { Problem } from '../schemas/problem.ts';
import type { Role } from '../schemas/rights.ts';
import { CommandError, EXIT } from './exit.ts';

/** What of a run the commands show; the whole is `RunView` in schemas/api.ts, which the API may have grown beyond. */
const ShownRun = z.looseObject({
  id: z.string(),
  pipeline: z.string(),
  studyInstanceUid: z.string(),
  status: z.enum(['queued', 'running', 'succeeded', 'failed', 'out-of-scope']),
  reason: z.string().nullable(),
  createdAt: z.string(),
  finishedAt: z.string().nullable(),
  result: z.unknown(),
});
export type ShownRun = z.infer<typeof ShownRun>;

/** The REST API of the Overread that runs on this data folder. */
export interface Api {
  readonly web: string;
  runs(filter?: { readonly studyInstanceUid?: string }): Promise<ShownRun[]>;
  run(id: string): Promise<ShownRun>;
  /** What of a run was sent where, what waits, and what was refused and why. */
  deliveries(id: string): Promise<DeliveryView[]>;
  retry(id: string): Promise<void>;
  /** Somebody who signs in with this password, with these roles in every evaluation. */
  makeAccount(account: {
    readonly name: string;
    readonly password: string;
    readonly roles: readonly Role[];
  }): Promise<void>;
  /** What people said about who is who, newest first. */
  patientStatements(): Promise<PatientStatementView[]>;
  /** What such a change would do. */
  previewPatients(change: AskedChange): Promise<PatientPreview>;
  statePatients(said: z.input<typeof PatientSubmission>): Promise<PatientStatement>;
}

/** The API at this address. Each call @throws {CommandError} refused (1), no answer (3) */
export function connectApi({
  web,
  inside = web,
  token,
}: {
  readonly web: string;
  /** Where it answers this machine, where that is elsewhere. */
  readonly inside?: string;
  readonly token: string;
}): Api {
  const call = async (path: string, method = 'GET', sent?: object): Promise<unknown> => {
    let answer: Response;
    try {
      answer = await fetch(`${inside}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
      });
    } catch (error) {
      throw new CommandError(EXIT.notReady, `${web} does not answer; \`overread status\` says more.`, error);
    }
    const body: unknown = await answer.json().catch(() => undefined);
    if (answer.ok) return body;
    const problem = Problem.safeParse(body);
    const detail = problem.success ? (problem.data.detail ?? problem.data.title) : `status ${answer.status}`;
    throw new CommandError(EXIT.failed, detail);
  };
  return {
    web,
    runs: async ({ studyInstanceUid } = {}) => {
      const query = studyInstanceUid === undefined ? '' : `?studyInstanceUid=${encodeURIComponent(studyInstanceUid)}`;
      return z.object({ runs: z.array(ShownRun) }).parse(await call(`/runs${query}`)).runs;
    },
    run: async (id) => ShownRun.parse(await call(`/runs/${encodeURIComponent(id)}`)),
    deliveries: async (id) => DeliveryList.parse(await call(`/runs/${encodeURIComponent(id)}/deliveries`)).deliveries,
    retry: async (id) => {
      await call(`/runs/${encodeURIComponent(id)}/retry`, 'POST');
    },
    makeAccount: async ({ name, password, roles }) => {
      await call('/accounts', 'POST', { name, password, grants: roles.map((role) => ({ role })) });
    },
    patientStatements: async () => PatientStatementList.parse(await call('/patients/statements')).statements,
    previewPatients: async (change) => PatientPreview.parse(await call('/patients/preview', 'POST', { change })),
    statePatients: async (said) => PatientStatement.parse(await call('/patients/statements', 'POST', said)),
  };
}
