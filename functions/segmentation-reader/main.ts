import { main } from '../operator.ts';
import { segmentationReader } from './operator.ts';

await main(segmentationReader);
