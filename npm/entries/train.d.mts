export * from './train.js';
import * as train from './train.js';
export default train;
