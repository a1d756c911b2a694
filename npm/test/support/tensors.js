'use strict';
// Objects of the shape of the tensors that users bring: those of onnxruntime (js/common/lib/tensor-impl.ts) and of
// transformers.js (src/utils/tensor.js), which are not installed here.

const TYPES = {
  Float32Array: 'float32', Float64Array: 'float64', BigInt64Array: 'int64', Int32Array: 'int32', Uint8Array: 'uint8', Uint16Array: 'float16', Array: 'string',
};
const product = (dims) => dims.reduce((a, b) => a * b, 1);

/** Its data is behind a getter, which throws where the numbers lie elsewhere. */
class OnnxTensor {
  constructor(data, dims, { type = TYPES[data.constructor.name], location = 'cpu' } = {}) {
    if (data.length !== product(dims)) throw new Error(`Tensor's size(${product(dims)}) does not match data length(${data.length}).`);
    Object.assign(this, { type, dims, size: data.length, cpuData: data, dataLocation: location });
  }

  get data() {
    if (this.dataLocation === 'none') throw new Error('The tensor is disposed.');
    if (!this.dataLocation.startsWith('cpu')) throw new Error('The data is not on CPU.');
    return this.cpuData;
  }

  get location() { return this.dataLocation; }

  get gpuBuffer() { throw new Error('The data is not stored as a WebGPU buffer.'); }

  async getData() { return this.cpuData; }

  reshape(dims) { return new OnnxTensor(this.cpuData, dims); }

  dispose() { this.dataLocation = 'none'; }
}

/** It wraps one of onnxruntime's, is a Proxy whose integer keys are its rows, and has methods where ndarrays have properties. */
class HubTensor {
  constructor(...args) {
    this.ort_tensor = new OnnxTensor(...args);
    return new Proxy(this, {
      get(object, key) {
        const index = typeof key === 'string' ? Number(key) : NaN;
        return Number.isInteger(index) ? object._getitem(index) : object[key];
      },
      set: (object, key, value) => (object[key] = value),
    });
  }

  get dims() { return this.ort_tensor.dims; }

  get type() { return this.ort_tensor.type; }

  get data() { return this.ort_tensor.data; }

  get size() { return this.ort_tensor.size; }

  get location() { return this.ort_tensor.location; }

  * [Symbol.iterator]() { for (let i = 0; i < this.dims[0]; i++) yield this._getitem(i); }

  _getitem(index) {
    const [, ...dims] = this.dims, size = product(dims);
    return new HubTensor(this.data.slice(index * size, (index + 1) * size), dims);
  }

  stride() { return this.dims.map((_, i) => product(this.dims.slice(i + 1))); }

  slice() { return new HubTensor(this.data.slice(), this.dims.slice()); }

  tolist() { return this.dims.length === 1 ? Array.from(this.data) : Array.from(this, (row) => row.tolist()); }

  map(callback) { return new HubTensor(this.data.map(callback), this.dims); }
}

module.exports = { HubTensor, OnnxTensor };
