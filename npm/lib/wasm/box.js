'use strict';

// Handles: an object that facade classes keep, and behind it a box that owns one reference in an instance. The collector
// of JavaScript gives it back where nobody closes it.

const boxes = new WeakMap();
const registry = new FinalizationRegistry((box) => box.close());

class Box {
  constructor(machine, kind, pointer) {
    this.machine = machine;
    this.kind = kind;
    this.pointer = pointer;
    this.closed = false;
    this.uses = 0;
  }

  /** A handle with a new box. */
  static make(machine, kind, pointer) {
    const handle = {}, box = new Box(machine, kind, pointer);
    boxes.set(handle, box);
    registry.register(handle, box, box);
    return handle;
  }

  /** The box of a handle, undefined for anything else. */
  static of(handle) {
    return boxes.get(handle);
  }

  /** No call may use it from now on; it goes with the last one in flight. */
  close() {
    if (this.closed) return;
    this.closed = true;
    registry.unregister(this);
    if (this.uses === 0) this.#release();
  }

  /** Keeps what is behind it while an asynchronous call is in flight. */
  hold() {
    this.uses++;
  }

  letGo() {
    if (--this.uses === 0 && this.closed) this.#release();
  }

  #release() {
    const { machine, kind, pointer } = this;
    if (!machine.ended) machine.guarded((exports) => exports.rv_handle_release(kind.charCodeAt(0), pointer));
  }
}

module.exports = { Box };
