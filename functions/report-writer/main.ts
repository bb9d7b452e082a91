import { main } from '../operator.ts';
import { reportWriter } from './operator.ts';

await main(reportWriter);
