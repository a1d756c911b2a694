// The 5-dimensional points in the disc. Depths stay (scaled, so that the rim can be seen); directions start from the two
// main axes of the tangent space at the origin and are then turned until distances in the disc fit those in the ball.

/** Numbers in [0, 1) from a seed: the picture is the same each time. */
function random(seed) {
  let s = seed;
  return () => {
    s = (s + 0x6d2b79f5) | 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The two main axes of vectors through the origin, by power iteration. */
function mainAxes(vectors) {
  const dim = vectors[0].length, axes = [];
  for (let a = 0; a < 2; a++) {
    let axis = Array.from({ length: dim }, (_, i) => 1 / (i + 1 + a));
    for (let step = 0; step < 60; step++) {
      const next = new Array(dim).fill(0);
      for (const v of vectors) {
        const along = v.reduce((sum, x, i) => sum + x * axis[i], 0);
        v.forEach((x, i) => { next[i] += along * x; });
      }
      for (const other of axes) {
        const along = next.reduce((sum, x, i) => sum + x * other[i], 0);
        other.forEach((x, i) => { next[i] -= along * x; });
      }
      const length = Math.hypot(...next);
      axis = next.map((x) => x / length);
    }
    axes.push(axis);
  }
  return axes;
}

/**
 * Positions in the disc: Float64Array [x, y, x, y, …].
 * `pairs` are nodes that belong together (child and parent): they are fitted more often than others.
 */
export function layout(gnn, points, dim, pairs, depthAtRim = 4.6) {
  const n = points.length / dim, row = (i) => points.subarray(i * dim, (i + 1) * dim);
  const tangents = Array.from({ length: n }, (_, i) => gnn.logMap0(row(i)));
  const [first, second] = mainAxes(tangents);
  const dot = (v, w) => v.reduce((sum, x, i) => sum + x * w[i], 0);
  const angle = tangents.map((v) => Math.atan2(dot(v, second), dot(v, first)));
  const depth = Array.from({ length: n }, (_, i) => gnn.dist0(row(i)));
  const scale = depthAtRim / Math.max(...depth);
  const sinh = depth.map((r) => Math.sinh(r * scale)), cosh = depth.map((r) => Math.cosh(r * scale));
  const next = random(7), rounds = 40;
  for (let round = 0; round < rounds; round++) {
    const step = 0.5 * (1 - round / rounds);
    const fit = (i, j) => {
      const turn = angle[i] - angle[j], c = cosh[i] * cosh[j] - sinh[i] * sinh[j] * Math.cos(turn);
      const d = Math.acosh(Math.max(1, c)), slope = (sinh[i] * sinh[j] * Math.sin(turn)) / Math.max(1e-6, Math.sinh(d));
      if (Math.abs(slope) < 1e-3) return;
      const move = Math.max(-0.2, Math.min(0.2, (step * (gnn.dist(row(i), row(j)) * scale - d)) / slope / 2));
      angle[i] += move;
      angle[j] -= move;
    };
    for (let i = 0; i < n; i++) fit(i, Math.floor(next() * n));
    for (const [i, j] of pairs) fit(i, j);
  }
  const disc = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) disc.set([Math.tanh(depth[i] * scale / 2) * Math.cos(angle[i]), Math.tanh(depth[i] * scale / 2) * Math.sin(angle[i])], 2 * i);
  return disc;
}
