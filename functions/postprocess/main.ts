import { main } from '../operator.ts';
import { postprocess } from './operator.ts';

await main(postprocess);
