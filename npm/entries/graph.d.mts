export * from './graph.js';
import * as graph from './graph.js';
export default graph;
