import { describe, expect, it } from 'vitest';
import { Route } from '../../schemas/site.ts';
import { HOME, readConfiguration } from '../platform/configuration.ts';
import { checkRoutes } from './check-routes.ts';

const route = (when: Record<string, string | string[]>, name = 'hip') => Route.parse({ name, pipeline: 'p', when });

describe('routes of a site', () => {
  it('are taken as the product brings them', () => {
    const { site, siteFile } = readConfiguration({});
    expect(siteFile.startsWith(HOME)).toBe(true);
    expect(() => checkRoutes(site.routes, siteFile)).not.toThrow();
  });

  it.each([
    [{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.*' }],
    [{ SOPClassUID: ['1.3.12.2.1107.5.9.1', 'MR Image Storage'] }],
    [{ StudyDescription: 'MR Image Storag' }],
  ])('may say %j', (when) => {
    expect(() => checkRoutes([route(when)], 'site.yaml')).not.toThrow();
  });

  it.each([
    [[route({ StudyDescripton: 'PELVIS' })], '`StudyDescripton` is no DICOM keyword'],
    [[route({ SOPClassUID: ['1.2.3', 'MR Image Storag'] })], '`MR Image Storag` is no SOP class'],
    [[route({}), route({})], 'another route has this name'],
  ])('are refused with file, route and what is wrong: %#', (routes, wrong) => {
    expect(() => checkRoutes(routes, 'site.yaml')).toThrow(`site.yaml: route \`hip\`: ${wrong}`);
  });
});
