/* The exports of the addon: one row each (convert.h explains the formats), one small function each that hands the
 * converted arguments to ruvector.h. These are the facade's primitives (npm/lib), not the public JavaScript API. */
#include "convert.h"

#ifdef RV_HAS_NODE
#include <stdlib.h>
#include <string.h>

#define F(name) \
  static int32_t name(rv_argument *a, rv_result *result, const rv_control *control, rv_error *error)
#define UNUSED (void)a, (void)result, (void)control, (void)error

/* A packed buffer as rows x dim. */
static int32_t matrix(rv_argument *a, uint64_t rows, uint64_t dim, rv_error *error) {
  uint64_t length = a->buffer.dims[0];
  if (dim ? rows != length / dim || length % dim : length != 0)
    return rv_fail(error, RV_DIMENSION_MISMATCH, "expected rows * dim elements for a matrix, received another number");
  a->buffer.rank = 2;
  a->buffer.dims[0] = rows;
  a->buffer.dims[1] = dim;
  return RV_OK;
}

static int32_t copy_text(const char *text, rv_result *result, rv_error *error) {
  result->text = strdup(text);
  return result->text ? RV_OK : rv_fail(error, RV_OUT_OF_MEMORY, "out of memory");
}

F(start) { UNUSED; return rv_start(error); }
F(version) { UNUSED; return copy_text(rv_version(), result, error); }
F(simd_level) { UNUSED; return copy_text(rv_simd_level(), result, error); }

/* family, name, options */
F(create) {
  UNUSED;
  uint64_t floats = 0;
  int32_t code = rv_create(a[0].text, a[1].text, a[2].options, a[2].count, (rv_mechanism **)&result->handle, error);
  if (!code && !rv_weights_count(result->handle, &floats, NULL)) result->number = 4.0 * (double)floats;
  return code;
}

/* mechanism, operation, buffers, [rows, dim of each matrix...]: dims is a Float64Array of (rows, dim), 0 rows and
 * dim -1 for a vector. Returns the elements written. */
F(run) {
  UNUSED;
  uint64_t written = 0;
  const double *dims = a[3].buffer.data;
  if (a[3].buffer.type != RV_F64 || a[3].buffer.dims[0] != 2 * a[2].count)
    return rv_fail(error, RV_INVALID_ARGUMENT, "expected two dims a buffer");
  for (size_t i = 0; i < a[2].count; i++) {
    rv_argument one = {.buffer = a[2].buffers[i]};
    if (dims[2 * i + 1] < 0) continue;
    int32_t code = matrix(&one, (uint64_t)dims[2 * i], (uint64_t)dims[2 * i + 1], error);
    if (code) return code;
    a[2].buffers[i] = one.buffer;
  }
  int32_t code = rv_run(a[0].pointer, a[1].text, a[2].buffers, a[2].count, &written, control, error);
  result->number = (double)written;
  return code;
}

/* layer, node, neighbors (packed), rows, dim, edge weights, output: `run` without names, for the hot path. */
F(layer_forward) {
  UNUSED;
  int32_t code = matrix(&a[2], a[3].integer, a[4].integer, error);
  rv_buffer buffers[4] = {a[1].buffer, a[2].buffer, a[5].buffer, a[6].buffer};
  return code ? code : rv_run(a[0].pointer, "forward", buffers, 4, NULL, control, error);
}

F(weights_count) {
  UNUSED;
  uint64_t count = 0;
  int32_t code = rv_weights_count(a[0].pointer, &count, error);
  result->number = (double)count;
  return code;
}

static int32_t weights(rv_argument *a, int32_t (*function)(rv_mechanism *, const char *, float *, uint64_t, rv_error *),
                       rv_error *error) {
  if (a[2].buffer.type != RV_F32) return rv_fail(error, RV_INVALID_ARGUMENT, "expected a Float32Array for weights");
  return function(a[0].pointer, a[1].text[0] ? a[1].text : NULL, a[2].buffer.data, a[2].buffer.dims[0], error);
}
static int32_t set_weights(rv_mechanism *m, const char *name, float *values, uint64_t count, rv_error *error) {
  return rv_weights_set(m, name, values, count, error);
}
/* mechanism, name ("" for all), floats */
F(weights_get) { UNUSED; return weights(a, rv_weights_get, error); }
F(weights_set) { UNUSED; return weights(a, set_weights, error); }

F(describe) {
  UNUSED;
  size_t length = 0;
  int32_t code = rv_describe(a[0].pointer, NULL, 0, &length, error);
  if (code) return code;
  if (!(result->text = malloc(length + 1))) return rv_fail(error, RV_OUT_OF_MEMORY, "out of memory");
  return rv_describe(a[0].pointer, result->text, length + 1, NULL, error);
}

static void vectors_size(rv_result *result) {
  uint64_t bytes = 0;
  rv_vectors_info(result->handle, NULL, NULL, &bytes);
  result->number = (double)bytes;
}

/* data, rows, dim */
F(vectors_create) {
  UNUSED;
  int32_t code = matrix(&a[0], a[1].integer, a[2].integer, error);
  if (!code) code = rv_vectors_create(&a[0].buffer, (rv_vectors **)&result->handle, error);
  if (!code) vectors_size(result);
  return code;
}
F(vectors_open) {
  UNUSED;
  return rv_vectors_open(a[0].integer, (rv_vectors **)&result->handle, error); /* memory is counted by its creator */
}
F(vectors_token) { UNUSED; result->number = (double)rv_vectors_token(a[0].pointer); return RV_OK; }
F(vectors_rows) {
  UNUSED;
  uint64_t rows = 0;
  rv_vectors_info(a[0].pointer, &rows, NULL, NULL);
  result->number = (double)rows;
  return RV_OK;
}
F(vectors_dim) {
  UNUSED;
  uint64_t dim = 0;
  rv_vectors_info(a[0].pointer, NULL, &dim, NULL);
  result->number = (double)dim;
  return RV_OK;
}
F(vectors_row) {
  UNUSED;
  if (a[2].buffer.type != RV_F32) return rv_fail(error, RV_INVALID_ARGUMENT, "expected a Float32Array for out");
  return rv_vectors_row(a[0].pointer, a[1].integer, a[2].buffer.data, a[2].buffer.dims[0], error);
}

/* queries, count, set or undefined, matrix or undefined, rows, dim, k, curvature (0: cosine), projection,
 * temperature, indices, weights, values. Returns the results a query. */
F(search) {
  UNUSED;
  uint64_t per_query = 0, count = a[1].integer;
  int32_t code = matrix(&a[0], count, count ? a[0].buffer.dims[0] / count : 0, error);
  if (!code && a[3].buffer.type) code = matrix(&a[3], a[4].integer, a[5].integer, error);
  if (code) return code;
  const rv_buffer *rows = a[3].buffer.type ? &a[3].buffer : NULL;
  if (a[7].number == 0)
    code = rv_differentiable_search(&a[0].buffer, a[2].pointer, rows, a[6].integer, a[9].number, &a[10].buffer,
                                    &a[11].buffer, &a[12].buffer, &per_query, control, error);
  else
    code = rv_differentiable_search_hyperbolic(
        &a[0].buffer, a[2].pointer, rows, a[6].integer, a[7].number, (rv_projection)a[8].integer, a[9].number,
        &a[10].buffer, &a[11].buffer, &a[12].buffer, &per_query, control, error);
  result->number = (double)per_query;
  return code;
}

F(search_create) { UNUSED; return rv_search_create((rv_search **)&result->handle, error); }
/* search, query, curvature, projection, k, temperature */
F(search_begin) {
  UNUSED;
  if (a[1].buffer.type != RV_F32) return rv_fail(error, RV_INVALID_ARGUMENT, "expected a Float32Array for query");
  return rv_search_begin(a[0].pointer, a[1].buffer.data, a[1].buffer.dims[0], a[2].number,
                         (rv_projection)a[3].integer, a[4].integer, a[5].number, error);
}
/* search, staging, rows, dim */
F(search_feed) {
  UNUSED;
  if (a[1].buffer.type != RV_F32 || (a[3].integer && a[2].integer > a[1].buffer.dims[0] / a[3].integer))
    return rv_fail(error, RV_DIMENSION_MISMATCH, "expected rows * dim floats for candidates");
  return rv_search_feed(a[0].pointer, a[1].buffer.data, a[2].integer, a[3].integer, error);
}
/* search, indices, weights, values. Returns the number of results. */
F(search_finish) {
  UNUSED;
  uint64_t count = 0;
  if (a[1].buffer.type != RV_U32 || a[2].buffer.type != RV_F32 || a[3].buffer.type != RV_F32 ||
      a[2].buffer.dims[0] < a[1].buffer.dims[0] || a[3].buffer.dims[0] < a[1].buffer.dims[0])
    return rv_fail(error, RV_DIMENSION_MISMATCH, "expected outputs of one length");
  int32_t code = rv_search_finish(a[0].pointer, a[1].buffer.data, a[2].buffer.data, a[3].buffer.data,
                                  a[1].buffer.dims[0], &count, error);
  result->number = (double)count;
  return code;
}

/* query, levels, dims (rows, dim of each), sets (undefined where the level is a matrix), layers, output. Returns the width of the result. */
F(hierarchical_forward) {
  UNUSED;
  uint64_t written = 0;
  const double *dims = a[2].buffer.data;
  if (a[0].buffer.type != RV_F32 || a[2].buffer.type != RV_F64 || a[2].buffer.dims[0] != 2 * a[1].count ||
      a[3].count != a[1].count)
    return rv_fail(error, RV_INVALID_ARGUMENT, "expected a Float32Array query and two dims a level");
  for (size_t i = 0; i < a[1].count; i++) {
    rv_argument one = {.buffer = a[1].buffers[i]};
    int32_t code = matrix(&one, (uint64_t)dims[2 * i], (uint64_t)dims[2 * i + 1], error);
    if (code) return code;
    a[1].buffers[i] = one.buffer;
  }
  int32_t code = rv_hierarchical_forward(a[0].buffer.data, a[0].buffer.dims[0], a[1].buffers,
                                         (rv_vectors *const *)a[3].pointers, a[1].count,
                                         (rv_mechanism *const *)a[4].pointers, a[4].count, &a[5].buffer, &written,
                                         control, error);
  result->number = (double)written;
  return code;
}

/* layer, current, nodes, count, weights, output */
F(hierarchical_step) {
  UNUSED;
  int32_t code = matrix(&a[2], a[3].integer, a[1].buffer.dims[0], error);
  return code ? code : rv_hierarchical_step(a[0].pointer, &a[1].buffer, &a[2].buffer, &a[4].buffer, &a[5].buffer, error);
}

/* name, curvature, dim, arguments, output. Returns the numbers written. */
F(geometry) {
  UNUSED;
  uint64_t written = 0;
  int32_t code = rv_geometry(a[0].text, a[1].number, a[2].integer, a[3].buffers, a[3].count, &a[4].buffer, &written,
                             error);
  result->number = (double)written;
  return code;
}

/* name, buffers, n. Returns the work done. */
F(kernel) { UNUSED; return rv_kernel(a[0].text, a[1].buffers, a[1].count, a[2].integer, &result->number, error); }

static const rv_export rows[] = {
    {"start", "", 0, start},
    {"version", "", 's', version},
    {"simdLevel", "", 's', simd_level},
    {"create", "sso", 'm', create},
    {"run", "msBbc", 'n', run},
    {"layerForward", "mbbiibb", 0, layer_forward},
    {"weightsCount", "m", 'n', weights_count},
    {"weightsGet", "msb", 0, weights_get},
    {"weightsSet", "msb", 0, weights_set},
    {"describe", "m", 's', describe},
    {"vectorsCreate", "bii", 'v', vectors_create},
    {"vectorsOpen", "i", 'v', vectors_open},
    {"vectorsToken", "v", 'n', vectors_token},
    {"vectorsRows", "v", 'n', vectors_rows},
    {"vectorsDim", "v", 'n', vectors_dim},
    {"vectorsRow", "vib", 0, vectors_row},
    {"search", "biv?b?iiininbbbc", 'n', search},
    {"searchCreate", "", 'q', search_create},
    {"searchBegin", "qbniin", 0, search_begin},
    {"searchFeed", "qbii", 0, search_feed},
    {"searchFinish", "qbbb", 'n', search_finish},
    {"hierarchicalForward", "bBbVMbc", 'n', hierarchical_forward},
    {"hierarchicalStep", "mbbibb", 0, hierarchical_step},
    {"kernel", "sBi", 'n', kernel},
    {"geometry", "sniBb", 'n', geometry},
};

NAPI_MODULE_INIT() { return rv_define_exports(env, exports, rows, sizeof rows / sizeof *rows); }
#endif
