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

/** What is put right in the program itself: a text that stands in one of its scripts, and what stands there instead. */
export interface Fix {
  readonly why: string;
  readonly from: string;
  readonly to: string;
}

export const FIXES: readonly Fix[] = [
  {
    why: 'A segmentation that is saved names the one that it was made from: the original puts that where nothing reads it.',
    from: 'Object.assign(segmentationResult, predecessor);',
    to: 'Object.assign(segmentationResult.dataset, predecessor);',
  },
  {
    why: 'A segmentation is opened at the middle one of its slices: the original opens the first, where a corner of it is.',
    from: 'segDisplaySet.firstSegmentedSliceImageId = firstSegmentedSliceImageId;\n    const segmentsInfo',
    to: `segDisplaySet.firstSegmentedSliceImageId = (slices => slices[slices.length >> 1]?.referencedImageId ?? null)(
      derivedImages.filter(image => image.voxelManager.getScalarData().some(value => value !== 0)));
    const segmentsInfo`,
  },
  {
    why: 'The first image stands upright: the original turns it by how a viewport without an image lies.',
    from: 'const wasStackInvalidated = this.stackInvalidated;\n        const viewPresentation = this.getViewPresentation();',
    to: 'const wasStackInvalidated = this.stackInvalidated;\n        const viewPresentation = this.getActors().length > 0 ? this.getViewPresentation() : undefined;',
  },
];

/** A file of the package with its own addresses moved from `/` to `/viewer/`: its makers have built it for the root of a host. */
export function rewrite(name: string, bytes: Buffer): Buffer {
  if (name.endsWith('.css')) return Buffer.from(bytes.toString('utf8').replaceAll('url(/', `url(${VIEWER_ROOT}`));
  if (!name.endsWith('.js')) return bytes;
  const replaced = [{ from: PUBLIC_PATH, to: `__webpack_require__.p = "${VIEWER_ROOT}"` }, ...FIXES].filter(
    ({ from }) => bytes.includes(from),
  );
  if (replaced.length === 0) return bytes;
  return Buffer.from(replaced.reduce((text, { from, to }) => text.replaceAll(from, to), bytes.toString('utf8')));
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
