'use strict';

// Relations as callers give them, [child, ancestor] by name or packed, -> numbered nodes, pairs, and what is odd about them.
const inputs = require('../inputs.js');
const { isList, lengthOf, mismatch, tagOf, unexpected } = require('../errors.js');

/** The names of nodes -> numbers; a name must be a text that is not empty. */
function numberNames(list, name) {
  const numbers = new Map();
  inputs.mapList(list, inputs.lengthOfList(list, name), (one, i) => {
    nameOf(one, () => `${name}[${i}]`);
    if (numbers.has(one)) throw mismatch('ERR_DUPLICATE_KEY', 'different names', `${name}[${i}]`, JSON.stringify(one));
    numbers.set(one, i);
  });
  return numbers;
}

function nameOf(value, name) {
  if (typeof value !== 'string' || value.length === 0) throw unexpected('ERR_INVALID_ARG', 'a name', name(), value);
  return value;
}

/** Node numbers of a packed list. */
function numbersOf(value, name, nodes) {
  const tag = tagOf(value);
  if (tag === undefined && !isList(value)) throw unexpected('ERR_INVALID_ARG', 'a Uint32Array or number[]', name, value);
  const length = tag === undefined ? inputs.lengthOfList(value, name) : lengthOf(value), out = inputs.allocate(length, name, Uint32Array);
  for (let i = 0; i < length; i++) {
    const x = value[i];
    if (!(Number.isInteger(x) && x >= 0 && x < nodes)) throw unexpected('ERR_NOT_FOUND', `the number of one of ${nodes} nodes`, `${name}[${i}]`, x);
    out[i] = x;
  }
  return out;
}

/** [[child, ancestor], …]: nodes are numbered as they come, or as `known` (name -> number) has them. */
function fromPairs(list, known) {
  const numbers = known ?? new Map(), count = inputs.lengthOfList(list, 'relations');
  const children = inputs.allocate(count, 'relations', Uint32Array), parents = inputs.allocate(count, 'relations', Uint32Array);
  const number = (name, where) => {
    let found = numbers.get(name);
    if (found !== undefined) return found;
    nameOf(name, where);
    if (known) throw unexpected('ERR_NOT_FOUND', 'one of the nodes', where(), name);
    numbers.set(name, found = numbers.size);
    return found;
  };
  for (let i = 0; i < count; i++) {
    const pair = list[i];
    if (!isList(pair) || pair.length !== 2) throw unexpected('ERR_INVALID_ARG', '[child, ancestor]', `relations[${i}]`, pair);
    children[i] = number(pair[0], () => `relations[${i}][0]`);
    parents[i] = number(pair[1], () => `relations[${i}][1]`);
  }
  return { numbers, children, parents };
}

/** {names, children, parents}: pairs of numbers. */
function fromPacked(value) {
  const { names, children, parents } = inputs.options(value, ['names', 'children', 'parents'], 'relations');
  if (!isList(names)) throw unexpected('ERR_INVALID_ARG', 'an array of names', 'relations.names', names);
  const numbers = numberNames(names, 'relations.names');
  const below = numbersOf(children, 'relations.children', numbers.size), above = numbersOf(parents, 'relations.parents', numbers.size);
  if (below.length !== above.length) throw mismatch('ERR_DIMENSION_MISMATCH', `${below.length} elements`, 'relations.parents', above.length);
  return { numbers, children: below, parents: above };
}

/** Pairs without those of a node with itself, which have nothing to learn. */
function withoutLoops({ numbers, children, parents }) {
  let kept = 0;
  const loops = [];
  for (let i = 0; i < children.length; i++) {
    if (children[i] === parents[i]) {
      loops.push(children[i]);
      continue;
    }
    children[kept] = children[i];
    parents[kept++] = parents[i];
  }
  return { numbers, loops, children: children.slice(0, kept), parents: parents.slice(0, kept) };
}

/** For each node, what is above it: {offsets, above}. */
function rowsOf(nodes, children, parents) {
  const offsets = new Uint32Array(nodes + 1), above = new Uint32Array(parents.length);
  for (const child of children) offsets[child + 1]++;
  for (let i = 0; i < nodes; i++) offsets[i + 1] += offsets[i];
  const next = offsets.slice(0, nodes);
  children.forEach((child, i) => { above[next[child]++] = parents[i]; });
  return { offsets, above };
}

/** Nodes that are above each other, in groups: the strongly connected components of more than one node (Tarjan 1972). */
function cyclesOf(nodes, children, parents) {
  const { offsets, above } = rowsOf(nodes, children, parents), order = new Int32Array(nodes).fill(-1), low = new Int32Array(nodes);
  const next = offsets.slice(0, nodes), isOpen = new Uint8Array(nodes), open = [], path = [], found = [];
  let count = 0;
  const enter = (node) => {
    order[node] = low[node] = count++;
    isOpen[node] = 1;
    open.push(node);
    path.push(node);
  };
  for (let root = 0; root < nodes; root++) {
    if (order[root] >= 0) continue;
    enter(root);
    while (path.length > 0) {
      const node = path.at(-1);
      if (next[node] < offsets[node + 1]) {
        const to = above[next[node]++];
        if (order[to] < 0) enter(to);
        else if (isOpen[to]) low[node] = Math.min(low[node], order[to]);
        continue;
      }
      path.pop();
      if (path.length > 0) low[path.at(-1)] = Math.min(low[path.at(-1)], low[node]);
      if (low[node] !== order[node]) continue;
      const group = open.splice(open.lastIndexOf(node));
      for (const one of group) isOpen[one] = 0;
      if (group.length > 1) found.push(group);
    }
  }
  return found;
}

/** All pairs that follow from these: whatever is above what is above. */
function closureOf({ numbers, children, parents }) {
  const nodes = numbers.size, { offsets, above } = rowsOf(nodes, children, parents);
  const seen = new Int32Array(nodes).fill(-1), below = [], up = [];
  for (let node = 0; node < nodes; node++) {
    seen[node] = node;
    const stack = [node];
    while (stack.length > 0) {
      const at = stack.pop();
      for (let i = offsets[at]; i < offsets[at + 1]; i++) {
        const to = above[i];
        if (seen[to] === node) continue;
        seen[to] = node;
        stack.push(to);
        below.push(node);
        up.push(to);
      }
    }
  }
  return { numbers, children: Uint32Array.from(below), parents: Uint32Array.from(up) };
}

/**
 * {names, numbers, children, parents, cycles, loops} of relations in either form. `nodes`: the names there may be, in their order;
 * `closure`: relations are direct ones, and what follows from them is added.
 */
function readRelations(value, { nodes, closure = false } = {}) {
  if (nodes !== undefined && !isList(nodes)) throw unexpected('ERR_INVALID_ARG', 'an array of names', 'nodes', nodes);
  if (typeof closure !== 'boolean') throw unexpected('ERR_INVALID_ARG', 'true or false', 'closure', closure);
  let found;
  if (isList(value)) found = fromPairs(value, nodes && numberNames(nodes, 'nodes'));
  else if (typeof value === 'object' && value !== null && tagOf(value) === undefined) found = fromPacked(value);
  else throw unexpected('ERR_INVALID_ARG', 'an array of [child, ancestor], or {names, children, parents}', 'relations', value);
  const pairs = withoutLoops(found), all = closure ? { ...pairs, ...closureOf(pairs) } : pairs;
  if (all.children.length === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 pair of different nodes', 'relations', 0);
  const names = [...all.numbers.keys()], name = (i) => names[i];
  return { ...all, names, loops: all.loops.map(name), cycles: cyclesOf(names.length, pairs.children, pairs.parents).map((group) => group.map(name)) };
}

module.exports = { readRelations };
