'use strict';
// The fuzz of Graph: rows, and arguments of its own.
const { strangers } = require('./vectors.js');

const rows = {
  Graph: ['graphArrays'],
  'Graph.fromEdges': ['graphEdges', 'graphOptions'],
  'Graph.open': ['graphToken'],
  ...Object.fromEntries(['nodes', 'columns', 'edges', 'offsets', 'indices', 'token', 'closed', 'close'].map((name) => [`Graph#${name}`, []])),
};

/** Whole numbers in a form that a caller may give them. */
function whole(c, list) {
  const { chance, buffers } = c, into = (array) => { array.set(list); buffers.push(array.buffer); return array; };
  switch (chance.below(6)) {
    case 0: return list;
    case 1: return into(new Int32Array(list.length));
    case 2: return into(new Uint32Array(new SharedArrayBuffer(4 * list.length)));
    case 3: return into(new Uint32Array(new ArrayBuffer(4 * list.length, { maxByteLength: 8 * list.length })));
    default: return into(new Uint32Array(list.length));
  }
}

/** The same with an element spoilt, or one behind a getter that interferes. */
function badWhole(c, list) {
  const { chance } = c, at = chance.below(list.length || 1), copy = list.slice();
  if (chance.of(0.3)) return chance.pick(strangers());
  if (chance.of(0.3)) return Object.defineProperty(copy, at, { configurable: true, enumerable: true, get: () => { c.interfere(); return list[at]; } });
  copy[at] = chance.pick([-1, 0.5, NaN, 2 ** 31, 2 ** 32 - 1, 2 ** 32, '1', undefined, 1n]);
  return copy;
}
const numbers = (c, list) => (c.bad() ? badWhole(c, list) : whole(c, list));

/** Sources of a random graph, a list a node. */
const random = ({ chance }, nodes, columns) => Array.from({ length: nodes }, () => Array.from({ length: columns > 0 ? chance.below(4) : 0 }, () => chance.below(columns)));

const ABSURD = [0, -1, 1.5, NaN, 2 ** 31, 2 ** 53, '3', null];

const kinds = {
  graphArrays(c) {
    const { chance } = c, nodes = chance.below(6), columns = chance.of(0.5) ? undefined : 1 + chance.below(9), lists = random(c, nodes, columns ?? nodes), offsets = [0];
    for (const list of lists) offsets.push(offsets.at(-1) + list.length);
    if (c.bad() && chance.of(0.3)) return chance.pick([...strangers(), { offsets }, { offsets, indices: [], colums: 3 }, { offsets: [], indices: [] }]);
    const given = { offsets: numbers(c, offsets), indices: numbers(c, lists.flat()) };
    if (columns !== undefined) given.columns = c.bad() ? chance.pick(ABSURD) : columns;
    return given;
  },
  graphEdges(c) {
    const { chance } = c, nodes = c.graphNodes = 1 + chance.below(5), lists = random(c, nodes, nodes);
    const [sources, targets] = [lists.flat(), lists.flatMap((list, i) => list.map(() => i))];
    if (c.bad() && chance.of(0.3)) return chance.pick([...strangers(), { sources }, { sources, targets: [...targets, 0] }, [0, 0, 0]]);
    return chance.of(0.5) ? { sources: numbers(c, sources), targets: numbers(c, targets) } : numbers(c, sources.flatMap((source, i) => [source, targets[i]]));
  },
  graphOptions(c) {
    const { chance } = c, nodes = c.graphNodes ?? 3;
    if (!c.bad()) return chance.of(0.5) ? { nodes } : { nodes, columns: nodes + chance.below(3) };
    return chance.pick([...strangers(), { nodes: chance.pick(ABSURD) }, { nodes, columns: chance.pick(ABSURD) }, { nodes: 0 }, { nodes, column: 2 }]);
  },
  graphToken: (c) => (c.bad() ? c.chance.pick([{ graph: c.chance.pick([-1, 0, 0.5, 2 ** 52, NaN, 1n, '1']) }, ...c.world.tokens, ...strangers()]) : c.chance.pick(c.world.graphTokens)),
};

module.exports = { kinds, rows };
