'use strict';
// A CommonJS script: which songs are like one that somebody has just heard?   node npm/examples/similar.cjs
const { RuvectorError, VectorSet, differentiableSearch } = require('@ruvector/gnn');

//                        loud  fast  sung  acoustic
const songs = {
  'Sea shanty':          [0.6,  0.5,  1.0,  0.9],
  'String quartet':      [0.2,  0.4,  0.0,  1.0],
  'Lullaby':             [0.1,  0.1,  0.9,  0.8],
  'Hard rock':           [1.0,  0.9,  0.8,  0.1],
  'Drum and bass':       [0.9,  1.0,  0.1,  0.0],
};
const titles = Object.keys(songs);
const set = new VectorSet(Object.values(songs)); // copied into native memory once, searched often

const heard = [0.8, 0.8, 0.9, 0.2];
const { indices, weights } = differentiableSearch(heard, set, 3, 0.1);
indices.forEach((i, rank) => console.log(`${titles[i].padEnd(15)} ${(100 * weights[rank]).toFixed(0)} %`));

try {
  differentiableSearch(heard.slice(1), set, 3);
} catch (error) {
  if (!(error instanceof RuvectorError)) throw error;
  console.log(`${error.code}: ${error.message}`);
}
set.close();
