'use strict';
// The graph layers against PyTorch Geometric in double precision (npm/golden/graph-layers.py): outputs, weights of edges, gradients of
// inputs, edges and parameters.
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { root, ruvector } = require('./support/index.js');

const golden = JSON.parse(fs.readFileSync(path.join(root, 'Tests/Fixtures/graph-layers.json'), 'utf8'));

/** As in the script. */
const numbers = (count, seed, scale = 1) =>
  Float64Array.from({ length: count }, (_, k) => (scale * (((k * 7919 + seed * 104729 + ((k * k) % 31) * 13) % 257) - 128)) / 128);

/** Where a sum is 0 (a bias of keys shifts all of a softmax), what is left of terms that cancel is no more than their rounding. */
function close(actual, expected, what) {
  assert.strictEqual(actual.length, expected.length, what);
  const most = Math.max(1e-3, ...expected.map(Math.abs));
  expected.forEach((value, i) => assert(Math.abs(actual[i] - value) <= 4e-6 * most + 3e-7, `${what}[${i}]: ${actual[i]}, expected ${value}`));
}

golden.cases.forEach(({ layer, graph: name, options, ...expected }, index) => {
  test(`${layer} ${JSON.stringify(options)}, ${name} graph`, async () => {
    const { weights: hasWeights, ties, ...rest } = options, lists = golden.graphs[name], n = lists.length;
    const own = { inChannels: golden.in, outChannels: golden.out, seed: 1, ...rest };
    const member = new ruvector[layer](own), edges = lists.flat().length;
    const sorted = [...member.parameters].sort((a, b) => (a.name < b.name ? -1 : 1)), made = {};
    sorted.forEach((parameter, place) => { made[parameter.name] = numbers(parameter.shape.reduce((a, b) => a * b, 1), 100 * index + place, 0.8); });
    member.setWeights(Float32Array.from(member.parameters.flatMap((parameter) => [...made[parameter.name]])));
    const graph = new ruvector.Graph({
      offsets: lists.reduce((all, list) => [...all, all.at(-1) + list.length], [0]), indices: lists.flat(),
      ...(hasWeights ? { weights: Float32Array.from(numbers(edges, 7 * index + 3), (w) => Math.abs(w) + 0.1) } : {}),
    });
    const x = { data: Float32Array.from(numbers(n * golden.in, 7 * index + 1, own.input === 'ball' ? 0.3 : 1), (v) => (ties ? Math.max(v, 0) + 0.5 : v)), rows: n, dim: golden.in };
    const edgeAttr = own.edgeDim ? { data: Float32Array.from(numbers(edges * own.edgeDim, 7 * index + 2)), rows: edges, dim: own.edgeDim } : undefined;
    const output = member.forward(x, graph, edgeAttr);
    close(output.data, expected.output, 'output');
    const g = { ...output, data: Float32Array.from(numbers(output.data.length, 7 * index + 4)) };
    const gradients = await member.backwardAsync(x, graph, edgeAttr, g, { threads: 2 });
    close(gradients.x, expected.x, 'gradient of x');
    if (expected.edgeAttr) close(gradients.edgeAttr, expected.edgeAttr, 'gradient of edgeAttr');
    let at = 0;
    for (const parameter of member.parameters) {
      const count = parameter.shape.reduce((a, b) => a * b, 1);
      close(gradients.parameters.subarray(at, at + count), expected.parameters[parameter.name], `gradient of ${parameter.name}`);
      at += count;
    }
    if (!expected.attention) return;
    const seen = member.forwardWithAttention(x, graph, edgeAttr), { heads } = member;
    assert.deepStrictEqual(seen.output, output, 'the same bits');
    // Theirs are the edges that are left, in order, then the loops.
    const ours = [];
    let entry = 0;
    const looped = member.addSelfLoops ?? false;
    lists.forEach((list, i) => list.forEach((j) => {
      const row = seen.attention.data.subarray(entry * heads, (entry + 1) * heads);
      if (!(looped && i === j)) ours.push(...row);
      else assert(row.every((weight) => weight === 0));
      entry++;
    }));
    if (looped) ours.push(...seen.loops.data);
    close(ours, expected.attention.weights, 'attention');
  });
});
