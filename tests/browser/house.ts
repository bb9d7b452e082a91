import type { Browser } from 'playwright-core';
import type { Evaluation } from '../../schemas/evaluation.ts';
import type { Role } from '../../schemas/rights.ts';
import { serveWorld } from '../../web/testing/serve.ts';
import { makeWorld, PASSWORD, type World } from '../../web/testing/world.ts';
import { freePort } from '../ports.ts';
import { startTestPostgres } from '../postgres.ts';
import { launchChromium, openWindow } from './chromium.ts';
import { SignInPage } from './pages/sign-in.ts';

/** The web on a port, and a browser to look at it with. */
export interface House {
  readonly world: World;
  /** A window in which `reader`, the administrator `boss`, or somebody of `people` has signed in by the form. */
  signedIn(name: string, options?: { javaScriptEnabled?: boolean }): ReturnType<typeof openWindow>;
  /** Gives a study somebody who does not exist. */
  madePatient(study: string): void;
  close(): Promise<void>;
}

/**
 * Opens a house with two accounts and nothing in it. Close it afterwards.
 *
 * @param people further accounts, by name
 */
export async function openHouse({
  evaluations,
  people = {},
}: {
  evaluations?: readonly Evaluation[];
  people?: Readonly<Record<string, Role>>;
} = {}): Promise<House> {
  const postgres = await startTestPostgres();
  const world = await makeWorld(postgres.url, evaluations);
  await world.account('reader');
  await world.account('boss', 'administrator');
  for (const [name, role] of Object.entries(people)) await world.account(name, role);
  const site = await serveWorld(world, await freePort());
  const browser: Browser = await launchChromium();
  return {
    world,
    signedIn: async (name, options = {}) => {
      const window = await openWindow(browser, { url: site.url, ...options });
      await window.page.goto('/');
      await new SignInPage(window.page).signIn(name, PASSWORD);
      return window;
    },
    madePatient: (study) => {
      world.archive.patients.set(study, {
        name: 'Phantom, Pelvis',
        patientId: 'PHANTOM-1',
        birthDate: '1950-01-01',
        sex: 'F',
      });
    },
    close: async () => {
      await browser.close();
      await site.close();
      await world.close();
      await postgres.stop();
    },
  };
}
