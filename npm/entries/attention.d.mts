export * from './attention.js';
import * as attention from './attention.js';
export default attention;
