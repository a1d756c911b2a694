'use strict';
// Drives headless Chromium through its debugging pipe (fd 3 and 4: JSON messages, each ended by a zero byte).
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

class Page {
  #next = 1;
  #waiting = new Map();

  static async open(url, size = { width: 1000, height: 700 }) {
    const page = new Page();
    try {
      await page.#begin(url, size);
    } catch (error) {
      await page.close();
      throw error;
    }
    return page;
  }

  async #begin(url, { width, height }) {
    this.profile = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-chromium-'));
    this.browser = spawn('chromium', ['--headless=new', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--remote-debugging-pipe',
      `--user-data-dir=${this.profile}`, `--window-size=${width},${height}`, 'about:blank'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    this.browser.on('error', (error) => { this.#fail(error); });
    this.browser.on('exit', () => { this.#fail(new Error('Chromium has ended')); });
    let rest = '';
    this.browser.stdio[4].setEncoding('utf8').on('data', (chunk) => {
      const messages = (rest + chunk).split('\0');
      rest = messages.pop();
      for (const message of messages) this.#receive(JSON.parse(message));
    });
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    ({ sessionId: this.sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true }));
    this.errors = [];
    await this.send('Runtime.enable');
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
    await this.send('Page.enable');
    await this.send('Page.navigate', { url });
  }

  #fail(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #receive({ id, result, error, method, params }) {
    if (method === 'Runtime.exceptionThrown') this.errors.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new Error(error.message));
    else waiting?.resolve(result);
  }

  send(method, params = {}) {
    const id = this.#next++;
    this.browser.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: this.sessionId })}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  /** The value of an expression in the page; promises are awaited. */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Waits until an expression is true. */
  async until(expression) {
    for (let i = 0; i < 600; i++) {
      if (await this.evaluate(expression).catch(() => false)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`still not true after 30 s: ${expression}; ${this.errors.join('; ')}`);
  }

  async type(text) {
    for (const letter of text) await this.send('Input.insertText', { text: letter });
  }

  async drag(from, to, steps = 5) {
    const mouse = (type, [x, y]) => this.send('Input.dispatchMouseEvent', { type, x, y, button: 'left', buttons: 1, clickCount: 1 });
    await mouse('mousePressed', from);
    for (let i = 1; i <= steps; i++) await mouse('mouseMoved', from.map((a, axis) => a + ((to[axis] - a) * i) / steps));
    await mouse('mouseReleased', to);
    await this.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  }

  /** A PNG file's bytes. */
  async screenshot() {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(data, 'base64');
  }

  async close() {
    const ended = new Promise((resolve) => { this.browser.once('exit', resolve); });
    if (this.browser.exitCode === null && this.browser.pid) {
      this.send('Browser.close').catch(() => {});
      const impatient = setTimeout(() => this.browser.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(impatient);
    }
    fs.rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

module.exports = { Page };
