// `using` and `await using` (TypeScript 5.2) close what they have made.
import ruvector = require('@ruvector/gnn');
import attention = require('@ruvector/gnn/attention');

function inTurn(): number {
  using set = new ruvector.VectorSet([[1]]), layer = new ruvector.RuvectorLayer(1, 1, 1), flash = new attention.FlashAttention(1), mixture = new attention.MoEAttention(1);
  using index = new ruvector.HNSWIndex({ dim: 1 }), exact = new ruvector.BruteForceIndex({ dim: 1 }), filter = index.prepareFilter([1]);
  using store = ruvector.VectorStore.open(':memory:', { dim: 1 });
  return [set, layer, flash, mixture, index, exact, filter, store].length;
}
async function later(): Promise<number> {
  await using store = await ruvector.VectorStore.openAsync(':memory:', { dim: 1 });
  return store.size;
}
const disposable: Disposable[] = [new ruvector.VectorSet([[1]]), new ruvector.Graph({ offsets: [0], indices: [] })];
export { disposable, inTurn, later };
