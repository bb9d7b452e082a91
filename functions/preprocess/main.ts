import { main } from '../operator.ts';
import { preprocess } from './operator.ts';

await main(preprocess);
