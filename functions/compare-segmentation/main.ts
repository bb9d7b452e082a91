import { main } from '../operator.ts';
import { compareSegmentation } from './operator.ts';

await main(compareSegmentation);
