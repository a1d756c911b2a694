'use strict';
const zlib = require('node:zlib');

/** { width, height, at(x, y) → [r, g, b] } of a PNG with 8 bits a channel, not interlaced. (PNG specification, 3rd edition.) */
function readPng(file) {
  const width = file.readUInt32BE(16), height = file.readUInt32BE(20), [depth, type, , , interlaced] = file.subarray(24, 29);
  const channels = { 2: 3, 6: 4 }[type];
  if (depth !== 8 || !channels || interlaced) throw new Error('another kind of PNG');
  const parts = [];
  for (let at = 8; at < file.length;) {
    const length = file.readUInt32BE(at);
    if (file.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(file.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const raw = zlib.inflateSync(Buffer.concat(parts)), line = width * channels, pixels = Buffer.alloc(line * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (line + 1)];
    for (let i = 0; i < line; i++) {
      const left = i >= channels ? pixels[y * line + i - channels] : 0, up = y > 0 ? pixels[(y - 1) * line + i] : 0;
      const corner = y > 0 && i >= channels ? pixels[(y - 1) * line + i - channels] : 0, p = left + up - corner;
      const [dl, du, dc] = [left, up, corner].map((x) => Math.abs(p - x));
      const guess = [0, left, up, (left + up) >> 1, dl <= du && dl <= dc ? left : du <= dc ? up : corner][filter];
      pixels[y * line + i] = raw[y * (line + 1) + 1 + i] + guess;
    }
  }
  return { width, height, at: (x, y) => [...pixels.subarray(y * line + x * channels, y * line + x * channels + 3)] };
}

module.exports = { readPng };
