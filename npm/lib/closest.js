'use strict';

// "did you mean": the known name that a word is nearest to.

/** Levenshtein's distance; letters that differ only in case count as equal. */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min(row[j] + (a[i].toLowerCase() === b[j].toLowerCase() ? 0 : 1), row[j + 1] + 1, next[j] + 1));
    }
    row = next;
  }
  return row[b.length];
}

/** `names` in words, the one nearest to `word` first: "dim or another of dim, heads". */
function oneOf(names, word) {
  if (names.length < 2) return names[0] ?? 'no option';
  const shown = String(word).slice(0, 40);
  let best, least = Infinity;
  for (const name of names) {
    const far = distance(name, shown);
    if (far < least) [best, least] = [name, far];
  }
  return `${best} or another of ${names.join(', ')}`;
}

module.exports = { oneOf };
