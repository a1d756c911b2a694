/* Calls by a table, in the manner of CPython's PyArg_ParseTuple: one row per export says what goes in and what comes
 * out. Whoever speaks JavaScript converts by the row's format: CNodeShim through Node-API, npm/lib/wasm through the
 * memory of the wasm module. */
#ifndef RV_CALLS_H
#define RV_CALLS_H

#include "ruvector.h"

/* What a letter of the input format turns JavaScript arguments into ("?" behind it: undefined allowed, data NULL).
 * Capitals are written to by the call; nothing else is.
 *   f F  Float32Array             -> buffer (rank 1)
 *   b B  typed array              -> buffer (rank 1)
 *   x    typed array, rows, dim   -> buffer (rank 2, packed; length checked)
 *   I X  array of typed arrays, Float64Array of (rows, dim) pairs, dim < 0 for a vector -> buffers, count;
 *        of X the last one is an output
 *   n    number                   -> number             i  integer 0...2^53    -> integer
 *   s    string                   -> text               o  [key, value, ...]   -> options, count (a value may be a
 *                                                          handle of kind m)
 *   m v q h p d r  handle         -> pointer (mechanism, vectors, search, index, prepared filter, database, rows)
 *   u w  array of handles of kind m (u) or v (w), undefined where there is none -> pointers, count
 *   c    threads, Uint32Array     -> control (cancelled when the array's first element is not 0; a second one receives the
 *                                    share done in 2^-32)
 * Output: 0 nothing, n number, s text (the library's own), m v q h p d r handle (number: its bytes, told to V8). */
typedef struct rv_argument {
  rv_buffer buffer;
  rv_buffer *buffers;
  union {
    void *pointer;
    void **pointers;
  };
  rv_option *options;
  size_t count;
  double number;
  uint64_t integer;
  const char *text;
} rv_argument;

typedef struct rv_result {
  double number;
  const char *text;
  void *handle;
} rv_result;

typedef int32_t (*rv_function)(rv_argument *a, rv_result *result, const rv_control *control, rv_error *error);

typedef struct rv_export {
  const char *name, *input;
  char output;
  rv_function function;
} rv_export;

/* The table. */
const rv_export *rv_exports(size_t *count);

/* Fills `error` and returns `code`. */
int32_t rv_fail(rv_error *error, int32_t code, const char *message);
/* A reference to a handle of such a kind (of q and r there is only one, which is never retained). */
void rv_kind_retain(char kind, void *);
void rv_kind_release(char kind, void *);

#endif
