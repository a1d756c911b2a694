'use strict';

// What callers give a Trainer to learn from -> fields in native memory (Field.swift): a field a port of the model and of the loss.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { Graph } = require('../graph.js');
const { Handle } = require('../handle.js');
const { matrix } = require('../matrices.js');
const { has, isList, lengthOf, mismatch, renamed, tagOf, unexpected } = require('../errors.js');

/** As Field.Layout in Swift. */
const [SHARED, ROW, RUN] = [0, 1, 2];
const NOTHING = new Float32Array(0), NO_INDICES = new Uint32Array(0);

/** Whether a value is a list of matrices: one a sample. Empty lists among them are matrices without rows. */
function isListOfMatrices(value) {
  if (!isList(value)) return false;
  let first;
  for (let i = 0; i < value.length && first === undefined; i++) if (!(isList(value[i]) && value[i].length === 0)) first = value[i];
  if (isList(first)) return isList(first[0]) || tagOf(first[0]) !== undefined;
  return typeof first === 'object' && first !== null && tagOf(first) === undefined && has(first, 'data') && has(first, 'rows');
}

/** A list of matrices as one below the other. */
function stacked(list, name) {
  const parts = inputs.mapList(list, list.length, (one, i) => matrix(one, `${name}[${i}]`)), dim = parts.find(({ rows }) => rows > 0)?.dim ?? 0;
  const offsets = new Uint32Array(parts.length + 1);
  parts.forEach(({ rows, dim: its }, i) => {
    if (rows > 0 && its !== dim) throw mismatch('ERR_DIMENSION_MISMATCH', `rows of ${dim} elements`, `${name}[${i}]`, its);
    offsets[i + 1] = offsets[i] + rows;
  });
  const data = inputs.allocate(offsets.at(-1) * dim, name);
  parts.forEach((part, i) => { data.set(part.data.subarray(0, part.rows * dim), offsets[i] * dim); });
  return { layout: RUN, numbers: { data, rows: offsets.at(-1), dim }, offsets };
}

/** Whether rows of a list have different lengths. (No method of the list is called: it may be anybody's.) */
function isRagged(value) {
  const length = (row) => (tagOf(row) ? lengthOf(row) : isList(row) ? row.length : -1);
  if (!isList(value)) return false;
  for (let i = 1; i < value.length; i++) if (length(value[i]) !== length(value[0])) return true;
  return false;
}

/** A vector of numbers, one a sample, as a matrix of one column. */
function column(value, name) {
  const data = inputs.vector(value, name);
  return { data, rows: lengthOf(data), dim: 1 };
}

/**
 * One field. `hasRows`: the port has a row a row of the output, so that a matrix is a row a sample; `isWhole`: the model answers all
 * samples at once (it reads a graph), so that what it reads is shared.
 */
function fieldOf({ name, type, shape }, value, { hasRows, isWhole }) {
  if (type === 'graph') return { layout: SHARED, graph: Handle.of(value, Graph, name) };
  if (type === 'uint32') return { layout: ROW, integers: inputs.indices(value, name) };
  if (type !== 'float32') throw unexpected('ERR_UNSUPPORTED', 'no value', name, value);
  if (shape.length === 1) {
    // One number a sample where the port itself is a number a row, else a vector a sample.
    const isVector = tagOf(value) !== undefined || (isList(value) && typeof value[0] === 'number');
    if (isVector) return isWhole ? { layout: SHARED, numbers: column(value, name) } : { layout: ROW, numbers: column(value, name) };
    if (isListOfMatrices(value)) throw unexpected('ERR_INVALID_ARG', 'a vector a sample', name, value);
    if (isRagged(value)) return stacked(inputs.mapList(value, inputs.lengthOfList(value, name), (row, i) => column(row, `${name}[${i}]`)), name);
    return { layout: ROW, numbers: matrix(value, name) };
  }
  if (isListOfMatrices(value)) return stacked(value, name);
  return { layout: hasRows && !isWhole ? ROW : SHARED, numbers: matrix(value, name) };
}

/** The field of a port, which has values. */
function required(port, value, how) {
  const field = fieldOf(port, value, how);
  if (field.offsets === undefined && field.numbers?.rows === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 element', port.name, 0);
  return { ...field, name: port.name };
}

/** What is said of a row of the data is said of the field's: of a list of matrices, of the sample and the row in it. */
function inField({ name, offsets } = /** @type {any} */ ({}), error) {
  return renamed(error, ({ subject }) => {
    const [, digits] = /^data\[(\d+)\]$/.exec(subject) ?? [], row = Number(digits);
    if (digits === undefined || name === undefined) return undefined;
    if (offsets === undefined) return { subject: `${name}[${row}]` };
    const next = offsets.findIndex((end) => end > row);
    return { subject: `${name}[${next - 1}][${row - offsets[next - 1]}]` };
  });
}

/**
 * The fields of `{inputs, targets, rows}` for a model with this "forward" and a loss with these inputs (undefined: a function).
 * `complete(values)` adds what the model's class takes where it is left out.
 */
function fieldsOf(data, forward, lossInputs, name, complete) {
  const given = inputs.required(data, ['inputs', 'targets', 'rows'], name), [output] = forward.outputs;
  const values = byName(given.inputs, forward.inputs, `${name}.inputs`);
  complete?.(values);
  const isWhole = forward.inputs.some(({ name: port, type }) => type === 'graph' && values[port] !== undefined);
  const fields = forward.inputs.map((port) => values[port.name] === undefined ? undefined
    : required(port, values[port.name], { hasRows: output.shape.length === 2 && port.shape[0] === output.shape[0], isWhole }));
  // Integers that belong to the rows of a matrix which is the same for all (levels of nodes) are the same for all, too.
  forward.inputs.forEach(({ type, shape: [side] }, i) => {
    const isShared = type === 'uint32' && side !== output.shape[0] && forward.inputs.some((port, k) => k !== i && port.shape[0] === side && fields[k]?.layout === SHARED);
    if (isShared && fields[i]) fields[i].layout = SHARED;
  });
  const others = lossInputs?.slice(1) ?? [], targets = lossInputs ? byName(given.targets, others, `${name}.targets`) : {};
  for (const port of others) {
    const isShared = port.shape.length === 2 && port.shape[0] !== lossInputs[0].shape[0];
    fields.push(targets[port.name] === undefined ? undefined : required(port, targets[port.name], { hasRows: !isShared, isWhole: false }));
  }
  // A row of the output a sample: `rows` says which.
  let rows = given.rows === undefined ? undefined : inputs.indices(given.rows, `${name}.rows`);
  if (isWhole && rows === undefined && !fields.slice(forward.inputs.length).some((field) => field?.layout === ROW)) {
    rows = Uint32Array.from({ length: values[forward.inputs.find(({ type }) => type === 'graph').name].nodes }, (_, i) => i);
  }
  if (isWhole && rows === undefined) requireAll(forward, values, fields, `${name}.targets`);
  if (!isWhole && rows !== undefined) throw unexpected('ERR_INVALID_ARG', 'nothing but for models over a graph', `${name}.rows`, rows);
  return { fields, rows };
}

/** How many samples a field has. */
const samplesOf = ({ numbers, integers, offsets }) => (offsets ? offsets.length - 1 : numbers?.rows ?? lengthOf(integers));

/** Of a model that answers all at once, and without `rows`: a target for each row that it gives, a row a node (or entry) of the graph. */
function requireAll({ inputs: ports, outputs: [output] }, values, fields, name) {
  const port = ports.find(({ type }) => type === 'graph'), { nodes, columns, edges } = values[port.name], at = port.shape.indexOf(output.shape[0]);
  // What has samples of its own among the inputs is called sample by sample.
  if (output.shape.length !== 2 || at < 0 || fields.slice(0, ports.length).some((field) => field && field.layout !== SHARED)) return;
  const wanted = [nodes, columns, edges][at], other = fields.slice(ports.length).find((field) => field && field.layout !== SHARED && samplesOf(field) !== wanted);
  if (other) throw mismatch('ERR_DIMENSION_MISMATCH', `${wanted} samples, one a row of the output (or rows, which says which),`, name, samplesOf(other));
}

/** Values of ports as {port: value}; a single one that is needed may stand alone. */
function byName(value, ports, name) {
  const names = ports.map((port) => port.name), isPlain = typeof value === 'object' && value !== null && !isList(value) && tagOf(value) === undefined && !Handle.looksLike(value) && !has(value, 'data');
  if (isPlain) return { ...inputs.options(value, names, name) };
  if (value === undefined && !ports.some(({ need }) => need === 'required')) return {};
  if (value === undefined || names.length === 0) throw unexpected('ERR_INVALID_ARG', names.length === 0 ? 'nothing' : 'values', name, value);
  return { [names[0]]: value };
}

/** Copies the fields into set 0 (training) or 1 (validation) of a native trainer; how many samples there are. */
function load(handle, set, { fields, rows }) {
  const put = (place, layout, { numbers, integers, graph, offsets } = /** @type {any} */ ({})) => native.run(
    handle, 'load',
    [Float32Array.of(set, place, layout), numbers?.data ?? NOTHING, integers ?? NO_INDICES, graph ?? NOTHING, offsets ?? NO_INDICES, new Float32Array(1)],
    Float64Array.of(-1, -1, numbers?.rows ?? -1, numbers?.dim ?? -1, -1, -1, -1, -1, -1, -1, -1, -1), 1, undefined,
  );
  fields.forEach((field, i) => {
    try {
      put(i, field?.layout ?? SHARED, field);
    } catch (error) {
      throw inField(field, error);
    }
  }); // one that is left out takes the place of an earlier run's
  put(fields.length, ROW, { integers: rows });
  const samples = new Float32Array(1);
  native.run(handle, 'ready', [Float32Array.of(set), samples], Float64Array.of(-1, -1, -1, -1), 1, undefined);
  return samples[0];
}

module.exports = { byName, fieldsOf, load };
