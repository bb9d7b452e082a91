/**
 * Configuration of the OHIF viewer, a script of its page (served with the types taken away). There is no list of studies and
 * no upload: what a reader draws over a result is saved, and the server refuses everything else.
 */

/** The run that was opened, by the address. */
const openedRun = /[?&]run=([0-9a-f]{64})(&|$)/.exec(location.search)?.[1];

/** The copy that a blinded reader has opened: the viewer is given the exam with this one segmentation alone. */
const openedCopy = /[?&]copy=([0-9a-f]{64})(&|$)/.exec(location.search)?.[1];
const dicomWeb = openedCopy === undefined ? '/dicomweb' : `/copies/${openedCopy}/dicomweb`;

Object.assign(window, {
  PUBLIC_URL: '/viewer/',
  browserImportFunction: (name: string) => import(name),
  config: {
    name: 'overread',
    routerBasename: '/viewer',
    extensions: [],
    modes: [],
    // A tour of eleven pictures would stand before the exam.
    customizationService: { global: { 'ohif.tours': { $set: [] } } },
    showStudyList: false,
    showPatientInfo: 'visible',
    maxNumberOfWebWorkers: 3,
    showWarningMessageForCrossOrigin: false,
    showCPUFallbackMessage: true,
    showLoadingIndicator: true,
    strictZSpacingForVolumeViewport: true,
    // A segmentation that the address asks for is shown at once; a question would cover the image.
    disableConfirmationPrompts: true,
    // The header says INVESTIGATIONAL all the time instead.
    investigationalUseDialog: { option: 'never' },
    maxNumRequests: { interaction: 100, thumbnail: 5, prefetch: 25 },
    whiteLabeling: {
      createLogoComponentFn: (react: {
        createElement: (type: string, properties: Record<string, unknown>, ...children: string[]) => unknown;
      }) => {
        const study = new URLSearchParams(location.search).get('StudyInstanceUIDs') ?? '';
        const exam = /^[0-9.]+$/.test(study) ? `/studies/${study}` : '/';
        const opened = openedRun === undefined ? exam : `/runs/${openedRun}`;
        const back = openedCopy === undefined ? opened : `/copies/${openedCopy}`;
        const style = { color: '#ffd479', fontSize: '13px', whiteSpace: 'nowrap' };
        return react.createElement('a', { href: back, style }, '← Overread · INVESTIGATIONAL');
      },
    },
    // The session has ended: sign in, and come back to the same study. What was drawn stays, until it can be saved.
    httpErrorHandler: (error: { status?: number } | undefined) => {
      if (error?.status === 401 && !location.pathname.endsWith('/segmentation')) location.reload();
    },
    defaultDataSourceName: 'overread',
    dataSources: [
      {
        namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
        sourceName: 'overread',
        configuration: {
          friendlyName: 'Overread',
          name: 'overread',
          qidoRoot: dicomWeb,
          wadoRoot: dicomWeb,
          qidoSupportsIncludeField: false,
          imageRendering: 'wadors',
          thumbnailRendering: 'wadors',
          enableStudyLazyLoad: true,
          supportsFuzzyMatching: false,
          supportsWildcard: false,
          supportsReject: false,
          dicomUploadEnabled: false,
          singlepart: 'bulkdata,video,pdf',
          bulkDataURI: { enabled: true },
          omitQuotationForMultipartRequest: true,
          // One bit for each pixel, uncompressed: what every other reader knows too.
          segmentation: { store: { defaultMode: 'bitmap', transferSyntaxUID: '1.2.840.10008.1.2.1' } },
        },
      },
    ],
  },
});
