/** Where the viewer is served. */
export const VIEWER_ROOT = '/viewer/';

/**
 * What of the package is not served: a neural network of 136 MB, the microscope, source maps, service workers, sign-in to
 * other services, and what our own page and configuration take the place of.
 */
const LEFT_OUT = [
  /^ort\//,
  /^dicom-microscopy-viewer\//,
  /^customizations\//,
  /^assets\/(?!favicon)/,
  /\.map$/,
  /^(sw|init-service-worker|google|oidc-client\.min|polyfill\.min|es6-shim\.min|app-config)\.js$/,
  /^(index|silent-refresh)\.html$/,
  /^(manifest|serve)\.json$/,
  /^_/,
];

/** @param name path in the package's folder `dist` */
export function isLeftOut(name: string): boolean {
  return LEFT_OUT.some((pattern) => pattern.test(name));
}

/** A file of the package with its own addresses moved from `/` to `/viewer/`: its makers have built it for the root of a host. */
export function rewrite(name: string, bytes: Buffer): Buffer {
  if (name.endsWith('.css')) return Buffer.from(bytes.toString('utf8').replaceAll('url(/', `url(${VIEWER_ROOT}`));
  if (!name.endsWith('.js') || !bytes.includes(PUBLIC_PATH)) return bytes;
  return Buffer.from(bytes.toString('utf8').replaceAll(PUBLIC_PATH, `__webpack_require__.p = "${VIEWER_ROOT}"`));
}

const PUBLIC_PATH = '__webpack_require__.p = "/"';

/**
 * The page that starts the viewer, without the inline scripts of the original (so that none need be allowed) and without
 * its service worker, which would unregister those of everything else on this host.
 *
 * @param original `index.html` of the package: names the script with which it begins
 * @throws {Error} it names none
 */
export function indexPage(original: string): string {
  const script = /src="\/(app\.bundle\.[0-9a-f]+\.js)"/.exec(original)?.[1];
  if (script === undefined) throw new Error('The page of the viewer names no script to begin with.');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Viewer · Overread</title>
<link rel="icon" href="${VIEWER_ROOT}assets/favicon-32x32.png">
<link rel="stylesheet" href="${VIEWER_ROOT}app.bundle.css">
<script src="${VIEWER_ROOT}app-config.js"></script>
<script defer src="${VIEWER_ROOT}${script}"></script>
</head>
<body>
<noscript>The viewer needs JavaScript.</noscript>
<div id="react-portal"></div>
<div id="root"></div>
</body>
</html>
`;
}
