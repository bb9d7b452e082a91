import { main } from '../operator.ts';
import { dicomReader } from './operator.ts';

await main(dicomReader);
