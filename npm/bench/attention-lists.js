'use strict';

// Every class of @ruvector/attention in its own form: lists of Float32Arrays, the same list each time and a new one.
const { attention: A } = require('./library.js');
const { generator, once } = require('./measure.js');

const dim = 128;

/** [name, that of its row in peers.js, make] */
const CLASSES = [
  ['DotProductAttention(128)', 'dot', () => new A.DotProductAttention(dim)], ['MultiHeadAttention(128, 8)', 'heads', () => new A.MultiHeadAttention(dim, 8)],
  ['FlashAttention(128, 64)', 'flash', () => new A.FlashAttention(dim, 64)], ['LocalGlobalAttention(128, 128, 8)', 'local', () => new A.LocalGlobalAttention(dim, 128, 8)],
  ['GraphRoPeAttention.simple(128, 1000)', 'rope', () => A.GraphRoPeAttention.simple(dim, 1000)], ['MoEAttention.simple(128, 4, 2)', 'moe', () => A.MoEAttention.simple(dim, 4, 2)],
  ['HyperbolicAttention(128, 1)', 'hyperbolic', () => new A.HyperbolicAttention(dim, 1)], ['LinearAttention(128, 64)', 'linear', () => new A.LinearAttention(dim, 64)],
  ["EdgeFeaturedAttention, version 'v1', 16-d edges", 'edge', () => new A.EdgeFeaturedAttention({ nodeDim: dim, edgeDim: 16, numHeads: 4, version: 'v1', seed: 0 })],
  ['EdgeFeaturedAttention.simple(128, 16, 4), GATv2', 'edge', () => A.EdgeFeaturedAttention.simple(dim, 16, 4)], ['DualSpaceAttention.simple(128, 1)', 'dual', () => A.DualSpaceAttention.simple(dim, 1)],
];

/** One query and n keys: {name, key, same, copied}, the last two making what is to be run. */
function listCases(n) {
  const inputs = once(() => {
    const random = generator(5), rows = (count, width, scale) => Array.from({ length: count }, () => Float32Array.from({ length: width }, () => scale * random()));
    return [rows(1, dim, 0.08)[0], rows(n, dim, 0.08), rows(n, dim, 0.08), rows(n, 16, 1)];
  });
  const run = (create, copy) => () => {
    const one = create(), [q, k, v, edges] = inputs();
    return one instanceof A.EdgeFeaturedAttention ? () => one.computeWithEdges(q, copy(k), copy(v), copy(edges)) : () => one.compute(q, copy(k), copy(v));
  };
  return CLASSES.map(([name, key, create]) => ({ name, key, same: run(create, (list) => list), copied: run(create, (list) => list.slice()) }));
}

module.exports = { listCases };
