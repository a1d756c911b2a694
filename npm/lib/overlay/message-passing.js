'use strict';

// MessagePassing: layers of one's own over the native sums, means and maxima along edges.
const classes = require('../members/classes.js');
const { guard } = require('../guard.js');

let isMessagePassing;
class MessagePassing {
  #aggregation;

  /** `aggr`: 'sum', 'mean' or 'max' (as the option of Aggregation). */
  constructor(options) {
    this.#aggregation = new classes.Aggregation(options ?? {});
  }

  get aggr() {
    return this.#aggregation.aggr;
  }

  /** What the sources of each node have in common: rows as those of x. */
  aggregate(x, graph, options) {
    return this.#aggregation.forward(x, graph, options);
  }

  /** The gradient of `aggregate`: that of x, for the gradient of what it gave. */
  aggregateBackward(x, graph, outputGradient, options) {
    return this.#aggregation.backward(x, graph, outputGradient, options).x;
  }

  /** The new rows of nodes, of what `aggregate` gave and the old ones. Here: what `aggregate` gave. */
  update(aggregated, _x, _graph) {
    return aggregated;
  }

  /** update(aggregate(x, graph), x, graph). */
  forward(x, graph, options) {
    return this.update(this.aggregate(x, graph, options), x, graph);
  }

  get closed() {
    return this.#aggregation.closed;
  }

  close() {
    this.#aggregation.close();
  }

  static {
    isMessagePassing = (value) => typeof value === 'object' && value !== null && #aggregation in value;
  }
}
guard(MessagePassing, isMessagePassing);

module.exports = { MessagePassing };
