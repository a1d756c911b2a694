'use strict';
// Losses at the ends of float's range. (Values and gradients: members.test.js, GoldenTests.)
const assert = require('node:assert');
const test = require('node:test');
const { ruvector } = require('./support/index.js');

const { InfoNCELoss } = ruvector;

test('InfoNCE of cosines is the same at every scale, and its gradients are those of the scale', () => {
  const loss = new InfoNCELoss({ temperature: 0.1 }), at = (s, p = s, n = s) => loss.valueAndGradients([[s, 0]], [[p, p]], [[0, n]]);
  const one = at(1), near = (a, b, what) => assert.ok(Math.abs(a - b) <= 1e-5 * Math.abs(b) + 1e-8, `${what}: ${a}, ${b}`);
  for (const s of [1e-37, 1e-30, 1e-22, 1e-16, 1e-10, 1e10, 1e16, 1e20, 1e30, 1e38]) {
    near(loss.forward([[s, 0]], [[s, s]], [[0, s]]), one.loss, `value at ${s}`);
    const found = at(s);
    for (const name of ['anchor', 'positive', 'negatives']) found[name].forEach((g, i) => near(g * s, one[name][i], `${name}[${i}] at ${s}`));
    near(at(s, 1, 1 / Math.max(s, 1e-30)).loss, one.loss, `mixed at ${s}`);
    const batch = new InfoNCELoss({ temperature: 0.1, inBatch: true });
    near(batch.forward([[s, 0], [0, 1]], [[1, 1], [s / 2, s]], [[0, s]]), batch.forward([[1, 0], [0, 1]], [[1, 1], [0.5, 1]], [[0, 1]]), `in the batch at ${s}`);
  }
  const zeros = at(1e-30, 0); // a row of zeros has the cosine 0, and no gradient
  assert.ok([...zeros.positive].every((g) => g === 0));
  near(zeros.loss, Math.log(2), 'zeros');
});
