'use strict';

// The Poincaré disc as SVG: points, lines from each node to what is directly above it (geodesics: circles at right angles to the rim),
// names of the most general ones.

/** The geodesic from p to q as a path. */
function geodesic([ax, ay], [bx, by], shown) {
  // The circle through a and b that meets the unit circle at right angles: its centre c has 2 c·a = 1 + |a|² and 2 c·b = 1 + |b|².
  const d = 2 * (ax * by - ay * bx), u = 1 + ax * ax + ay * ay, v = 1 + bx * bx + by * by;
  if (Math.abs(d) < 1e-6) return `M${shown(ax, ay)}L${shown(bx, by)}`; // through the origin
  const cx = (u * by - v * ay) / d, cy = (v * ax - u * bx) / d, r = Math.sqrt(Math.max(0, cx * cx + cy * cy - 1));
  const isLeft = (ax - cx) * (by - cy) - (ay - cy) * (bx - cx) > 0;
  return `M${shown(ax, ay)}A${(r * 480).toFixed(1)} ${(r * 480).toFixed(1)} 0 0 ${isLeft ? 0 : 1} ${shown(bx, by)}`;
}

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** `vectors` {data, rows, dim: 2}, `links` [[child, parent], …] of numbers, `labels` number -> text. */
function disc({ data, rows }, links, labels) {
  const shown = (x, y) => `${(500 + 480 * x).toFixed(1)} ${(500 - 480 * y).toFixed(1)}`, at = (i) => [data[2 * i], data[2 * i + 1]];
  const lines = links.map(([child, parent]) => geodesic(at(child), at(parent), shown)).join('');
  const dots = Array.from({ length: rows }, (_, i) => { const [x, y] = shown(...at(i)).split(' '); return `<circle cx="${x}" cy="${y}" r="2"/>`; }).join('');
  const texts = [...labels].map(([i, text]) => { const [x, y] = shown(...at(i)).split(' '); return `<text x="${x}" y="${y}">${escaped(text)}</text>`; }).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 1000" font-family="sans-serif" font-size="15">
<rect width="1000" height="1000" fill="#fff"/><circle cx="500" cy="500" r="480" fill="#f6f8fa" stroke="#333"/>
<path d="${lines}" fill="none" stroke="#4a7fb5" stroke-opacity=".35"/>
<g fill="#1d3a5c">${dots}</g>
<g fill="#b0281a" stroke="#fff" stroke-width="4" paint-order="stroke" text-anchor="middle">${texts}</g>
</svg>
`;
}

module.exports = { disc };
