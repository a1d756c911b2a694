'use strict';
// The fuzz of the classes that come from the registry alone: their rows, and arguments by their ports. A new member needs no word here.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { ruvector } = require('../../test/support/index.js');
const { GENERATED, rowOf } = require('../../lib/members/rows.js');
const { stateOf } = require('../../lib/members/member.js');
const { form, matrixForm, numbers, strangers } = require('./vectors.js');

const MADE = GENERATED.map((member) => rowOf(member));
const ASYNC = { kind: 'options', fields: ['threads', 'signal'] }, NOW = { kind: 'options', fields: ['threads'] };

/** The rows of what all members have for files of weights. */
const weightFiles = (name) => ({
  [`${name}#weightsToBuffer`]: ['weightStorage'],
  ...Object.fromEntries(['saveWeights', 'saveWeightsAsync'].map((method) => [`${name}#${method}`, ['weightsFile', 'weightStorage']])),
  ...Object.fromEntries(['loadWeights', 'loadWeightsAsync'].map((method) => [`${name}#${method}`, ['weightsSource', 'weightLoading']])),
});

const rows = { ...weightFiles('RuvectorLayer') };
for (const row of MADE) {
  const name = row.class;
  rows[name] = [{ kind: 'creation', row, spread: true }];
  rows[`${name}.fromJson`] = [{ kind: 'mechanismJson', row }];
  for (const option of row.options.keys()) rows[`${name}#${option}`] = [];
  for (const member of ['parameters', 'getWeights', 'toJson', 'closed', 'close']) rows[`${name}#${member}`] = [];
  rows[`${name}#setWeights`] = ['memberWeights'];
  Object.assign(rows, weightFiles(name));
  if (row.family === 'graph') rows[`${name}#forwardMinibatch`] = ['nodeRows', 'nodeGraph', 'someNodes', { kind: 'options', fields: ['sampleSizes:sizes', 'index:seed', 'index:step'], always: ['sizes'] }];
  if (row.family === 'walk') rows[`${name}#toLayers`] = [];
  if (row.family === 'layer') for (const way of ['Hyperbolic', 'EdgeFeatured', 'DualSpace', 'MoE', 'MultiHead', 'Attention']) rows[`${name}.with${way}`] = ['size', 'size', { kind: 'options', fields: ['index:seed', 'curvature', 'few:numHeads', 'expert:attention'] }];
  for (const [operation, { inputs }] of Object.entries(row.operations)) {
    const ports = inputs.map((port) => ({ kind: 'port', port }));
    rows[`${name}#${operation}`] = [...ports, NOW];
    rows[`${name}#${operation}Async`] = [...ports, ASYNC];
  }
}

/** What is known of the object that is called, where it is a member. */
function known({ self }) {
  try {
    return stateOf(self);
  } catch {
    return { sizes: {}, floats: 3 };
  }
}

/** The size of a side, the same in all arguments of a call. */
function size(c, side) {
  c.sides ??= new Map(Object.entries(c.bad() ? {} : known(c).sizes));
  if (/^\d+$/.test(side)) return Number(side);
  if (!c.sides.has(side)) c.sides.set(side, c.chance.pick([0, 1, 2, 3, 5]));
  return c.sides.get(side);
}

/** A graph of so many nodes; `edges` are then as many as it has. */
function graph(c, [nodes, columns, edges]) {
  const n = size(c, nodes), m = size(c, columns), { chance } = c;
  const old = c.world.graphs.find((one) => !one.closed && one.nodes === n && one.columns === m);
  const made = old && chance.of(0.3) ? old : c.world.keep(new ruvector.Graph({
    offsets: Uint32Array.from({ length: n + 1 }, (_, i) => 2 * i), indices: Uint32Array.from({ length: 2 * n }, () => chance.below(m)), ...(m > 0 && { columns: m }),
  }));
  if (!made.closed) c.sides.set(edges, made.edges);
  return made;
}

function port(c, { port: { type, need, shape } }) {
  const { chance } = c;
  if (need === 'optional' && chance.of(0.4)) return undefined;
  if (c.bad() && chance.of(0.3)) return chance.pick([...strangers(), ...c.world.graphs, ...c.world.sets]);
  if (type === 'graph') return graph(c, shape);
  const sizes = shape.map((side) => size(c, side));
  if (type === 'uint32') return Uint32Array.from({ length: sizes[0] }, () => (c.bad() ? chance.below(9) : 0));
  c.isMeasure ??= chance.of(0.5); // rates, losses, degrees: not below 0
  if (sizes.length === 1) return form(c, c.isMeasure ? numbers(c, sizes[0]).map((x) => Math.abs(x) + 0.01) : numbers(c, sizes[0]));
  return matrixForm(c, sizes[0], sizes[1]);
}

/** A file of this process. */
const weightsFile = path.join(os.tmpdir(), `ruvector-fuzz-${process.pid}.safetensors`);
process.on('exit', () => fs.rmSync(weightsFile, { force: true }));

/** The weights of the object that is called, sometimes with a byte changed or cut. */
function weightsSource(c) {
  const { chance, self } = c;
  if (c.bad() && chance.of(0.3)) return chance.pick([...strangers(), 'no such file', '']);
  let bytes;
  try {
    bytes = self.weightsToBuffer();
    if (!c.bad() && chance.of(0.3)) {
      self.saveWeights(weightsFile);
      return weightsFile;
    }
  } catch {
    bytes = new Uint8Array(16);
  }
  if (!c.bad()) return bytes;
  if (chance.of(0.5)) return bytes.subarray(0, chance.below(bytes.length));
  bytes[chance.below(bytes.length)] ^= 1 << chance.below(8);
  return bytes;
}

const kinds = {
  port,
  weightsFile: (c) => (c.bad() ? c.chance.pick([...strangers().filter((value) => typeof value !== 'string'), '', 'a\0b', path.join(os.tmpdir(), 'no', 'such', 'folder')]) : weightsFile),
  weightsSource,
  weightStorage: (c) => (c.bad() ? c.chance.pick([...strangers(), { storage: 'int4' }, { metadata: { a: 1 } }, { x: 1 }]) : c.chance.pick([undefined, {}, { storage: 'f32' }, { storage: 'f16', metadata: { a: 'b' } }, { storage: 'int8' }])),
  weightLoading: (c) => (c.bad() ? c.chance.pick([...strangers(), { strict: 1 }, { names: 3 }, { names: () => { c.world.bomb(); } }]) : c.chance.pick([undefined, {}, { strict: false }, { mmap: true }, { names: (name) => name }])),
  memberWeights: (c) => form(c, numbers(c, c.bad() ? 3 : known(c).floats)),
};

/** A member of class `name` to call a method on. */
function member(c, name) {
  const row = MADE.find((one) => one.class === name);
  if (row === undefined) return undefined;
  const old = c.world.members.filter((one) => one instanceof ruvector[name] && (!one.closed || c.chance.of(0.2)));
  if (old.length > 0 && c.chance.of(0.8)) return c.chance.pick(old);
  try {
    const { LAYERS, WALKS } = require('./attention.js'), value = (kind) => c.chance.pick(kind !== 'children' ? [1, 2, 4] : row.family === 'walk' ? WALKS : LAYERS);
    return c.world.keep(new ruvector[name](Object.fromEntries([...row.options].filter(([, { kind }]) => ['integer', 'children'].includes(kind)).map(([option, { kind }]) => [option, value(kind)]))));
  } catch {
    return undefined;
  }
}

module.exports = { MADE, kinds, member, rows, weightFiles };
