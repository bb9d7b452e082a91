import { main } from '../operator.ts';
import { registerResults } from './operator.ts';

await main(registerResults);
