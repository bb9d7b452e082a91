import { ADMIN_PASSWORD, type Site } from './site.ts';

/** Pages of a site as an administrator sees them who signed in by the form; without scripts. */
export interface Browser {
  /** The HTML at an address of the site. @throws where the answer is not 200 */
  page(address: string): Promise<string>;
}

/** Signs in by the form. */
export async function signIn(site: Site): Promise<Browser> {
  const body = new URLSearchParams({ name: 'admin', password: ADMIN_PASSWORD, next: '/' });
  const answer = await fetch(`${site.web}/sign-in`, { method: 'POST', body, redirect: 'manual' });
  if (answer.status !== 303) throw new Error(`Not signed in: ${answer.status}`);
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  return {
    page: async (address) => {
      const found = await fetch(`${site.web}${address}`, { headers: { cookie }, redirect: 'manual' });
      if (found.status !== 200) throw new Error(`${address} answers ${found.status}.`);
      return found.text();
    },
  };
}
