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
 *        of X the last one is an output. An element may be a handle of a kind that has an rv_type
 *   n    number                   -> number             i  integer 0...2^53    -> integer
 *   s    string                   -> text               o  [key, value, ...]   -> options, count (a value may be a
 *                                                          handle of kind m)
 *   a kind's letter, handle    -> pointer
 *   a kind's list letter, array of handles, undefined where there is none -> pointers, count
 *   c    threads, Uint32Array     -> control (cancelled when the array's first element is not 0; a second one receives the
 *                                    share done in 2^-32)
 * Output: 0 nothing, n number, s text (the library's own), a kind's letter: handle (number: its bytes, told to V8). */
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

/* A kind of handle. */
typedef struct rv_handle_kind {
  char letter;
  char list;     /* the letter of arrays of them; 0: no export takes any */
  uint32_t type; /* the rv_type of a buffer that is such a handle; 0: no operation takes any */
  void (*retain)(void *); /* NULL: there is one reference only, and no asynchronous call takes it */
  void (*release)(void *);
} rv_handle_kind;

/* Their table: a row a kind is all that the parsers know. */
const rv_handle_kind *rv_handle_kinds(size_t *count);
/* The kind whose letter or list letter this is; NULL where there is none. */
const rv_handle_kind *rv_handle_kind_of(char letter);
/* The kind whose handles are buffers of this type; NULL where there is none. */
const rv_handle_kind *rv_handle_kind_of_type(uint32_t type);
/* RV_WRONG_HANDLE for a letter that is no kind's. */
int32_t rv_handle_release(char letter, void *);

#endif
