'use strict';

// Files of the format safetensors, read tensor by tensor.
const { fileError, pathOf } = require('../files.js');
const inputs = require('../inputs.js');
const { tagOf } = require('../errors.js');
const { corrupt, headerLength, parseHeader } = require('./safetensors.js');

/**
 * `body(header, part)` for a file by its path, or for its bytes: `part(start, end)` gives bytes behind the header. Of a file no more is
 * read than is asked for.
 */
function reading(source, body) {
  if (tagOf(source) === 'Uint8Array') {
    const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength), length = headerLength(bytes.subarray(0, 8), bytes.length);
    return body(parseHeader(bytes.subarray(8, 8 + length), bytes.length), (start, end) => bytes.subarray(8 + length + start, 8 + length + end));
  }
  const path = pathOf(source), fs = require('node:fs');
  let file;
  try {
    file = fs.openSync(path, 'r');
    const { size } = fs.fstatSync(file), part = (start, end) => {
      const bytes = inputs.allocate(end - start, 'file', Uint8Array);
      for (let at = 0; at < bytes.length;) {
        const count = fs.readSync(file, bytes, at, bytes.length - at, start + at);
        if (count === 0) throw corrupt(`${size} bytes`, 'file', 'fewer');
        at += count;
      }
      return bytes;
    };
    const length = headerLength(part(0, Math.min(8, size)), size);
    return body(parseHeader(part(8, 8 + length), size), (start, end) => part(8 + length + start, 8 + length + end));
  } catch (cause) {
    throw fileError(cause, path);
  } finally {
    if (file !== undefined) fs.closeSync(file);
  }
}

/**
 * Runs `steps(header)`, a generator that asks for bytes by [start, end] behind the header, and for turns of the event loop by a `pause.turn`
 * (slices.js), over such a file or its bytes; what it returns.
 */
function drive(source, steps) {
  return reading(source, (header, part) => {
    const work = steps(header);
    let { value, done } = work.next();
    while (!done) ({ value, done } = work.next(typeof value === 'function' ? value(false) : part(...value)));
    return value;
  });
}

/** The same without waiting for the disk; other work has a turn after each part. */
async function driveAsync(source, steps) {
  if (tagOf(source) === 'Uint8Array') {
    const own = new Uint8Array(source), work = reading(own, (header, part) => ({ steps: steps(header), part }));
    return through(work.steps, async (start, end) => {
      await new Promise((resolve) => { setTimeout(resolve, 0); });
      return work.part(start, end);
    });
  }
  const path = pathOf(source), fs = require('node:fs').promises;
  let file;
  try {
    file = await fs.open(path, 'r');
    const { size } = await file.stat(), part = async (start, end) => {
      const bytes = inputs.allocate(end - start, 'file', Uint8Array);
      for (let at = 0; at < bytes.length;) {
        const { bytesRead } = await file.read(bytes, at, bytes.length - at, start + at);
        if (bytesRead === 0) throw corrupt(`${size} bytes`, 'file', 'fewer');
        at += bytesRead;
      }
      return bytes;
    };
    const length = headerLength(await part(0, Math.min(8, size)), size), header = parseHeader(await part(8, 8 + length), size);
    return await through(steps(header), (start, end) => part(8 + length + start, 8 + length + end));
  } catch (cause) {
    throw fileError(cause, path);
  } finally {
    await file?.close();
  }
}

async function through(work, part) {
  let { value, done } = work.next();
  while (!done) ({ value, done } = work.next(await (typeof value === 'function' ? value(true) : part(...value))));
  return value;
}

module.exports = { drive, driveAsync, reading };
