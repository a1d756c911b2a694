// Tensors as the declarations of onnxruntime-common 1.2x and @huggingface/transformers 3 have them, wherever vectors and matrices go.
import ruvector = require('@ruvector/gnn');
import { DotProductAttention } from '@ruvector/gnn/attention';

declare namespace onnx {
  interface DataTypeMap {
    float32: Float32Array; uint8: Uint8Array; int8: Int8Array; uint16: Uint16Array; int16: Int16Array; int32: Int32Array; int64: BigInt64Array;
    string: string[]; bool: Uint8Array; float16: Uint16Array; float64: Float64Array; uint32: Uint32Array; uint64: BigUint64Array;
  }
  type Type = keyof DataTypeMap;
  interface TypedTensorBase<T extends Type> {
    readonly dims: readonly number[];
    readonly type: T;
    readonly data: DataTypeMap[T];
    readonly location: 'none' | 'cpu' | 'cpu-pinned' | 'texture' | 'gpu-buffer' | 'ml-buffer';
    readonly gpuBuffer: { size: number; mapState: 'unmapped' | 'pending' | 'mapped' };
    readonly mlTensor: unknown;
    getData(releaseData?: boolean): Promise<DataTypeMap[T]>;
    dispose(): void;
  }
  interface Utilities<T extends Type> { reshape(dims: readonly number[]): TypedTensor<T>; toDataURL(options?: object): string }
  interface TypedTensor<T extends Type> extends TypedTensorBase<T>, Utilities<T> {}
  interface Tensor extends TypedTensorBase<Type>, Utilities<Type> {}
}

type AnyTypedArray =
  | Int8Array | Uint8Array | Uint8ClampedArray | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array | BigInt64Array | BigUint64Array;
type DataArray = AnyTypedArray | any[];
declare class HubTensor {
  constructor(...args: [onnx.Type, DataArray, number[]] | [onnx.Tensor]);
  set dims(sizes: number[]);
  get dims(): number[];
  get type(): onnx.Type;
  get data(): DataArray;
  get size(): number;
  get location(): string;
  ort_tensor: onnx.Tensor;
  dispose(): void;
  _getitem(index: number): HubTensor;
  item(): number | bigint;
  tolist(): any[];
  map(callback: Function): HubTensor;
  slice(...slices: (number | number[] | null)[]): HubTensor;
  stride(): number[];
  view(...dims: number[]): HubTensor;
  [Symbol.iterator](): Iterator<any, any, any>;
}

declare const some: onnx.Tensor, floats: onnx.TypedTensor<'float32'>, doubles: onnx.TypedTensor<'float64'>, hub: HubTensor;
const vectors: ruvector.Vector[] = [some, floats, doubles, hub, { data: [1, 2], dims: [2] }, { data: new Float32Array(2), shape: [1, 2] }];
const matrices: ruvector.Matrix[] = [some, floats, doubles, hub, [hub, floats], [some, new Float32Array(2)]];
const candidates: ruvector.Candidates[] = matrices, packed: ruvector.PackedMatrix[] = [some, floats, doubles, hub];

const index = new ruvector.HNSWIndex({ dim: 2 }), store = ruvector.VectorStore.open('x.db'), layer = new ruvector.RuvectorLayer(2, 2, 1), attention = new DotProductAttention(2);
for (const m of matrices) {
  new ruvector.VectorSet(m);
  index.addBatch([1, 2], m);
  store.insertBatch({ vectors: m });
  void index.searchBatchAsync(m, 1);
  for (const v of vectors) {
    ruvector.differentiableSearch(v, m, 1);
    attention.compute(v, m, m);
    attention.computeBatch(v, m, m);
  }
}
for (const v of vectors) {
  index.add(1, v);
  index.search(v, 1);
  store.insert({ vector: v });
  store.search(v);
}
const outputs: Float32Array[] = [
  layer.forward(hub, some, floats), ruvector.hierarchicalForward(hub, [some], [layer]), ruvector.expMap0(hub), ruvector.mobiusAdd(some, floats), ruvector.projx(doubles),
];

// @ts-expect-error bytes without a type are no tensor
ruvector.differentiableSearch({ data: new Uint8Array(2), dims: [2] }, [], 1);
// @ts-expect-error the dimensions are missing
ruvector.differentiableSearch({ data: new Float32Array(2), type: 'float32' }, [], 1);
// @ts-expect-error text is no list of elements
ruvector.differentiableSearch({ data: 'ab', dims: [2], type: 'string' }, [], 1);

export { candidates, outputs, packed };
