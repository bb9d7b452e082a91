import { main } from '../operator.ts';
import { dicomParser } from './operator.ts';

await main(dicomParser);
