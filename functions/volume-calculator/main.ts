import { main } from '../operator.ts';
import { volumeCalculator } from './operator.ts';

await main(volumeCalculator);
