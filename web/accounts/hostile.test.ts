import { describe, expect, it } from 'vitest';
import { loadAssets } from '../assets.ts';
import { auditPage } from '../audit/page.ts';
import { launchPage } from '../launch/page.ts';
import { HIP_EVALUATION } from '../testing/pipelines.ts';
import { accountsPage } from './manage-page.ts';
import { accountPage } from './own-page.ts';
import { signInPage } from './sign-in-page.ts';
import type { ListedToken } from './tokens.ts';

/** What somebody types into a field, or sends in a tag, to run in another's browser. */
const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;

const evaluation = { ...HIP_EVALUATION, name: 'hip', title: HOSTILE };
const parts = { assets: loadAssets(), site: { name: HOSTILE, mode: 'test' as const }, blinded: new Map() };
const grants = [{ role: 'administrator' as const, evaluation: null, origin: 'person' as const }];
const viewer = { person: { name: HOSTILE, grants }, formToken: HOSTILE, theme: 'dark' as const };
const at = new Date('2026-01-31T08:15:00Z');
const pipelines = new Map([['hip', { title: HOSTILE, calledAETitle: HOSTILE, version: HOSTILE }]]);
const evaluations = new Map([['hip-fracture-detection', evaluation]]);

const token: ListedToken = {
  ...{ id: HOSTILE, label: HOSTILE, rights: ['view'], evaluation: HOSTILE },
  ...{ createdAt: at, expiresAt: at, usedAt: at, revokedAt: null },
};
const told = { passwordRefusal: HOSTILE, tokenRefusal: HOSTILE, madeToken: HOSTILE };
const account = { name: HOSTILE, origin: 'local' as const, grants, createdAt: at, disabledAt: null };
const entry = {
  ...{ id: 1, at: at.toISOString(), actor: HOSTILE, action: HOSTILE },
  ...{ subject: HOSTILE, detail: HOSTILE, evaluation: HOSTILE },
};
const run = {
  ...{ id: HOSTILE, pipeline: 'hip', pipelineVersion: HOSTILE, studyInstanceUid: '1.2.5', status: 'failed' as const },
  ...{ reason: HOSTILE, createdAt: at.toISOString(), finishedAt: null, amends: null, replayOf: null },
  ...{ triggers: [], models: [], steps: [], result: null },
};
const exam = {
  ...{ name: HOSTILE, patientId: HOSTILE, birthDate: HOSTILE, sex: HOSTILE, studyInstanceUid: '1.2.5' },
  ...{ accessionNumber: HOSTILE, studyDate: HOSTILE, studyDescription: HOSTILE },
};

const everything = { ...parts, evaluations, blinded: new Map(), pipelines };

describe('what somebody else wrote', () => {
  it.each([
    ['sign-in', signInPage(parts, 'dark', { next: HOSTILE, name: HOSTILE, refusal: HOSTILE, resume: HOSTILE })],
    [
      'own account',
      accountPage(parts, viewer, {
        isLocal: true,
        sessions: 2,
        tokens: [{ ...token, expiresAt: new Date(at.getTime() + 1) }],
        evaluations: [...evaluations.values()],
        now: at,
        told,
      }),
    ],
    ['accounts', accountsPage(everything, viewer, { accounts: [account], refusal: HOSTILE })],
    [
      'audit',
      auditPage(parts, viewer, {
        entries: [entry],
        asked: { actor: HOSTILE, subject: HOSTILE, from: HOSTILE, to: HOSTILE },
        next: 1,
        all: true,
      }),
    ],
    [
      'launch',
      launchPage({ ...parts, pipelines, evaluations }, viewer, {
        runs: [run],
        studies: [],
        exams: new Map([['1.2.5', exam]]),
        now: at,
      }),
    ],
  ])('is text on the page %s and nothing else', (_, page) => {
    const text = String(page);
    expect(text).toContain('&lt;script&gt;');
    expect(text).not.toContain('<script>alert');
    expect(text).not.toContain('<img');
    expect(text).not.toMatch(/ onerror='/);
  });
});
