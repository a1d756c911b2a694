// Draws the disc and moves it: a drag from p to q is the Möbius translation that carries p to q.

const COLOURS = ['#2f6fde', '#d9482b', '#2a9d5c', '#a04ccf', '#d98b0b', '#0f9bb0', '#c2407e', '#6f7d1c'];

export class Disc {
  /** nodes: { name, parent (number or -1), group (number, -1 for none), rank (0 the most general) } */
  constructor(canvas, gnn, nodes, positions) {
    Object.assign(this, { canvas, gnn, nodes, positions, marked: [], chosen: -1 });
    this.order = nodes.map((_, i) => i).sort((a, b) => nodes[b].rank - nodes[a].rank);
    new ResizeObserver(() => this.draw()).observe(canvas);
    canvas.addEventListener('pointerdown', (event) => this.#drag(event));
    canvas.addEventListener('keydown', (event) => this.#key(event));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
  }

  point(i) {
    return this.positions.subarray(2 * i, 2 * i + 2);
  }

  /** x ↦ a ⊕ x for every point. */
  translate(a) {
    for (let i = 0; i < this.nodes.length; i++) this.positions.set(this.gnn.mobiusAdd(a, this.point(i)), 2 * i);
    this.draw();
  }

  /** Carries node i to the middle, in some steps. */
  centre(i, steps = matchMedia('(prefers-reduced-motion: reduce)').matches ? 1 : 20) {
    const run = ++this.run || (this.run = 1);
    const step = (left) => {
      if (left === 0 || run !== this.run) return;
      this.translate(this.gnn.mobiusScalarMul(-1 / left, this.point(i)));
      requestAnimationFrame(() => step(left - 1));
    };
    step(steps);
  }

  mark(chosen, marked) {
    Object.assign(this, { chosen, marked });
    this.draw();
  }

  /** Where the canvas has the disc. */
  #frame() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    return { width, height, x: width / 2, y: height / 2, r: Math.min(width, height) / 2 - 14 };
  }

  #inDisc(event) {
    const box = this.canvas.getBoundingClientRect(), { x, y, r } = this.#frame();
    const p = new Float64Array([(event.clientX - box.left - x) / r, (event.clientY - box.top - y) / r]);
    const length = Math.hypot(...p);
    return length > 0.95 ? p.map((u) => (u * 0.95) / length) : p;
  }

  #drag(down) {
    this.run = (this.run ?? 0) + 1;
    let from = this.#inDisc(down), to;
    this.canvas.setPointerCapture(down.pointerId);
    const move = (event) => {
      if (!to) requestAnimationFrame(() => {
        this.translate(this.gnn.mobiusSub(to, from)); // from ↦ to, up to a turn
        [from, to] = [to, undefined];
      });
      to = this.#inDisc(event);
    };
    const stop = () => this.canvas.removeEventListener('pointermove', move);
    this.canvas.addEventListener('pointermove', move);
    this.canvas.addEventListener('pointerup', stop, { once: true });
    this.canvas.addEventListener('pointercancel', stop, { once: true });
  }

  #key(event) {
    const way = { ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] }[event.key];
    if (!way) return;
    event.preventDefault();
    this.translate(new Float64Array(way));
  }

  draw() {
    const { canvas, nodes } = this, { width, height, x, y, r } = this.#frame(), ratio = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    const style = getComputedStyle(canvas), colour = (name) => style.getPropertyValue(name).trim();
    const pen = canvas.getContext('2d');
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const at = (i) => [x + r * this.positions[2 * i], y + r * this.positions[2 * i + 1]];

    pen.strokeStyle = colour('--line');
    pen.lineWidth = 1;
    pen.beginPath();
    pen.arc(x, y, r, 0, 2 * Math.PI);
    pen.stroke();
    pen.globalAlpha = 0.6;
    for (let i = 0; i < nodes.length; i++) if (nodes[i].parent >= 0) this.#geodesic(pen, this.point(i), this.point(nodes[i].parent), x, y, r);
    pen.globalAlpha = 1;

    for (const i of this.order) {
      const [px, py] = at(i), { group, rank } = nodes[i];
      pen.fillStyle = group >= 0 ? COLOURS[group % COLOURS.length] : colour('--soft');
      pen.beginPath();
      pen.arc(px, py, Math.max(1.8, 5 - rank * 0.5), 0, 2 * Math.PI);
      pen.fill();
    }
    this.#labels(pen, at, colour('--ink'), colour('--paper'));
  }

  /** The arc of the circle through p and q that meets the rim at right angles. */
  #geodesic(pen, p, q, x, y, r) {
    const p2 = p[0] ** 2 + p[1] ** 2, q2 = q[0] ** 2 + q[1] ** 2, det = 2 * (p[0] * q[1] - p[1] * q[0]);
    pen.beginPath();
    pen.moveTo(x + r * p[0], y + r * p[1]);
    if (Math.abs(det) < 1e-3) {
      pen.lineTo(x + r * q[0], y + r * q[1]);
    } else {
      const cx = ((1 + p2) * q[1] - (1 + q2) * p[1]) / det, cy = ((1 + q2) * p[0] - (1 + p2) * q[0]) / det;
      const start = Math.atan2(p[1] - cy, p[0] - cx), end = Math.atan2(q[1] - cy, q[0] - cx);
      const turn = Math.atan2(Math.sin(end - start), Math.cos(end - start));
      pen.arc(x + r * cx, y + r * cy, r * Math.sqrt(Math.max(0, cx * cx + cy * cy - 1)), start, end, turn < 0);
    }
    pen.stroke();
  }

  /** Names of what is chosen and found, then of what is near the middle, as far as there is room. */
  #labels(pen, at, ink, paper) {
    const { nodes, chosen, marked } = this, taken = [];
    const radius = (i) => Math.hypot(...this.point(i));
    const near = this.order.filter((i) => radius(i) < 0.8).sort((a, b) => nodes[a].rank - nodes[b].rank || radius(a) - radius(b)).slice(0, 60);
    pen.font = '12px system-ui, "DejaVu Sans", sans-serif';
    pen.lineWidth = 3;
    for (const i of new Set([chosen, ...marked, ...near])) {
      if (i < 0) continue;
      const [px, py] = at(i), text = nodes[i].name, isFound = i === chosen || marked.includes(i);
      if (isFound) {
        pen.strokeStyle = ink;
        pen.lineWidth = i === chosen ? 3 : 1.5;
        pen.beginPath();
        pen.arc(px, py, i === chosen ? 8 : 6, 0, 2 * Math.PI);
        pen.stroke();
        pen.lineWidth = 3;
      }
      const box = [px + 9, py - 7, px + 9 + pen.measureText(text).width, py + 7];
      if (i !== chosen && taken.some((b) => box[0] < b[2] && box[2] > b[0] && box[1] < b[3] && box[3] > b[1])) continue;
      taken.push(box);
      pen.strokeStyle = paper;
      pen.strokeText(text, px + 9, py + 4);
      pen.fillStyle = ink;
      pen.fillText(text, px + 9, py + 4);
    }
  }
}
