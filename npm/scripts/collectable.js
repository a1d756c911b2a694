'use strict';
// A copy of Swift's static standard library of which the linker may leave out what nothing reaches: the addon is a megabyte smaller.
// Its compiler marks everything public with SHF_GNU_RETAIN, for programs that look names up while they run; the addon looks up
// none. What the run time finds in lists of its own (types, conformances: the sections swift5_*) keeps the mark.
//   collectable.js <libswiftCore.a> <copy>
const fs = require('node:fs');

const RETAIN = 0x200000n, FREED = ['.text', '.data', '.rodata'];

/** The members of an archive: an entry of 60 bytes each, its size at 48, and the bytes, of an even number. */
function* members(archive) {
  for (let at = 8; at + 60 <= archive.length;) {
    const size = Number(archive.toString('latin1', at + 48, at + 58));
    yield archive.subarray(at + 60, at + 60 + size);
    at += 60 + size + (size & 1);
  }
}

/** Takes the mark off the sections of one object (ELF, 64 bits, little-endian); others stay as they are. */
function free(object) {
  if (object.length < 64 || object.readUInt32BE(0) !== 0x7f454c46 || object[4] !== 2 || object[5] !== 1) return;
  const headers = Number(object.readBigUInt64LE(40)), size = object.readUInt16LE(58);
  // Numbers that do not fit into the header of the file are in that of the first section.
  const count = object.readUInt16LE(60) || Number(object.readBigUInt64LE(headers + 32));
  const names = object.readUInt16LE(62) === 0xffff ? object.readUInt32LE(headers + 40) : object.readUInt16LE(62);
  const strings = Number(object.readBigUInt64LE(headers + size * names + 24));
  for (let i = 0, at = headers; i < count; i++, at += size) {
    const name = strings + object.readUInt32LE(at), flags = object.readBigUInt64LE(at + 8);
    if (flags & RETAIN && FREED.some((start) => object.toString('latin1', name, name + start.length) === start)) {
      object.writeBigUInt64LE(flags & ~RETAIN, at + 8);
    }
  }
}

const [source, copy] = process.argv.slice(2), archive = fs.readFileSync(source);
for (const object of members(archive)) free(object);
fs.writeFileSync(copy, archive);
