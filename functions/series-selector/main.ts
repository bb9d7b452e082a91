import { main } from '../operator.ts';
import { seriesSelector } from './operator.ts';

await main(seriesSelector);
