import { main } from '../operator.ts';
import { segWriter } from './operator.ts';

await main(segWriter);
