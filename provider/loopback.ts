import type { MiddlewareHandler } from 'hono';

const OWN_HOST = /^(127(?:\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?$/i;

/**
 * Refuses what a web page open in a browser on this machine could send: functions are called without credentials (as
 * in OpenFaaS), and being on loopback keeps other machines out, but no browser. A foreign `Host` is a name that was
 * made to point at loopback (DNS rebinding); an `Origin`, or a `Sec-Fetch-Site` other than an address typed by the
 * user, is a page's doing, and none of ours calls the provider.
 */
export function loopbackOnly(): MiddlewareHandler {
  return async function loopbackOnly(context, next) {
    const header = (name: string) => context.req.header(name);
    const host = header('Host') ?? new URL(context.req.url).host;
    if (!OWN_HOST.test(host)) {
      return context.text(
        'This provider answers as 127.0.0.1 or localhost only; the request names another host.\n',
        403,
      );
    }
    const site = header('Sec-Fetch-Site');
    if (header('Origin') !== undefined || (site !== undefined && site !== 'none')) {
      return context.text('This provider takes no calls from web pages.\n', 403);
    }
    return next();
  };
}
