// A search service over HTTP, in TypeScript. The searches run beside the event loop.
//   POST /search {"query": [...], "k": 3}  ->  {"results": [{"name": ..., "weight": ...}]}
//   tsc --target es2022 --module node16 --rootDir . --outDir build/examples npm/examples/service.ts
//   node build/examples/npm/examples/service.js [port]
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RuvectorError, VectorSet, differentiableSearchHyperbolicAsync, type RuvectorErrorCode } from '@ruvector/gnn';

/** What is not the client's fault; all other codes are a 400. */
const STATUS: { [code in RuvectorErrorCode]?: number } = {
  ERR_CLOSED: 503, ERR_BUSY: 503, ERR_OUT_OF_MEMORY: 503, ERR_ABORTED: 499,
};

async function readJson(request: IncomingMessage): Promise<any> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

/** Answers searches among `points`; what a client no longer waits for is aborted. */
export function createService(points: VectorSet, names: readonly string[]): Server {
  return createServer(async (request, response) => {
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.method !== 'POST' || request.url !== '/search') return answer(404, { code: 'ERR_NOT_FOUND' });

    const gone = new AbortController();
    response.once('close', () => { if (!response.writableEnded) gone.abort(); });
    try {
      const { query, k = 10, temperature } = Object(await readJson(request));
      const { indices, weights } = await differentiableSearchHyperbolicAsync(
        query, points, k, -1, { temperature, signal: gone.signal });
      answer(200, { results: indices.map((i, rank) => ({ name: names[i], weight: weights[rank] })) });
    } catch (error) {
      if (error instanceof RuvectorError) answer(STATUS[error.code] ?? 400, { code: error.code, message: error.message });
      else if (error instanceof SyntaxError) answer(400, { code: 'ERR_INVALID_ARG', message: error.message });
      else answer(500, { message: 'internal error' });
    }
  });
}

if (require.main === module) {
  const folder = 'npm/examples/data/wordnet_mammals';
  const bytes = readFileSync(`${folder}_poincare5.f32`);
  const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const lines = readFileSync(`${folder}_closure.tsv`, 'utf8').split('\n').filter((line) => line && !line.startsWith('#'));
  const names = [...new Set(lines.flatMap((line) => line.split('\t')))];

  const server = createService(new VectorSet({ data, rows: names.length, dim: 5 }), names);
  server.listen(Number(process.argv[2] ?? 8080), () => {
    console.log(`listening on ${(server.address() as AddressInfo).port}`);
  });
}
