import { problems } from '../api/document.ts';

/** Content of a frame in the encoding in which it is stored, by `lib/dicom`'s compressions. */
const OCTETS = 'multipart/related; type="application/octet-stream"';
const FILES = 'multipart/related; type="application/dicom"';
const JSON_MODEL = 'application/dicom+json';

/** Levels of the address. */
const STUDY = '/dicomweb/studies/{study}';
const SERIES = `${STUDY}/series/{series}`;
const INSTANCE = `${SERIES}/instances/{instance}`;

const PARTS: Readonly<Record<string, { readonly pattern: string; readonly description: string }>> = {
  study: { pattern: '^[0-9.]{1,64}$', description: 'StudyInstanceUID.' },
  series: { pattern: '^[0-9.]{1,64}$', description: 'SeriesInstanceUID.' },
  instance: { pattern: '^[0-9.]{1,64}$', description: 'SOPInstanceUID.' },
  frames: { pattern: '^[1-9][0-9]*(,[1-9][0-9]*)*$', description: 'Numbers from 1, with commas.' },
  path: { pattern: '^.+$', description: 'As the metadata name it.' },
};

type Answers = Readonly<Record<string, object>>;

/** DICOMweb (PS3.18) as paths of the OpenAPI document, beside the API: with an address of their own, `/`. */
export function dicomwebPaths(): Record<string, object> {
  const get = (address: string, operationId: string, summary: string, type: string, more: object[] = []) => ({
    [address]: {
      get: operation(
        address,
        { operationId, summary },
        { 200: content(type), ...problems(400, 401, 403, 404, 406, 422) },
        more,
      ),
    },
  });
  const search = (address: string, operationId: string, what: string, key: string, required = false) =>
    get(address, operationId, `Search ${what} (QIDO-RS)`, JSON_MODEL, [query(key, required), ...PAGE]);
  const metadata = (address: string, level: string) =>
    get(`${address}/metadata`, `retrieve${level}Metadata`, 'Attributes, without pixels (WADO-RS)', JSON_MODEL);
  const files = (address: string, level: string) =>
    get(address, `retrieve${level}`, 'The files, as they are stored (WADO-RS)', FILES);
  const paths = [
    search('/dicomweb/studies', 'searchStudies', 'studies by their UIDs alone', 'StudyInstanceUID', true),
    search(`${STUDY}/series`, 'searchSeries', 'the series of a study', 'SeriesInstanceUID'),
    search(`${STUDY}/instances`, 'searchInstances', 'the instances of a study', 'SOPInstanceUID'),
    search(`${SERIES}/instances`, 'searchInstancesOfSeries', 'the instances of a series', 'SOPInstanceUID'),
    files(STUDY, 'Study'),
    files(SERIES, 'Series'),
    files(INSTANCE, 'Instance'),
    metadata(STUDY, 'Study'),
    metadata(SERIES, 'Series'),
    metadata(INSTANCE, 'Instance'),
    get(`${INSTANCE}/frames/{frames}`, 'retrieveFrames', 'Pixels in the encoding in which they are stored', OCTETS),
    get(`${INSTANCE}/bulkdata/{path}`, 'retrieveBulkData', 'A binary value that the metadata name', OCTETS),
  ];
  const all: Record<string, object> = {};
  for (const path of paths)
    for (const [address, methods] of Object.entries(path)) all[address] = { ...all[address], ...methods };
  for (const [address, operationId] of [
    ['/dicomweb/studies', 'storeInstances'],
    [STUDY, 'storeInstancesOfStudy'],
  ] as const) {
    all[address] = { ...all[address], post: storing(address, operationId) };
  }
  return all;
}

function storing(address: string, operationId: string): object {
  const summary = 'Keep a segmentation or structure set that a reader has drawn over the images of a result (STOW-RS)';
  const requestBody = { required: true, content: { [FILES]: { schema: { type: 'string', format: 'binary' } } } };
  const response = (description: string) => ({
    description,
    content: { [JSON_MODEL]: { schema: { type: 'object' } } },
  });
  return {
    ...operation(
      address,
      { operationId, summary },
      {
        200: response('All are kept; `Overread-Run` names the run that measures it.'),
        202: response('Some are kept, and some refused, each with its reason.'),
        409: response('None is kept; each with its reason, for people in `Warning`.'),
        ...problems(400, 401, 403, 413, 415),
      },
    ),
    requestBody,
  };
}

function operation(
  address: string,
  named: { readonly operationId: string; readonly summary: string },
  responses: Answers,
  more: readonly object[] = [],
) {
  const names = [...address.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const inPath = names.map((name) => {
    const { pattern, description } = PARTS[name] ?? { pattern: '.', description: name };
    return { name, in: 'path', required: true, description, schema: { type: 'string', pattern } };
  });
  return { ...named, tags: ['DICOMweb'], servers: [{ url: '/' }], parameters: [...inPath, ...more], responses };
}

function content(type: string): object {
  const schema =
    type === JSON_MODEL ? { type: 'array', items: { type: 'object' } } : { type: 'string', format: 'binary' };
  return { description: 'As PS3.18 has it.', content: { [type]: { schema } } };
}

function query(name: string, required: boolean): object {
  const description = 'One, or several with commas.';
  return {
    name,
    in: 'query',
    required,
    description,
    schema: { type: 'string', pattern: '^[0-9.,\\\\]+$', maxLength: 1300 },
  };
}

const PAGE = ['limit', 'offset'].map((name) => ({
  name,
  in: 'query',
  required: false,
  description: name === 'limit' ? 'Most answers.' : 'Answers that are left out at the beginning.',
  schema: { type: 'integer', minimum: 0 },
}));
