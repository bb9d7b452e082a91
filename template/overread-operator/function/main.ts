import { main } from '../operator.ts';
import { countImages } from './operator.ts';

await main(countImages);
