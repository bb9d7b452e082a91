import type { z } from 'zod';
import { jsonSchema, problems } from '../api/document.ts';
import {
  AccountList,
  AccountSubmission,
  AccountView,
  DisabledSubmission,
  GrantsSubmission,
  Me,
  PasswordSubmission,
} from './api.ts';

const NAME = { name: 'name', in: 'path', required: true, description: 'Of the account.', schema: { type: 'string' } };

/** What is about people, as paths of the OpenAPI document. */
export function peoplePaths(): Record<string, object> {
  const change = (operationId: string, summary: string, body: z.ZodType) => ({
    put: {
      ...{ operationId, summary: `${summary} (right \`manage-accounts\`)`, parameters: [NAME] },
      requestBody: { required: true, ...content(body, 'input') },
      responses: {
        200: { description: 'The account as it is then.', ...content(AccountView) },
        ...problems(400, 401, 403, 404, 409, 413, 415, 422),
      },
    },
  });
  return {
    '/me': {
      get: {
        operationId: 'getMe',
        summary: 'Who asks, and what they may',
        responses: { 200: { description: 'The person.', ...content(Me) }, ...problems(401) },
      },
    },
    '/accounts': {
      get: {
        operationId: 'listAccounts',
        summary: 'Who may sign in, or could once, and what they are (right `manage-accounts`)',
        responses: { 200: { description: 'The accounts.', ...content(AccountList) }, ...problems(401, 403) },
      },
      post: {
        operationId: 'makeAccount',
        summary: 'Make a local account with its roles (right `manage-accounts`)',
        requestBody: { required: true, ...content(AccountSubmission, 'input') },
        responses: {
          201: { description: 'The account.', ...content(AccountView) },
          ...problems(400, 401, 403, 409, 413, 415, 422, 429),
        },
      },
    },
    '/accounts/{name}/grants': change(
      'setGrants',
      'Set the roles that a person gives somebody; those of the directory’s groups stay',
      GrantsSubmission,
    ),
    '/accounts/{name}/disabled': change(
      'setDisabled',
      'Stop an account from signing in, or let it again',
      DisabledSubmission,
    ),
    '/accounts/{name}/password': change(
      'setPassword',
      'Give a local account another password in place of a forgotten one; its sessions end',
      PasswordSubmission,
    ),
  };
}

function content(schema: z.ZodType, io: 'input' | 'output' = 'output') {
  return { content: { 'application/json': { schema: jsonSchema(schema, io) } } };
}
