'use strict';

// Promise forms of calls in an instance that has one thread, JavaScript's own: they run on a later turn of the event
// loop, long ones in slices with turns in between (slices.js).

/** Calls `resume` on a later turn, after what waits already. Timers would come 4 ms late in a browser; jsdom has nothing else. */
function onNextTurn(resume) {
  if (typeof setImmediate === 'function') return setImmediate(resume);
  if (typeof MessageChannel !== 'function') return setTimeout(resume, 0);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => { port1.close(); resume(); };
  return port2.postMessage(null);
}
const turn = () => new Promise(onNextTurn);

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
