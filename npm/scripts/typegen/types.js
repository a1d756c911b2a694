'use strict';
// npm/types/generated.d.ts: the options of all members, and the classes that come from the registry alone.
const { WRITTEN, isGenerated, partsOf, rangeOf, shown, standardOf } = require('./described.js');

const typeOf = ({ kind, choices, name, family }) => ({ flag: 'boolean', seed: 'number | bigint', children: family === 'walk' ? 'readonly WalkLayer[]' : name === 'layers' ? 'readonly Layer[]' : name === 'attention' ? 'Expert' : 'readonly Expert[]', choice: choices?.map((one) => `'${one}'`).join(' | ') })[kind] ?? 'number';

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
  const { MECHANISMS } = require('../../lib/overlay/attention.js');
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
  return `// ${WRITTEN}
// Errors of all constructors: ERR_INVALID_ARG (types), ERR_INVALID_CONFIG (ranges, unknown options), ERR_OUT_OF_MEMORY; of all
// operations: ERR_INVALID_ARG, ERR_DIMENSION_MISMATCH, ERR_NON_FINITE, ERR_OUT_OF_RANGE (a result beyond 32-bit floats),
// ERR_OUT_OF_MEMORY, ERR_CLOSED, ERR_WRONG_HANDLE; \`…Async\` ones reject, with ERR_ABORTED once \`signal\` fires.
import type { AsyncOptions, Graph, IndexKey, KindOfKey, Matrix, RuvectorLayer, ThreadOptions, Vector } from '../../index.js';
import type { Expert } from '../entries/attention.js';
import type { IndexRows, MinibatchOptions, Rows, V2Options, WeightFiles } from './members.js';
export * from './members.js';

/** The options of a RuvectorLayer by name. */
export interface RuvectorLayerOptions {
${optionLines(members.find(({ type }) => type === 'RuvectorLayer').options)}}

/** What a walk is made of: layers, or what they are made from. They are copied. */
export type WalkLayer =
  | RuvectorLayer
  | RuvectorLayerV2
  | { readonly class: 'RuvectorLayer'; readonly options: RuvectorLayerOptions }
  | { readonly class: 'RuvectorLayerV2'; readonly options: RuvectorLayerV2Options };

/** What a Sequential is made of: layers, or what they are made from. They are copied. */
export type Layer =
${layers.map((layer) => `  | ${layer.type}\n  | { readonly class: '${layer.type}'; readonly options${isFree(layer) ? '?' : ''}: ${layer.type}Options }`).join('\n')};

${made.map(classText).join('\n')}
${made.filter(({ family }) => family === 'loss').map(lossFunction).join('\n')}
/** Any schedule. */
${anyOf(made, 'schedule', 'AnySchedule')}
/** The options of each optimizer. */
${optionsByName(made, 'optimizer', 'OptimizersByName')}
${overlayOptions(members)}${indexOptions(indexes).trimEnd()}
`;
}

module.exports = { typesOf };
