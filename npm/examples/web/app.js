// Search in 5 dimensions, seen in 2: WordNet's mammals in the Poincaré disc. Everything is computed here, in WebAssembly.
import * as gnn from '/wasm/browser.mjs';
import { Disc } from './disc.js';
import { layout } from './layout.js';

const DIM = 5, FOUND = 10;
const element = (id) => document.getElementById(id);
const word = (name) => name.replace(/\.n\.\d+$/, '').replaceAll('_', ' ');

async function get(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}

/** Names in the order of the embeddings, and the ancestors of each. */
function readHierarchy(text) {
  const numbers = new Map(), above = [];
  const number = (name) => numbers.get(name) ?? (numbers.set(name, numbers.size), above.push(new Set()), numbers.size - 1);
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [child, ancestor] = line.split('\t').map(number);
    above[child].add(ancestor);
  }
  return { names: [...numbers.keys()], above };
}

/** What the disc draws: the nearest ancestor as parent, and the eight largest orders as groups. */
function makeNodes({ names, above }) {
  const rank = above.map((set) => set.size), sizes = new Map();
  for (const set of above) for (const i of set) if (rank[i] === 2) sizes.set(i, (sizes.get(i) ?? 0) + 1);
  const groups = [...sizes].sort((a, b) => b[1] - a[1]).slice(0, 8).map(([i]) => i);
  return names.map((name, i) => ({
    name: word(name), rank: rank[i],
    parent: [...above[i]].reduce((best, j) => (best < 0 || rank[j] > rank[best] ? j : best), -1),
    group: groups.findIndex((g) => g === i || above[i].has(g)),
  }));
}

async function main() {
  const [text, bytes] = await Promise.all([
    get('/data/wordnet_mammals_closure.tsv').then((r) => r.text()), get('/data/wordnet_mammals_poincare5.f32').then((r) => r.arrayBuffer())]);
  const hierarchy = readHierarchy(text), nodes = makeNodes(hierarchy), points = new Float32Array(bytes);
  const set = new gnn.VectorSet({ data: points, rows: nodes.length, dim: DIM });
  const pairs = nodes.flatMap(({ parent }, i) => (parent < 0 ? [] : [[i, parent]]));
  const disc = new Disc(element('disc'), gnn, nodes, layout(gnn, points, DIM, pairs));

  function choose(i) {
    const query = set.get(i), start = performance.now();
    const { indices, weights } = gnn.differentiableSearchHyperbolic(query, set, FOUND, -1);
    const time = performance.now() - start;
    element('results').replaceChildren(...indices.map((j, at) => {
      const line = document.createElement('tr'), button = document.createElement('button');
      button.textContent = nodes[j].name;
      button.addEventListener('click', () => { choose(j); disc.centre(j); });
      for (const content of [button, gnn.dist(query, set.get(j)).toFixed(2), weights[at].toFixed(3)]) {
        line.insertCell().append(content);
      }
      return line;
    }));
    disc.mark(i, indices);
    element('status').textContent = `${FOUND} of ${nodes.length} in ${time.toFixed(1)} ms (${gnn.simdLevel()})`;
  }

  const input = element('query');
  const find = (part) => {
    const begins = nodes.findIndex(({ name }) => name === part);
    if (begins >= 0) return begins;
    const matches = nodes.map((_, i) => i).filter((i) => nodes[i].name.includes(part));
    return matches.sort((a, b) => nodes[a].name.indexOf(part) - nodes[b].name.indexOf(part) || nodes[a].rank - nodes[b].rank)[0] ?? -1;
  };
  input.addEventListener('input', () => {
    const part = input.value.trim().toLowerCase(), i = part === '' ? -1 : find(part);
    if (i >= 0) return choose(i);
    element('results').replaceChildren();
    disc.mark(-1, []);
    element('status').textContent = part === '' ? `${nodes.length} mammals` : `no mammal called “${part}”`;
  });
  input.addEventListener('keydown', (event) => { if (event.key === 'Enter' && disc.chosen >= 0) disc.centre(disc.chosen); });

  disc.draw();
  element('status').textContent = `${nodes.length} mammals`;
  document.documentElement.dataset.ready = 'yes';
}

main().catch((error) => {
  element('status').textContent = `This did not work: ${error.message}`;
  throw error;
});
