'use strict';

// The nouns of WordNet 3.0 out of the files of Debian's package wordnet-base, which prepare.sh fetches into the cache: names as NLTK
// writes them (dog.n.01), direct hypernyms (also of instances), definitions.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const cache = process.env.RUVECTOR_BENCH_CACHE ?? path.join(os.homedir(), '.cache/ruvector-bench');

const lines = (file) => fs.readFileSync(file, 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith(' '));

/** Lemma -> the offsets of its synsets in the order of their senses. */
function readSenses(file) {
  return new Map(lines(file).map((line) => {
    const fields = line.trim().split(' '), count = Number(fields[2]);
    return [fields[0], fields.slice(-count)];
  }));
}

/** {names, children, parents, words, lemmas, glosses}: pairs are direct ones; of node i words[i] is the first of lemmas[i]. */
function readNouns(folder = path.join(cache, 'wordnet/usr/share/wordnet')) {
  if (!fs.existsSync(path.join(folder, 'data.noun'))) throw new Error(`there is no WordNet in ${folder}: run bash npm/examples/wordnet/prepare.sh`);
  const senses = readSenses(path.join(folder, 'index.noun')), numbers = new Map(), names = [], words = [], lemmas = [], glosses = [], above = [];
  for (const line of lines(path.join(folder, 'data.noun'))) {
    const [data, gloss] = line.split(' | '), fields = data.trim().split(' '), count = parseInt(fields[3], 16), lemma = fields[4].toLowerCase();
    const pointers = fields.slice(5 + 2 * count), offset = fields[0];
    numbers.set(offset, names.length);
    names.push(`${lemma}.n.${String(senses.get(lemma).indexOf(offset) + 1).padStart(2, '0')}`);
    words.push(fields[4].replaceAll('_', ' '));
    lemmas.push(Array.from({ length: count }, (_, i) => fields[4 + 2 * i].replaceAll('_', ' ')).join(', '));
    glosses.push(gloss.split('; "')[0].trim().replace(/;$/, ''));
    above.push(pointers.flatMap((symbol, i) => (symbol === '@' || symbol === '@i' ? [pointers[i + 1]] : [])));
  }
  const children = [], parents = [];
  above.forEach((list, child) => {
    for (const offset of list) {
      children.push(child);
      parents.push(numbers.get(offset));
    }
  });
  return { names, children, parents, words, lemmas, glosses };
}

/** What lies below the node `root`, itself with it: the same with fewer nodes. */
function below(nouns, root) {
  const below = nouns.names.map(() => []), kept = new Map();
  nouns.children.forEach((child, i) => below[nouns.parents[i]].push(child));
  const stack = [nouns.names.indexOf(root)];
  if (stack[0] < 0) throw new Error(`there is no ${root}`);
  while (stack.length > 0) {
    const node = stack.pop();
    if (kept.has(node)) continue;
    kept.set(node, 0);
    stack.push(...below[node]);
  }
  const order = [...kept.keys()].sort((a, b) => a - b), children = [], parents = [];
  order.forEach((node, i) => kept.set(node, i));
  nouns.children.forEach((child, i) => {
    if (!kept.has(child) || !kept.has(nouns.parents[i])) return;
    children.push(kept.get(child));
    parents.push(kept.get(nouns.parents[i]));
  });
  const pick = (list) => order.map((node) => list[node]);
  return { names: pick(nouns.names), words: pick(nouns.words), lemmas: pick(nouns.lemmas), glosses: pick(nouns.glosses), children, parents };
}

module.exports = { below, cache, readNouns };
