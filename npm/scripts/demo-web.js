'use strict';
// npm run demo:web: serves npm/examples/web on localhost: the mammals in the Poincaré disc, searched in the browser.
//   PORT=8080 npm run demo:web      another port (0: any free one)
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');
/** What the page may ask for: folders by the first part of the path. */
const FOLDERS = { wasm: 'wasm', data: 'npm/examples/data', '': 'npm/examples/web' };
const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.tsv': 'text/plain; charset=utf-8' };

function answer(request, response) {
  const [, first, name] = /^\/(?:(wasm|data)\/)?([\w.-]*)(?:\?.*)?$/.exec(request.url) ?? [];
  const file = name === undefined ? undefined : path.join(root, FOLDERS[first ?? ''], name || 'index.html');
  if (request.method !== 'GET' || !file || !fs.statSync(file, { throwIfNoEntry: false })?.isFile()) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
    return;
  }
  response.writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream' });
  fs.createReadStream(file).pipe(response);
}

if (!fs.existsSync(path.join(root, 'wasm/ruvector.wasm'))) {
  const { status } = spawnSync('bash', [path.join(__dirname, 'wasm.sh')], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
}
const server = http.createServer(answer).listen(Number(process.env.PORT ?? 8137), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/`);
});
server.on('error', (error) => {
  console.error(error.code === 'EADDRINUSE' ? 'The port is taken: PORT=0 npm run demo:web takes a free one.' : error.message);
  process.exitCode = 1;
});
