import { main } from '../operator.ts';
import { inferDetection } from './operator.ts';

await main(inferDetection);
