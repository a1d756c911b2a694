// Written by npm/scripts/typegen.js.
// Errors of all constructors: ERR_INVALID_ARG (types), ERR_INVALID_CONFIG (ranges, unknown options), ERR_OUT_OF_MEMORY; of all
// operations: ERR_INVALID_ARG, ERR_DIMENSION_MISMATCH, ERR_NON_FINITE, ERR_OUT_OF_RANGE (a result beyond 32-bit floats),
// ERR_OUT_OF_MEMORY, ERR_CLOSED, ERR_WRONG_HANDLE; `…Async` ones reject, with ERR_ABORTED once `signal` fires.
import type { AsyncOptions, Graph, Matrix, PackedMatrix, ThreadOptions, Vector } from '../../index.js';

