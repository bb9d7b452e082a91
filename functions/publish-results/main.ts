import { main } from '../operator.ts';
import { publishResults } from './operator.ts';

await main(publishResults);
