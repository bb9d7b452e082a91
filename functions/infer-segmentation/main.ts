import { main } from '../operator.ts';
import { inferSegmentation } from './operator.ts';

await main(inferSegmentation);
