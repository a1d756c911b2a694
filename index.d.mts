export * from './index.js';
import * as ruvector from './index.js';
export default ruvector;
