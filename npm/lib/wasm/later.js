'use strict';

// Promise forms of calls in an instance that has one thread, JavaScript's own: they run on a later turn of the event
// loop, long ones in slices with turns in between (slices.js).

const { turn } = require('../slices.js');

/** Runs `run` on a later turn; what its handles stand for lives until it is done. */
async function later({ boxes, run, flag, aborted, closed }) {
  if (boxes.some((box) => box.closed || box.machine.ended)) throw closed();
  for (const box of boxes) box.hold();
  const check = () => {
    if (flag?.[0]) throw aborted();
  };
  try {
    await turn();
    check();
    return await run(async () => { await turn(); check(); });
  } finally {
    for (const box of boxes) box.letGo();
  }
}

module.exports = { later };
