// What the classes of generated.d.ts, and those written by hand, take and give.
import type { Matrix, ThreadOptions } from '../../index.js';

/** A packed matrix, row after row; itself an argument wherever a Matrix is. */
export interface Rows { data: Float32Array; rows: number; dim: number }

/** How weights are stored. */
export interface WeightStorage {
  /** Default 'f32'. */
  readonly storage?: 'f32' | 'f16' | 'int8' | undefined;
  /** What else the file says, as `__metadata__`. */
  readonly metadata?: { readonly [name: string]: string } | undefined;
}

/** What was written. */
export interface SavedWeights {
  /** Length of the file. */
  bytes: number;
  /** Of each parameter how it is stored, and its largest error beside its largest number. */
  parameters: { name: string; storage: 'f32' | 'f16' | 'int8'; loss: number }[];
}

/** How weights are found in a file. */
export interface WeightLoading {
  /** What a tensor of the file is called here. */
  readonly names?: ((name: string) => string) | undefined;
  /** Whether other tensors are an error. Default true. */
  readonly strict?: boolean | undefined;
  /**
   * Whether 32-bit floats stay in the file, which is mapped into memory: pages are read when they are used, processes share them, and what changes the
   * weights afterwards changes a copy of its page. The file is read through once, to see that its numbers are finite; it must not be changed in place
   * as long as the weights are in use (a new one may be moved there, as saveWeights does). Other types are copied. ERR_UNSUPPORTED in WebAssembly. Default false.
   */
  readonly mmap?: boolean | undefined;
}

/** What members have whose weights go into files. */
export interface WeightFiles {
  /**
   * Writes the parameters by their names into a file of the format safetensors, which Python's `safetensors` reads. `storage`: as they
   * are, as halves (where all fit), or matrices as bytes with a scale a row (in `<name>.scale`). Returns what that loses. The file is
   * written beside its place and moved there.
   * @throws ERR_NOT_FOUND, ERR_IO
   */
  saveWeights(path: string, options?: WeightStorage): SavedWeights;
  /**
   * The same off the event loop; the weights are those of the moment of the call. They are copied by it, some 2 ms a million; all that
   * follows has turns of the event loop between slices of 10 ms.
   */
  saveWeightsAsync(path: string, options?: WeightStorage): Promise<SavedWeights>;
  /** The same bytes. */
  weightsToBuffer(options?: WeightStorage): Uint8Array;
  /**
   * Replaces all parameters by those of such a file (or its bytes), whoever wrote it: dtypes F32, F16, BF16, F64 and I8 with scales.
   * `names` says what a tensor is called here; with `strict` false there may be others.
   * @throws ERR_CORRUPT for what is no such file, lacks a parameter or has others; ERR_NOT_FOUND, ERR_IO, ERR_BUSY
   */
  loadWeights(source: string | Uint8Array, options?: WeightLoading): void;
  /**
   * The same off the event loop, in slices of 10 ms: the weights are replaced at its end, in one copy (some 1 ms a million), or, where it
   * rejects, not at all. Bytes are copied by the call.
   */
  loadWeightsAsync(source: string | Uint8Array, options?: WeightLoading): Promise<void>;
}

/** What a layer sees around some nodes. */
export interface MinibatchOptions extends ThreadOptions {
  /** Entries a node in each hop; Infinity: all. */
  readonly sizes: readonly number[];
  /** Random where left out. */
  readonly seed?: number | bigint | undefined;
  /** Another draw for each. Default 0. */
  readonly step?: number | undefined;
  /** A row an entry of the whole graph. */
  readonly edgeAttr?: Matrix | undefined;
}

/** What all ways to make a RuvectorLayerV2 take. */
export interface V2Options { seed?: number | bigint | undefined; eps?: number | undefined }

/** The same of numbers of rows. */
export interface IndexRows { data: Uint32Array; rows: number; dim: number }
