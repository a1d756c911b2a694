'use strict';

// The 1,180 mammals of WordNet with their 5-dimensional embeddings, for the examples.
const fs = require('node:fs');
const path = require('node:path');

const DIM = 5;
const file = (name) => path.join(__dirname, 'data', name);

/** [mammal, ancestor] of all pairs. */
function closure() {
  const lines = fs.readFileSync(file('wordnet_mammals_closure.tsv'), 'utf8').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split('\t'));
}

/** Names in the order of the embeddings, and for each the set of its ancestors and descendants. */
function readHierarchy() {
  const numbers = new Map();
  const add = (name) => {
    if (!numbers.has(name)) numbers.set(name, numbers.size);
    return numbers.get(name);
  };
  const above = [], below = [];
  for (const pair of closure()) {
    const [child, ancestor] = pair.map(add);
    (above[child] ??= new Set()).add(ancestor);
    (below[ancestor] ??= new Set()).add(child);
  }
  const names = [...numbers.keys()];
  const of = (list) => names.map((_, i) => list[i] ?? new Set());
  return { names, numbers, above: of(above), below: of(below) };
}

function readVectors(name) {
  const bytes = fs.readFileSync(file(name));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

const packed = (data) => ({ data, rows: data.length / DIM, dim: DIM });
const row = (data, i) => data.subarray(i * DIM, (i + 1) * DIM);

function table(header, rows) {
  const all = [header, ...rows];
  const widths = header.map((_, c) => Math.max(...all.map((cells) => cells[c].length)));
  return all.map((cells) => cells.map((cell, c) => (c < 2 ? cell.padEnd(widths[c]) : cell.padStart(widths[c]))).join('  ').trimEnd()).join('\n');
}

/** The number of a mammal by name or word; says so where there is none. */
function find({ names, numbers }, word) {
  const name = numbers.has(word) ? word : names.find((candidate) => candidate.startsWith(`${word}.n.`));
  if (name === undefined) {
    console.error(`There is no mammal called "${word}" in WordNet. Try dog, whale, bat, elephant or carnivore.`);
    process.exitCode = 1;
  }
  return numbers.get(name);
}

module.exports = { DIM, closure, find, packed, readHierarchy, readVectors, row, table };
