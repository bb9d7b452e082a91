import { main } from '../operator.ts';
import { rtstructWriter } from './operator.ts';

await main(rtstructWriter);
