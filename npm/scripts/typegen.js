'use strict';
// What Swift's registry says of every member -> what is generated from it:
//   npm/lib/generated/registry.js   what JavaScript makes classes of
//   npm/lib/generated/indexes.js    the options of indexes
//   npm/types/generated.d.ts        options, classes of the families without an overlay
//   docs/options.md                 every member and index: formula, options, operations
//   what npm/scripts/esm.js writes
//   node npm/scripts/typegen.js [--check]     --check: writes nothing, fails where a file differs
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '../..'), WRITTEN = 'Written by npm/scripts/typegen.js.';
const isCheck = process.argv.includes('--check');

/** The registry, as the executable of a debug build prints it (release builds hold no prose); a check takes the build of the tests. */
function readRegistry() {
  const swift = (...args) => {
    const script = path.join(__dirname, isCheck ? 'checked.sh' : 'swift.sh');
    const { status, stdout, stderr, error } = spawnSync('bash', [script, ...args], { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
    if (error || status !== 0) throw new Error(`swift ${args.join(' ')}: ${error?.message ?? stderr.slice(-2000)}`);
    return stdout;
  };
  swift('build', '--product', 'ruvector-typegen');
  const comments = readComments(), documented = (one) => ({ ...one, options: one.options.map((option) => ({ ...option, family: one.family })), doc: comments[`${one.type}Layer`] ?? comments[one.type] ?? '' });
  const { members, indexes } = JSON.parse(swift('run', '--skip-build', 'ruvector-typegen'));
  return { members: members.map(documented), indexes: indexes.map(documented) };
}

/** Class -> the comment above it. */
function readComments() {
  const found = {}, folder = path.join(root, 'Sources');
  for (const file of fs.readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.swift'))) {
    const text = fs.readFileSync(path.join(folder, file), 'utf8');
    for (const [, comment, name] of text.matchAll(/^((?:\/\/\/.*\n)+)public final class (\w+)/gm)) found[name] = comment.replace(/^\/\/\/ ?/gm, '').trimEnd();
  }
  return found;
}

// ---- registry.js ----

const quoted = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function registryOf(members) {
  const port = ({ name, type, need, shape }) => `{ name: ${quoted(name)}, type: ${quoted(type)}, need: ${quoted(need)}, shape: [${shape.map(quoted).join(', ')}] }`;
  const lines = [];
  for (const member of members) {
    const options = member.options.map((option) => `[${[quoted(option.name), quoted(option.kind), ...option.before === undefined ? [] : [standardOf({ ...option, standard: option.before })]].join(', ')}]`).join(', ');
    const operations = member.operations.map(({ name, inputs, outputs, changesMember }) =>
      `${/^\w+$/.test(name) ? name : quoted(name)}: OPERATIONS[${shared(`{ inputs: [${inputs.map(port).join(', ')}], outputs: [${outputs.map(port).join(', ')}]${changesMember ? ", changesMember: true" : ""} }`)}]`);
    lines.push(`  { family: ${quoted(member.family)}, name: ${quoted(member.name)}, type: ${quoted(member.type)}, isGenerated: ${isGenerated(member)}, options: [${options}], operations: { ${operations.join(', ')} } },`);
  }
  return `'use strict';\n// ${WRITTEN}\n\nconst OPERATIONS = [\n${[...table.keys()].map((text) => `  ${text},\n`).join('')}];\n\n/** Members; \`isGenerated\`: whether its class comes from the registry alone. */\nconst MEMBERS = [\n${lines.join('\n')}\n];\n\nmodule.exports = { MEMBERS };\n`;
}

/** Operations that several members have stand once. */
const table = new Map();
function shared(text) {
  if (!table.has(text)) table.set(text, table.size);
  return table.get(text);
}

/** The bounds of an integer, where it has any. */
const boundsOf = ({ kind, wanted }) => (kind === 'integer' ? /in (\d+)\.\.\.(\d+)$/.exec(wanted)?.slice(1) : undefined);

function indexesOf(indexes) {
  const option = (one) => `${one.name}: { kind: ${quoted(one.kind)}${boundsOf(one) ? `, least: ${boundsOf(one)[0]}, most: ${boundsOf(one)[1]}` : ''} }`;
  return `'use strict';\n// ${WRITTEN}\n\n/** Kind of index -> its options by name. */\nconst INDEXES = {\n${indexes.map(({ name, options }) => `  ${name}: {\n${options.map((one) => `    ${option(one)},\n`).join('')}  },\n`).join('')}};\n\nmodule.exports = { INDEXES };\n`;
}

/** Families whose classes come from the registry alone. */
const GENERATED = ['walk', 'graph', 'dense', 'loss', 'optimizer', 'schedule', 'miner', 'continual', 'balancing', 'head'];
const isGenerated = ({ family, type }) => GENERATED.includes(family) || type === 'RuvectorLayerV2';

// ---- prose ----

/** The first sentence of a comment, its formulas (indented lines) and the rest. */
function partsOf(doc) {
  const lines = doc.split('\n'), formulas = lines.filter((line) => line.startsWith('    ')).map((line) => line.slice(4));
  const text = lines.filter((line) => !line.startsWith('    ')).join('\n').replaceAll('``', '`');
  const [first, ...rest] = text.split(/\n\n+/).map((part) => part.trim()).filter(Boolean);
  return { first: (first ?? '').replaceAll('\n', ' '), formulas, rest };
}

const standardOf = ({ kind, standard, choices }) => {
  if (standard === undefined || standard === null) return undefined;
  if (kind === 'flag') return String(standard !== 0);
  if (kind === 'choice') return `'${choices[standard]}'`;
  return String(standard);
};
const rangeOf = ({ kind, wanted, choices }) => {
  if (kind === 'flag') return 'true or false';
  if (kind === 'choice') return choices.map((one) => `'${one}'`).join(' or ');
  return wanted.replace(/^an? /, '');
};
const typeOf = ({ kind, choices, name, family }) => ({ flag: 'boolean', seed: 'number | bigint', children: family === 'walk' ? 'readonly WalkLayer[]' : name === 'layers' ? 'readonly Layer[]' : name === 'attention' ? 'Expert' : 'readonly Expert[]', choice: choices?.map((one) => `'${one}'`).join(' | ') })[kind] ?? 'number';
const shown = ({ shape, type }) => (type === 'graph' ? `a graph of ${shape[0]} nodes` : `[${shape.join(', ')}]`);

// ---- generated.d.ts ----

const TYPES = { graph: 'Graph', uint8: 'Uint8Array', uint32: 'Uint32Array | Int32Array | readonly number[]', float64: 'Float64Array' };
const argumentType = ({ type, shape }) => TYPES[type] ?? (shape.length === 1 && shape[0] === '1' ? 'number | Vector' : shape.length === 2 ? 'Matrix | Vector' : 'Vector');

function resultType({ name, outputs }) {
  const areGradients = name === 'backward' || name === 'valueAndGradients', isNumber = ({ shape }) => shape.length === 1 && shape[0] === '1';
  if (areGradients || outputs.length > 1) {
    return `{ ${outputs.map((part) => `${part.name}${part.need === 'optional' ? '?' : ''}: ${areGradients && !isNumber(part) ? 'Float32Array' : resultType({ outputs: [part] })}${part.need === 'optional' ? ' | undefined' : ''}`).join('; ')} }`;
  }
  const [{ shape }] = outputs;
  if (shape.length === 1) return shape[0] === '1' ? 'number' : 'Float32Array';
  return outputs[0].type === 'uint32' ? 'IndexRows' : 'Rows';
}

/** The comment of an option or a class. */
const comment = (text, indent = '') => {
  const words = text.replaceAll('*/', '* /').split(/(?<=\S) +/), lines = [''];
  for (const word of words) {
    if (lines.at(-1) !== '' && `${indent} * ${lines.at(-1)} ${word}`.length > 130) lines.push(word);
    else lines[lines.length - 1] += `${lines.at(-1) === '' ? '' : ' '}${word}`;
  }
  return lines.length === 1 ? `${indent}/** ${lines[0]} */\n` : `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join('')}${indent} */\n`;
};

const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** The fields of an interface; `optional`: what holds where an option without a default is left out. */
function optionLines(options, optional = {}) {
  let text = '';
  for (const option of options) {
    const standard = optional[option.name] ?? standardOf(option), isNeeded = standard === undefined && option.kind !== 'seed';
    const note = option.kind === 'flag' ? option.note.replace(/\b1: /, 'true: ').replace(/\b0: /, 'false: ') : option.note;
    const range = ['flag', 'choice', 'seed'].includes(option.kind) ? '' : ` ${capital(rangeOf(option))}.`;
    const initial = option.kind === 'seed' && !optional[option.name] ? ' Random where left out (read it from the object).' : isNeeded ? '' : ` Default ${standard}.`;
    text += comment(`${note}${range}${initial}`, '  ');
    text += `  ${option.name}${isNeeded ? '' : '?'}: ${typeOf(option)}${isNeeded ? '' : ' | undefined'};\n`;
  }
  return text;
}

/** The options of indexes: those of all kinds, and what a kind has besides. Names of keys have a type of their own. */
function indexOptions(indexes) {
  const common = indexes[0].options.filter(({ name }) => indexes.every(({ options }) => options.some((one) => one.name === name)));
  const lines = optionLines(common), keys = common.find(({ name }) => name === 'keys');
  let text = `/** What all indexes are made with. \`keys\` makes the type of the index: \`new HNSWIndex({ dim, keys: 'string' })\` is an HNSWIndex<string>. */\nexport interface IndexOptions<K extends IndexKey = number> {\n${lines.replace(`keys?: ${typeOf(keys)}`, 'keys?: KindOfKey<K>')}}\n\n`;
  for (const { type, options } of indexes) {
    const own = options.filter((option) => !common.includes(option) && !common.some(({ name }) => name === option.name));
    if (own.length > 0) text += `export interface ${type.replace('Index', 'Options')}<K extends IndexKey = number> extends IndexOptions<K> {\n${optionLines(own, { seed: own.find(({ name }) => name === 'seed')?.standard })}}\n\n`;
  }
  return text;
}

/** The options of the classes of an overlay: by their names there. */
function overlayOptions(members) {
  const { MECHANISMS } = require('../lib/overlay/attention.js');
  let text = '';
  for (const row of Object.values(MECHANISMS)) {
    if (row.only) continue; // spelt out where the class is declared
    const member = members.find(({ family, name }) => family === row.family && name === row.native);
    const options = [...row.options].filter(([, { native }]) => native !== null).map(([name, { native }]) => ({ ...member.options.find((one) => one.name === native), name }));
    const others = new Map([...row.options].map(([name, { native }]) => [native, name]));
    // A note may name other options of its member.
    for (const option of options) for (const [native, name] of others) option.note = option.note.replaceAll(new RegExp(`\\b(divisor of|multiple of|number of|at most) ${native}\\b`, 'g'), `$1 ${name}`);
    text += `export interface ${row.type ?? `${row.class.replace('Attention', '')}Options`} {\n${optionLines(options, row.optional)}`;
    for (const [name, [, note]] of Object.entries(row.more ?? {})) text += `${comment(note, '  ')}  ${name}?: number | undefined;\n`;
    for (const name of row.unread ?? []) text += `  /** In older types of @ruvector/attention; without effect there and here. */\n  ${name}?: number | undefined;\n`;
    text += '}\n\n';
  }
  return text;
}

/** Methods that the classes of a family have besides (npm/lib/overlay/families.js). */
const MORE = {
  loss({ operations: [{ inputs }] }) {
    const list = inputs.map((port) => `${port.name}${port.need === 'optional' ? '?' : ''}: ${argumentType(port)}${port.need === 'optional' ? ' | undefined' : ''}`).join(', ');
    const gradients = inputs.filter(({ differentiable }) => differentiable).map(({ name, need }) => `${name}${need === 'optional' ? '?' : ''}: Float32Array${need === 'optional' ? ' | undefined' : ''}`).join('; ');
    return `  /** \`forward\`. */\n  compute(${list}, options?: ThreadOptions): number;\n  /** \`valueAndGradients\`, the gradients apart. */\n  computeWithGradients(${list}, options?: ThreadOptions): { loss: number; gradients: { ${gradients} } };\n`;
  },
  graph: () => `  /**
   * Rows of some nodes, in their order: the layer sees a subgraph around them, of a node in hop h at most \`sizes[h]\` entries
   * (Infinity: all), drawn by \`seed\` and \`step\`. One size a layer that passes messages.
   */
  forwardMinibatch(x: Matrix, graph: Graph, nodes: Uint32Array | Int32Array | readonly number[], options: MinibatchOptions): Rows;
`,
  layer: () => `  /** With HyperbolicAttention in the ball. Options: the mechanism's, \`seed\`, \`eps\`. */
  static withHyperbolic(inputDim: number, hiddenDim: number, options?: V2Options & { curvature?: number | undefined; temperature?: number | undefined; maps?: boolean | undefined; frechet?: boolean | undefined }): RuvectorLayerV2;
  /** With EdgeFeaturedAttention (GATv2). */
  static withEdgeFeatured(inputDim: number, hiddenDim: number, options?: V2Options & { edgeDim?: number | undefined; numHeads?: number | undefined; negativeSlope?: number | undefined; version?: 'v1' | 'v2' | undefined }): RuvectorLayerV2;
  static withDualSpace(
    inputDim: number, hiddenDim: number, options?: V2Options & { curvature?: number | undefined; euclideanWeight?: number | undefined; hyperbolicWeight?: number | undefined; temperature?: number | undefined }): RuvectorLayerV2;
  /** With MoEAttention; experts 'global' and 'local', of which a node has one, unless told. */
  static withMoE(inputDim: number, hiddenDim: number, options?: V2Options & { experts?: readonly Expert[] | undefined; topK?: number | undefined; expertCapacity?: number | undefined; balance?: number | undefined }): RuvectorLayerV2;
  static withMultiHead(inputDim: number, hiddenDim: number, options?: V2Options & { numHeads?: number | undefined }): RuvectorLayerV2;
  /** With any mechanism of width hiddenDim. */
  static withAttention(inputDim: number, hiddenDim: number, options: V2Options & { attention: Expert }): RuvectorLayerV2;
`,
  walk: () => '  /** The layers with the weights that they have now, as objects of their own: for `hierarchicalForwardV2`, or a text each. */\n  toLayers(): (RuvectorLayer | RuvectorLayerV2)[];\n',
  optimizer: () => `  /** \`step\` of a Float32Array, in place. */\n  stepInPlace(parameters: Float32Array, gradients: Vector, learningRate?: number | Vector | undefined, options?: ThreadOptions): void;\n`,
};

/** Whether it can be made without options. */
const isFree = ({ options }) => options.every((option) => standardOf(option) !== undefined);

function classText(member) {
  const { first, formulas } = partsOf(member.doc);
  let text = `export interface ${member.type}Options {\n${optionLines(member.options)}}\n\n`;
  text += `/**\n * ${first}\n *\n${formulas.map((line) => ` *     ${line}`.trimEnd() + '\n').join('')} *\n * More: docs/options.md.\n */\n`;
  text += `export class ${member.type} {\n  constructor(options${isFree(member) ? '?' : ''}: ${member.type}Options);\n  /** From \`toJson()\`. ERR_CORRUPT for anything else. */\n  static fromJson(json: string): ${member.type};\n`;
  for (const option of member.options) text += `  readonly ${option.name}: ${typeOf(option)};\n`;
  for (const operation of member.operations) {
    const ports = operation.inputs.map((port) => `${port.name}${port.need === 'optional' ? '?' : ''}: ${argumentType(port)}${port.need === 'optional' ? ' | undefined' : ''}`);
    const shapes = [...operation.inputs, ...operation.outputs.map((port) => ({ ...port, isOutput: true }))];
    // An optional port before a required one is passed as undefined.
    const list = operation.inputs.map((port, i) => (port.need === 'optional' && operation.inputs.slice(i + 1).some(({ need }) => need === 'required')
      ? `${port.name}: ${argumentType(port)} | undefined` : ports[i]));
    const changes = operation.changesMember ? ` Changes the object: asynchronous calls take their turns, others are ERR_BUSY meanwhile; rejected with ERR_ABORTED, it has not happened.` : '';
    text += comment(shapes.filter((port) => !port.isOutput).map((port) => `${port.name} ${shown(port)}`).join(', ') + ` → ${operation.outputs.map((port) => `${port.name} ${shown(port)}`).join(', ')}.${changes}`, '  ');
    text += `  ${operation.name}(${[...list, 'options?: ThreadOptions'].join(', ')}): ${resultType(operation)};\n`;
    text += `  ${operation.name}Async(${[...list, 'options?: AsyncOptions'].join(', ')}): Promise<${resultType(operation)}>;\n`;
  }
  text += MORE[member.family]?.(member) ?? '';
  text += `  /** Names and shapes of the parameters, in the order of \`getWeights\`. */
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** A copy of all parameters, one after the other; empty where there are none. */
  getWeights(): Float32Array;
  /** Replaces all parameters. @throws ERR_DIMENSION_MISMATCH, ERR_NON_FINITE, ERR_BUSY while a call is in flight */
  setWeights(weights: Vector): void;
  /** Class, options and weights as JSON, for \`fromJson\` of the same class. */
  toJson(): string;
  readonly closed: boolean;
  /** Frees the native memory once calls in flight are done; later calls give ERR_CLOSED. Closing twice is fine. */
  close(): void;
  [Symbol.dispose](): void;
}

export interface ${member.type} extends WeightFiles {}
`;
  return text;
}

/** The classes of a family as one type, or the options of each by its name. */
const anyOf = (members, family, name) => `export type ${name} = ${members.filter((one) => one.family === family).map(({ type }) => type).join(' | ')};\n`;
const optionsByName = (members, family, name) => `export interface ${name} {\n${members.filter((one) => one.family === family).map((one) => `  ${one.name}: ${one.type}Options;\n`).join('')}}\n`;

/** The function of a loss: made for one call. */
function lossFunction(member) {
  const inputs = member.operations[0].inputs, isLeftOut = (port) => port.need === 'optional';
  const list = inputs.map((port) => `${port.name}${isLeftOut(port) ? '?' : ''}: ${argumentType(port)}${isLeftOut(port) ? ' | undefined' : ''}`).join(', ');
  const gradients = inputs.filter(({ differentiable }) => differentiable).map((port) => `${port.name}${isLeftOut(port) ? '?' : ''}: Float32Array${isLeftOut(port) ? ' | undefined' : ''}`).join('; ');
  return `/** ${member.type} made for one call: the loss and its gradients. */\nexport function ${member.name}(${list}, options?: ${member.type}Options): { loss: number; gradients: { ${gradients} } };\n`;
}

function typesOf(members, indexes) {
  const made = members.filter(isGenerated), layers = made.filter(({ family }) => family === 'graph' || family === 'dense');
  return `// ${WRITTEN}\n// Errors of all constructors: ERR_INVALID_ARG (types), ERR_INVALID_CONFIG (ranges, unknown options), ERR_OUT_OF_MEMORY; of all
// operations: ERR_INVALID_ARG, ERR_DIMENSION_MISMATCH, ERR_NON_FINITE, ERR_OUT_OF_RANGE (a result beyond 32-bit floats),
// ERR_OUT_OF_MEMORY, ERR_CLOSED, ERR_WRONG_HANDLE; \`…Async\` ones reject, with ERR_ABORTED once \`signal\` fires.
${made.length > 0 ? "import type { AsyncOptions, Graph, IndexKey, KindOfKey, Matrix, RuvectorLayer, ThreadOptions, Vector } from '../../index.js';\n" : ''}import type { Expert } from '../entries/attention.js';

/** A packed matrix, row after row; itself an argument wherever a Matrix is. */
export interface Rows { data: Float32Array; rows: number; dim: number }

/** How weights are stored. */
export interface WeightStorage {
  /** Default 'f32'. */
  readonly storage?: 'f32' | 'f16' | 'int8' | undefined;
  /** What else the file says, as \`__metadata__\`. */
  readonly metadata?: { readonly [name: string]: string } | undefined;
}

/** What was written. */
export interface SavedWeights {
  /** Length of the file. */
  bytes: number;
  /** Of each parameter how it is stored, and its largest error beside its largest number. */
  parameters: { name: string; storage: 'f32' | 'f16' | 'int8'; loss: number }[];
}

/** How weights are found in a file. */
export interface WeightLoading {
  /** What a tensor of the file is called here. */
  readonly names?: ((name: string) => string) | undefined;
  /** Whether other tensors are an error. Default true. */
  readonly strict?: boolean | undefined;
  /**
   * Whether 32-bit floats stay in the file, which is mapped into memory: pages are read when they are used, processes share them, and what changes the
   * weights afterwards changes a copy of its page. The file is read through once, to see that its numbers are finite; it must not be changed in place
   * as long as the weights are in use (a new one may be moved there, as saveWeights does). Other types are copied. ERR_UNSUPPORTED in WebAssembly. Default false.
   */
  readonly mmap?: boolean | undefined;
}

/** What members have whose weights go into files. */
export interface WeightFiles {
  /**
   * Writes the parameters by their names into a file of the format safetensors, which Python's \`safetensors\` reads. \`storage\`: as they
   * are, as halves (where all fit), or matrices as bytes with a scale a row (in \`<name>.scale\`). Returns what that loses. The file is
   * written beside its place and moved there.
   * @throws ERR_NOT_FOUND, ERR_IO
   */
  saveWeights(path: string, options?: WeightStorage): SavedWeights;
  /**
   * The same off the event loop; the weights are those of the moment of the call. They are copied by it, some 2 ms a million; all that
   * follows has turns of the event loop between slices of 10 ms.
   */
  saveWeightsAsync(path: string, options?: WeightStorage): Promise<SavedWeights>;
  /** The same bytes. */
  weightsToBuffer(options?: WeightStorage): Uint8Array;
  /**
   * Replaces all parameters by those of such a file (or its bytes), whoever wrote it: dtypes F32, F16, BF16, F64 and I8 with scales.
   * \`names\` says what a tensor is called here; with \`strict\` false there may be others.
   * @throws ERR_CORRUPT for what is no such file, lacks a parameter or has others; ERR_NOT_FOUND, ERR_IO, ERR_BUSY
   */
  loadWeights(source: string | Uint8Array, options?: WeightLoading): void;
  /**
   * The same off the event loop, in slices of 10 ms: the weights are replaced at its end, in one copy (some 1 ms a million), or, where it
   * rejects, not at all. Bytes are copied by the call.
   */
  loadWeightsAsync(source: string | Uint8Array, options?: WeightLoading): Promise<void>;
}

/** What a layer sees around some nodes. */
export interface MinibatchOptions extends ThreadOptions {
  /** Entries a node in each hop; Infinity: all. */
  readonly sizes: readonly number[];
  /** Random where left out. */
  readonly seed?: number | bigint | undefined;
  /** Another draw for each. Default 0. */
  readonly step?: number | undefined;
  /** A row an entry of the whole graph. */
  readonly edgeAttr?: Matrix | undefined;
}

/** What all ways to make a RuvectorLayerV2 take. */
export interface V2Options { seed?: number | bigint | undefined; eps?: number | undefined }

/** The options of a RuvectorLayer by name. */
export interface RuvectorLayerOptions {
${optionLines(members.find(({ type }) => type === 'RuvectorLayer').options)}}

/** What a walk is made of: layers, or what they are made from. They are copied. */
export type WalkLayer =
  | RuvectorLayer
  | RuvectorLayerV2
  | { readonly class: 'RuvectorLayer'; readonly options: RuvectorLayerOptions }
  | { readonly class: 'RuvectorLayerV2'; readonly options: RuvectorLayerV2Options };

/** The same of numbers of rows. */
export interface IndexRows { data: Uint32Array; rows: number; dim: number }

${layers.length > 0 ? `/** What a Sequential is made of: layers, or what they are made from. They are copied. */\nexport type Layer =\n${layers.map((layer) => `  | ${layer.type}\n  | { readonly class: '${layer.type}'; readonly options${isFree(layer) ? '?' : ''}: ${layer.type}Options }`).join('\n')};\n\n` : ''}${made.map(classText).join('\n')}${made.length > 0 ? '\n' : ''}${made.filter(({ family }) => family === 'loss').map(lossFunction).join('\n')}
/** Any schedule. */
${anyOf(made, 'schedule', 'AnySchedule')}
/** The options of each optimizer. */
${optionsByName(made, 'optimizer', 'OptimizersByName')}
${overlayOptions(members)}${indexOptions(indexes).trimEnd()}
`;
}

// ---- options.md ----

const TITLES = { layer: 'Layers', walk: 'Walks', attention: 'Attention', codec: 'Codecs', graph: 'Layers over graphs', dense: 'Layers of single rows', loss: 'Losses', optimizer: 'Optimizers', schedule: 'Schedules', trainer: 'Trainer', miner: 'Mining', continual: 'Continual learning', balancing: 'Balancing losses', embedding: 'Embeddings', head: 'Heads', ranker: 'Ranking', index: 'Indexes' };

function docsOf(members, indexes) {
  let text = `<!-- ${WRITTEN} -->\n# Every member and index: formulas, options, operations\n\nNames are those of Swift and C (\`rv_create\`, \`rv_index_create\`); [migration.md](migration.md) says where the classes of JavaScript have others.\nOf a \`seed\` that is left out, JavaScript's classes draw a random one.\n`;
  const all = [...members, ...indexes.map((one) => ({ ...one, family: 'index', operations: [] }))];
  const unknown = all.find(({ family }) => TITLES[family] === undefined);
  if (unknown) throw new Error(`TITLES lacks the family ${unknown.family}`);
  for (const family of Object.keys(TITLES)) {
    const ours = all.filter((member) => member.family === family);
    if (ours.length > 0) text += `\n## ${TITLES[family]}\n`;
    for (const { name, type, doc, options, operations, example } of ours) {
      const { first, formulas, rest } = partsOf(doc);
      text += `\n### \`${name}\` (${type})\n\n${first}\n`;
      if (formulas.length > 0) text += `\n\`\`\`text\n${formulas.join('\n')}\n\`\`\`\n`;
      for (const part of rest) text += `\n${part}\n`;
      if (options.length > 0) {
        text += '\n| option | value | default | |\n|---|---|---|---|\n';
        for (const option of options) text += `| \`${option.name}\` | ${rangeOf(option).replaceAll('|', '\\|')} | ${standardOf(option) ?? ''} | ${option.note.replaceAll('|', '\\|')} |\n`;
      }
      if (operations.length > 0) {
        text += '\n| operation | takes | gives |\n|---|---|---|\n';
        for (const { name: operation, inputs, outputs, changesMember } of operations) {
          const list = (ports) => ports.map((port) => `${port.name} ${shown(port)}${port.need === 'optional' ? ' (may be left out)' : ''}`).join(', ');
          text += `| \`${operation}\`${changesMember ? ' (changes the member)' : ''} | ${list(inputs)} | ${list(outputs)} |\n`;
        }
      }
      if (example?.parameters.length > 0) text += `\nParameters, with ${example.options}: ${example.parameters.map((one) => `\`${one.name}\` [${one.shape.join(', ')}]`).join(', ')}.\n`;
    }
  }
  return text;
}

// ---- writing ----

function write(file, text) {
  const place = path.join(root, file), known = fs.existsSync(place) ? fs.readFileSync(place, 'utf8') : undefined;
  if (known === text) return;
  if (isCheck) {
    console.error(`${file} is not what the registry says: run node npm/scripts/typegen.js`);
    process.exitCode = 1;
    return;
  }
  fs.mkdirSync(path.dirname(place), { recursive: true });
  fs.writeFileSync(place, text);
}

const { members, indexes } = readRegistry();
write('npm/lib/generated/registry.js', registryOf(members)); // first: what else is made reads it
write('npm/lib/generated/indexes.js', indexesOf(indexes));
write('npm/types/generated.d.ts', typesOf(members, indexes));
write('docs/options.md', docsOf(members, indexes));
require('./esm.js').writeAll(write);
