/* JavaScript values <-> C values, by a format, in the manner of CPython's PyArg_ParseTuple: one row per export says
 * what goes in and what comes out; the same row serves the synchronous form and the Promise form. */
#ifndef RV_CONVERT_H
#define RV_CONVERT_H

#if __has_include(<node_api.h>) || __has_include(<node/node_api.h>)
#define RV_HAS_NODE 1
#define NAPI_VERSION 9
#if __has_include(<node_api.h>)
#include <node_api.h>
#else
#include <node/node_api.h>
#endif
#include "ruvector.h"

/* What a letter of the input format turns JavaScript arguments into ("?" behind it: undefined allowed, data NULL):
 *   f  Float32Array             -> buffer (rank 1)
 *   b  typed array              -> buffer (rank 1)
 *   x  typed array, rows, dim   -> buffer (rank 2, packed; length checked)
 *   X  array of typed arrays, Float64Array of (rows, dim) pairs, dim < 0 for a vector -> buffers, count
 *   n  number                   -> number             i  integer 0...2^53    -> integer
 *   s  string                   -> text               o  [key, value, ...]   -> options, count
 *   m v q  handle               -> pointer (mechanism, vectors, search)
 *   M V    array of handles or undefined -> pointers, count
 *   c  threads, Uint32Array     -> control (cancelled when the array's first element is not 0)
 * Output: 0 nothing, n number, s text (malloc), m v q handle (number: its bytes, told to V8). */
typedef struct rv_argument {
  rv_buffer buffer;
  rv_buffer *buffers;
  void *pointer;
  void **pointers;
  rv_option *options;
  size_t count;
  double number;
  uint64_t integer;
  const char *text;
} rv_argument;

typedef struct rv_result {
  double number;
  char *text;
  void *handle;
} rv_result;

typedef int32_t (*rv_function)(rv_argument *a, rv_result *result, const rv_control *control, rv_error *error);

typedef struct rv_export {
  const char *name, *input;
  char output;
  rv_function function;
} rv_export;

napi_value rv_define_exports(napi_env env, napi_value exports, const rv_export *rows, size_t count);
/* Fills `error` and returns `code`. */
int32_t rv_fail(rv_error *error, int32_t code, const char *message);

#endif
#endif
