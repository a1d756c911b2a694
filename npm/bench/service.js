'use strict';
// npm run bench:service [-- --seconds N --clients N]: the example's HTTP service (npm/examples/service.ts) under load over
// loopback, 200 requests in flight from another process. Prints requests/s, their latency, and the delay of the service's
// event loop (perf_hooks' monitorEventLoopDelay, 1 ms subtracted: its own timer). The first row is a service that only
// reads and writes JSON: what Node itself takes. Client and service share the machine's cores.
const { fork } = require('node:child_process');
const { once } = require('node:events');
const http = require('node:http');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { parseArgs } = require('node:util');

/** The other process: keeps `clients` requests in flight for `seconds`, then sends their latencies. */
async function load({ port, bodies, clients, seconds }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients });
  const ask = (body) => new Promise((resolve, reject) => {
    const request = http.request({ port, agent, method: 'POST', path: '/search', host: '127.0.0.1' }, (response) => {
      response.resume().once('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`))));
    });
    request.once('error', reject).end(body);
  });
  const latencies = [], end = performance.now() + seconds * 1000;
  await Promise.all(Array.from({ length: clients }, async (_, client) => {
    for (let i = client; performance.now() < end; i++) {
      const start = performance.now();
      await ask(bodies[i % bodies.length]);
      latencies.push(performance.now() - start);
    }
  }));
  process.send(Float64Array.from(latencies), () => process.disconnect());
}

/** The service without the search. */
const createEcho = (set, names) => http.createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { k } = JSON.parse(Buffer.concat(chunks).toString());
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ results: names.slice(0, k).map((name, i) => ({ name, weight: 1 / (i + 2) })) }));
});

/** One set of points under load. */
async function measure(label, createService, set, clients, seconds) {
  const server = createService(set, Array.from({ length: set.size }, (_, i) => `point ${i}`)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bodies = Array.from({ length: 256 }, (_, i) => JSON.stringify({ query: Array.from(set.get((i * 7919) % set.size)), k: 10 }));
  const client = fork(__filename, ['load'], { serialization: 'advanced' });
  client.send({ port: server.address().port, bodies, clients, seconds });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  setTimeout(() => delay.enable(), 500); // past the first connections
  const [latencies] = await Promise.race([
    once(client, 'message'), once(client, 'exit').then(([code]) => { throw new Error(`the client ended with ${code}`); }),
  ]);
  delay.disable();
  server.close();
  server.closeAllConnections();
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.floor(share * (latencies.length - 1))].toFixed(1);
  const loop = (percent) => Math.max(0, delay.percentile(percent) / 1e6 - 1).toFixed(1);
  console.log(`${label.padEnd(14)}${(latencies.length / seconds).toFixed().padStart(8)} requests/s   latency p50 ${at(0.5)}, p99 ${at(0.99)} ms` +
    `   event loop delay p50 ${loop(50)}, p99 ${loop(99)}, most ${loop(100)} ms`);
}

async function main() {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' }, clients: { type: 'string', default: '200' } } });
  const { VectorSet } = require('@ruvector/gnn');
  const { random } = require('../test/support/index.js');
  const { compileService } = require('../test/support/typescript.js');
  const mammals = require('../examples/mammals-data.js');
  const { createService } = require(compileService());
  const points = (rows, dim) => {
    const next = random(rows);
    return new VectorSet({ data: Float32Array.from({ length: rows * dim }, () => next() / Math.sqrt(dim)), rows, dim });
  };
  console.log(`${values.clients} requests in flight, ${values.seconds} s each`);
  const sets = [new VectorSet(mammals.packed(mammals.readVectors('wordnet_mammals_poincare5.f32'))), points(20000, 128), points(100000, 128)];
  const clients = Number(values.clients), seconds = Number(values.seconds);
  await measure('no search', createEcho, sets[0], clients, seconds);
  for (const set of sets) await measure(`${set.size} x ${set.dim}`, createService, set, clients, seconds);
}

if (process.argv[2] === 'load') process.once('message', load);
else main();
