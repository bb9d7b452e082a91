import { describe, expect, it } from 'vitest';
import { escapeQuery, listingQuery, readListing } from './s3-listing.ts';

describe('readListing', () => {
  it('reads objects, folders and the token of the next page', () => {
    const page = readListing(`<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>runs</Name><Prefix></Prefix>
<NextContinuationToken>a&#43;b&amp;c==</NextContinuationToken><KeyCount>3</KeyCount><IsTruncated>true</IsTruncated>
<Contents><Key>0123</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>&#34;x&#34;</ETag><Size>7</Size></Contents>
<Contents><Key>a+b%2B%C3%BC/c</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified><Size>0</Size></Contents>
<CommonPrefixes><Prefix>sub+folder/</Prefix></CommonPrefixes></ListBucketResult>`);
    expect(page).toEqual({
      objects: [
        { key: '0123', size: 7, lastModified: new Date('2026-01-02T03:04:05.678Z') },
        { key: 'a b+ü/c', size: 0, lastModified: new Date('2026-01-02T03:04:05.678Z') },
      ],
      prefixes: ['sub folder/'],
      continuationToken: 'a+b&c==',
    });
  });

  it('reads an empty last page', () => {
    const page = readListing('<ListBucketResult><Prefix>x</Prefix><IsTruncated>false</IsTruncated></ListBucketResult>');
    expect(page).toEqual({ objects: [], prefixes: [], continuationToken: undefined });
  });
});

describe('listingQuery', () => {
  it('is sorted and escaped, as the signature wants it', () => {
    expect(listingQuery("a b/(1)'s*", '/', 'x+/=')).toBe(
      'continuation-token=x%2B%2F%3D&delimiter=%2F&encoding-type=url&list-type=2&prefix=a%20b%2F%281%29%27s%2A',
    );
    expect(escapeQuery('-_.~')).toBe('-_.~');
  });
});
