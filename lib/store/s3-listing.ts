/** One page of a listing as S3 answers it. */
export interface ListingPage {
  readonly objects: readonly { readonly key: string; readonly size: number; readonly lastModified: Date }[];
  readonly prefixes: readonly string[];
  /** Undefined on the last page. */
  readonly continuationToken: string | undefined;
}

/**
 * Reads the answer to ListObjectsV2 with `encoding-type=url`, in which keys hold no character of XML.
 *
 * The `minio` client's own parser reads a key such as `0123` as a number.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export function readListing(xml: string): ListingPage {
  const objects = elements(xml, 'Contents').map((element) => ({
    key: decodeKey(text(element, 'Key')),
    size: Number(text(element, 'Size')),
    lastModified: new Date(text(element, 'LastModified')),
  }));
  const prefixes = elements(xml, 'CommonPrefixes').map((element) => decodeKey(text(element, 'Prefix')));
  const isTruncated = text(xml, 'IsTruncated') === 'true';
  return { objects, prefixes, continuationToken: isTruncated ? text(xml, 'NextContinuationToken') : undefined };
}

/** The query of one page. @param delimiter `/` to list "folders", or empty */
export function listingQuery(prefix: string, delimiter: '' | '/', continuationToken: string | undefined): string {
  const query = [
    ...(continuationToken === undefined ? [] : [`continuation-token=${escapeQuery(continuationToken)}`]),
    `delimiter=${escapeQuery(delimiter)}`,
    'encoding-type=url',
    'list-type=2',
    `prefix=${escapeQuery(prefix)}`,
  ];
  return query.join('&');
}

/** A key as listings write it: query-escaped, a space as `+`. */
function decodeKey(escaped: string): string {
  return decodeURIComponent(escaped.replaceAll('+', ' '));
}

/** Escapes as the signature of S3 wants it: everything but letters, digits and `-_.~`. */
export function escapeQuery(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
}

function elements(xml: string, name: string): string[] {
  return Array.from(xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'gs')), (match) => match[1] ?? '');
}

function text(xml: string, name: string): string {
  return (elements(xml, name)[0] ?? '').replaceAll('&#43;', '+').replaceAll('&amp;', '&');
}
