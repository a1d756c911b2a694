/* The exports of the addon and of the wasm module: one row each (calls.h explains the formats), one small function each
 * that hands the converted arguments to ruvector.h. These are the facade's primitives (npm/lib), not the public
 * JavaScript API. Nothing here knows JavaScript or an operating system. */
#include "calls.h"
#include "rv_system.h"

#ifndef __wasm__
#define RV_DATABASES
#endif

#define MAYBE __attribute__((unused))
#define F(name)                                                                                                      \
  static int32_t name(rv_argument *a MAYBE, rv_result *result MAYBE, const rv_control *control MAYBE, rv_error *error MAYBE)
/* A buffer that may be left out. */
#define OPTIONAL(argument) ((argument).buffer.type ? &(argument).buffer : NULL)
/* Ends a function by `call`, which writes what JavaScript gets, a number, to `given`. */
#define GIVES(type, call) \
  type given = 0;         \
  int32_t code = (call);  \
  return result->number = (double)given, code

int32_t rv_fail(rv_error *error, int32_t code, const char *message) {
  size_t i = 0;
  for (; message[i] && i < sizeof error->message - 1; i++) error->message[i] = message[i];
  error->message[i] = error->wanted[0] = error->subject[0] = error->received[0] = 0;
  error->code = code;
  return code;
}

/* Where a new handle goes. */
#define HANDLE ((void *)&result->handle)
/* Ends a function by `call`, which makes or changes what a handle stands for; `info` writes the `bytes` of it, for V8. */
#define MAKES(call, info) \
  uint64_t bytes = 0;     \
  int32_t code = (call);  \
  if (!code) info;        \
  return result->number = (double)bytes, code

/* Whether an argument is other memory than `count` elements of this type, or more; then `error` says so. */
static int32_t lacks(const rv_argument *a, rv_type type, uint64_t count, rv_error *error) {
  if (a->buffer.type == type && a->buffer.dims[0] >= count) return RV_OK;
  return rv_fail(error, RV_INVALID_ARGUMENT, "expected memory of its own type and size");
}

/* Numbers for a Float64Array. */
static int32_t put(const rv_argument *a, const double *numbers, size_t count, rv_error *error) {
  if (lacks(a, RV_F64, count, error)) return error->code;
  return __builtin_memcpy(a->buffer.data, numbers, count * sizeof *numbers), RV_OK;
}
#define PUT(argument, ...) put(&(argument), (double[]){__VA_ARGS__}, sizeof(double[]){__VA_ARGS__} / sizeof(double), error)

/* ---- Kinds of handles ------------------------------------------------------------------------------------------- */

/* A kind whose references are counted: letter, list letter, rv_type, how one is taken and given back. One of which there is a
 * single reference: letter, how it is given back. */
#define KINDS(COUNTED, SINGLE)                                               \
  COUNTED('m', 'u', 0, rv_retain, rv_release)                                \
  COUNTED('v', 'w', 0, rv_vectors_retain, rv_vectors_release)                \
  COUNTED('g', 0, RV_GRAPH, rv_graph_retain, rv_graph_release)               \
  COUNTED('h', 0, 0, rv_index_retain, rv_index_release)                      \
  COUNTED('p', 0, 0, rv_prepared_retain, rv_prepared_release)                \
  SINGLE('q', rv_search_release)                                             \
  DATABASE_KINDS(COUNTED, SINGLE)
#ifdef RV_DATABASES
#define DATABASE_KINDS(COUNTED, SINGLE)                                      \
  COUNTED('d', 0, 0, rv_database_retain, rv_database_release)                \
  SINGLE('r', rv_rows_release)
#else
#define DATABASE_KINDS(COUNTED, SINGLE)
#endif

/* The same functions for a pointer without a type: the table calls no function as one of another type. */
#define ANY(function) static void any_##function(void *p) { function(p); }
#define FUNCTIONS(letter, list, type, retain, release) ANY(retain) ANY(release)
#define FUNCTION(letter, release) ANY(release)
KINDS(FUNCTIONS, FUNCTION)

#define COUNTED(letter, list, type, retain, release) {letter, list, type, any_##retain, any_##release},
#define SINGLE(letter, release) {letter, 0, 0, NULL, any_##release},
static const rv_handle_kind kinds[] = {KINDS(COUNTED, SINGLE)};

const rv_handle_kind *rv_handle_kinds(size_t *count) {
  *count = sizeof kinds / sizeof *kinds;
  return kinds;
}

const rv_handle_kind *rv_handle_kind_of(char letter) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (letter && (kinds[i].letter == letter || kinds[i].list == letter)) return &kinds[i];
  return NULL;
}

const rv_handle_kind *rv_handle_kind_of_type(uint32_t type) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (type && kinds[i].type == type) return &kinds[i];
  return NULL;
}

int32_t rv_handle_release(char letter, void *p) {
  const rv_handle_kind *kind = rv_handle_kind_of(letter);
  if (!kind) return RV_WRONG_HANDLE;
  return kind->release(p), RV_OK;
}

/* ---- Exports ---------------------------------------------------------------------------------------------------- */

F(start) { return rv_start(error); }
F(version) { return result->text = rv_version(), RV_OK; }
F(simd_level) { return result->text = rv_simd_level(), RV_OK; }

/* family, name, options */
F(create) {
  MAKES(rv_create(a[0].text, a[1].text, a[2].options, a[2].count, HANDLE, error),
        bytes = rv_weights_count(result->handle, &bytes, NULL) ? 0 : 4 * bytes);
}
/* family, name, options. Returns the floats that the weights of such a one have. */
F(weights_needed) {
  GIVES(uint64_t, rv_weights_needed(a[0].text, a[1].text, a[2].options, a[2].count, &given, error));
}
/* mechanism, operation, buffers. Returns the elements written. */
F(run) { GIVES(uint64_t, rv_run(a[0].pointer, a[1].text, a[2].buffers, a[2].count, &given, control, error)); }
/* mechanism, bytes for its JSON. Returns the bytes it has (with the ending 0 if that fits). */
F(describe) {
  if (lacks(&a[1], RV_U8, 0, error)) return error->code;
  GIVES(size_t, rv_describe(a[0].pointer, a[1].buffer.data, (size_t)a[1].buffer.dims[0], &given, error));
}
/* layer, node, neighbors, edge weights, output: `run` without names, for the hot path. */
F(layer_forward) {
  rv_buffer buffers[4] = {a[1].buffer, a[2].buffer, a[3].buffer, a[4].buffer};
  return rv_run(a[0].pointer, "forward", buffers, 4, NULL, control, error);
}
/* mechanism, name ("" for all), floats */
#define WEIGHTS a[0].pointer, *a[1].text ? a[1].text : NULL, a[2].buffer.data, a[2].buffer.dims[0], error
F(weights_get) { return rv_weights_get(WEIGHTS); }
F(weights_set) { return rv_weights_set(WEIGHTS); }
/* mechanism, path, places, floats of the others */
F(weights_map) {
  return rv_weights_map(a[0].pointer, a[1].text, &a[2].buffer, a[3].buffer.data, a[3].buffer.dims[0], control, error);
}

/* matrix */
F(vectors_create) {
  MAKES(rv_vectors_create(&a[0].buffer, HANDLE, error), rv_vectors_info(result->handle, NULL, NULL, &bytes));
}
/* token; the memory is counted by the environment that made the set */
F(vectors_open) { return rv_vectors_open(a[0].integer, HANDLE, error); }
/* set, Float64Array for rows, dim, token */
F(vectors_info) {
  uint64_t rows = 0, dim = 0;
  rv_vectors_info(a[0].pointer, &rows, &dim, NULL);
  return PUT(a[1], (double)rows, (double)dim, (double)rv_vectors_token(a[0].pointer));
}
/* set, row, out */
F(vectors_row) { return rv_vectors_row(a[0].pointer, a[1].integer, a[2].buffer.data, a[2].buffer.dims[0], error); }

/* offsets, indices, weights or undefined, columns, whether to coalesce */
F(graph_create) {
  MAKES(rv_graph_create(&a[0].buffer, &a[1].buffer, OPTIONAL(a[2]), a[3].integer, (int32_t)a[4].integer, HANDLE, error),
        rv_graph_info(result->handle, NULL, NULL, NULL, &bytes));
}
/* token; the memory is counted by the environment that made the graph */
F(graph_open) { return rv_graph_open(a[0].integer, HANDLE, error); }
/* graph, Float64Array for nodes, columns, edges, token, whether it has weights */
F(graph_info) {
  uint64_t nodes = 0, columns = 0, edges = 0;
  rv_graph_info(a[0].pointer, &nodes, &columns, &edges, NULL);
  return PUT(a[1], (double)nodes, (double)columns, (double)edges, (double)rv_graph_token(a[0].pointer),
             (double)rv_graph_is_weighted(a[0].pointer));
}
/* graph, nodes, sizes, seed's high and low half, step */
F(graph_sample) {
  MAKES(rv_graph_sample(a[0].pointer, &a[1].buffer, &a[2].buffer, a[3].integer << 32 | (a[4].integer & 0xffffffff),
                        a[5].integer, HANDLE, error),
        rv_graph_info(result->handle, NULL, NULL, NULL, &bytes));
}
/* subgraph, nodes, entries */
F(graph_origin) { return rv_graph_origin(a[0].pointer, &a[1].buffer, &a[2].buffer, error); }
/* graph, offsets, indices, weights: each or undefined */
F(graph_copy) { return rv_graph_copy(a[0].pointer, OPTIONAL(a[1]), OPTIONAL(a[2]), OPTIONAL(a[3]), error); }

/* queries, set or undefined, matrix or undefined, k, curvature (0: cosine), projection, temperature, indices, weights,
 * values. Returns the results a query. */
F(search) {
  GIVES(uint64_t,
        a[4].number == 0
            ? rv_differentiable_search(&a[0].buffer, a[1].pointer, OPTIONAL(a[2]), a[3].integer, a[6].number, &a[7].buffer,
                                       &a[8].buffer, &a[9].buffer, &given, control, error)
            : rv_differentiable_search_hyperbolic(&a[0].buffer, a[1].pointer, OPTIONAL(a[2]), a[3].integer, a[4].number,
                                                  (rv_projection)a[5].integer, a[6].number, &a[7].buffer, &a[8].buffer,
                                                  &a[9].buffer, &given, control, error));
}
F(search_create) { return rv_search_create(HANDLE, error); }
/* search, query, curvature, projection, k, temperature */
F(search_begin) {
  return rv_search_begin(a[0].pointer, a[1].buffer.data, a[1].buffer.dims[0], a[2].number, (rv_projection)a[3].integer,
                         a[4].integer, a[5].number, error);
}
/* search, staging (at least rows * dim floats), rows, dim */
F(search_feed) {
  if (a[3].integer && a[2].integer > a[1].buffer.dims[0] / a[3].integer)
    return rv_fail(error, RV_DIMENSION_MISMATCH, "expected rows * dim floats for candidates");
  return rv_search_feed(a[0].pointer, a[1].buffer.data, a[2].integer, a[3].integer, error);
}
/* Float32Arrays, shapes (undefined), BigUint64Array for the place of each one's memory */
F(row_places) {
  uint64_t *places = a[1].buffer.data;
  if (lacks(&a[1], RV_U64, a[0].count, error)) return error->code;
  for (size_t i = 0; i < a[0].count; i++) {
    if (a[0].buffers[i].type != RV_F32) return rv_fail(error, RV_INVALID_ARGUMENT, "expected Float32Arrays");
    places[i] = (uint64_t)(uintptr_t)a[0].buffers[i].data;
  }
  return RV_OK;
}
/* search, places, rows, dim: rows that the facade has just seen to be of `dim` floats, where they were at `row_places` */
F(search_feed_places) {
  if (sizeof(void *) != sizeof(uint64_t) || lacks(&a[1], RV_U64, a[2].integer, error))
    return rv_fail(error, RV_UNSUPPORTED, "expected places of rows");
  return rv_search_feed_scattered(a[0].pointer, a[1].buffer.data, a[2].integer, a[3].integer, error);
}
/* places, out, rows, dim: the rows there, under the same condition, one after the other */
F(gather_rows) {
  if (sizeof(void *) != sizeof(uint64_t) || lacks(&a[0], RV_U64, a[2].integer, error))
    return rv_fail(error, RV_UNSUPPORTED, "expected places of rows");
  if (a[3].integer && a[2].integer > a[1].buffer.dims[0] / a[3].integer)
    return rv_fail(error, RV_DIMENSION_MISMATCH, "expected room for rows * dim floats");
  rv_gather_rows(a[0].buffer.data, a[1].buffer.data, (size_t)a[2].integer, (size_t)a[3].integer);
  return RV_OK;
}
/* search, indices, weights, values, all of one length. Returns the number of results. */
F(search_finish) {
  uint64_t room = a[1].buffer.dims[0];
  if (a[1].buffer.type != RV_U32 || a[2].buffer.dims[0] < room || a[3].buffer.dims[0] < room)
    return rv_fail(error, RV_DIMENSION_MISMATCH, "expected outputs of one length");
  GIVES(uint64_t, rv_search_finish(a[0].pointer, a[1].buffer.data, a[2].buffer.data, a[3].buffer.data, room, &given, error));
}

/* layer, current, nodes, weights, output */
F(hierarchical_step) {
  return rv_hierarchical_step(a[0].pointer, &a[1].buffer, &a[2].buffer, &a[3].buffer, &a[4].buffer, error);
}
/* mode, options, query, sets, levels (empty where there is a set), layers, router, output, kept indices, kept weights,
 * routing. Returns the elements written. */
F(hierarchical_forward_v2) {
  if (a[3].count != a[4].count) return rv_fail(error, RV_DIMENSION_MISMATCH, "expected as many sets as levels");
  GIVES(uint64_t, rv_hierarchical_forward_v2(
                      a[0].text, a[1].options, a[1].count, a[2].buffer.data, a[2].buffer.dims[0], a[4].buffers,
                      (rv_vectors *const *)a[3].pointers, a[4].count, (rv_mechanism *const *)a[5].pointers, a[5].count,
                      &a[6].buffer, &a[7].buffer, &given, &a[8].buffer, &a[9].buffer, &a[10].buffer, control, error));
}
/* name, curvature, dim, arguments, output. Returns the numbers written. */
F(geometry) {
  GIVES(uint64_t, rv_geometry(a[0].text, a[1].number, a[2].integer, a[3].buffers, a[3].count, &a[4].buffer, &given, error));
}

/* kind, options */
F(index_create) { return rv_index_create(a[0].text, a[1].options, a[1].count, HANDLE, error); }
/* kind, options, keys, offsets, matrix; each of the last three may be undefined */
F(index_check) {
  return rv_index_check(a[0].text, a[1].options, a[1].count, OPTIONAL(a[2]), OPTIONAL(a[3]), OPTIONAL(a[4]), error);
}
/* index, bytes for its JSON. Returns the bytes it has. */
F(index_describe) {
  if (lacks(&a[1], RV_U8, 0, error)) return error->code;
  GIVES(size_t, rv_index_describe(a[0].pointer, a[1].buffer.data, (size_t)a[1].buffer.dims[0], &given, error));
}

/* The figures of an index: field, name in JavaScript. */
#define FIGURES(FIGURE)                                                                                                  \
  FIGURE(vectors, "size") FIGURE(places, "places") FIGURE(bytes, "bytes") FIGURE(bytes_per_vector, "bytesPerVector")     \
  FIGURE(removed, "removed") FIGURE(evaluations, "evaluations") FIGURE(read_only, "readOnly")                            \
  FIGURE(max_level, "maxLevel") FIGURE(ef, "ef") FIGURE(curvature, "curvature")
#define NAME(field, name) name " "
#define VALUE(field, name) (double)figures.field,
/* Their names, in the order of `index_info`, each with a space behind it. */
F(index_figures) { return result->text = FIGURES(NAME), RV_OK; }
/* index, doubles */
F(index_info) {
  rv_index_figures figures = {.size = sizeof figures};
  if (rv_index_info(a[0].pointer, &figures, error)) return error->code;
  return PUT(a[1], FIGURES(VALUE));
}
/* The bytes that an index takes, to be told to V8. */
static uint64_t bytes_of(rv_index *index) {
  rv_index_figures figures = {.size = sizeof figures};
  return rv_index_info(index, &figures, NULL) ? 0 : figures.bytes;
}
F(index_set_ef) { return rv_index_set_ef(a[0].pointer, a[1].integer, error); }
/* index, keys, offsets or undefined, matrix, replacing. Returns the bytes of the index. */
F(index_add) {
  MAKES(rv_index_add(a[0].pointer, &a[1].buffer, OPTIONAL(a[2]), &a[3].buffer, (int32_t)a[4].integer, control, error),
        bytes = bytes_of(a[0].pointer));
}
/* index, keys, offsets or undefined, matrix, replacing */
F(index_accepts) {
  return rv_index_accepts(a[0].pointer, &a[1].buffer, OPTIONAL(a[2]), &a[3].buffer, (int32_t)a[4].integer, error);
}
/* index, keys, offsets or undefined */
F(index_remove) { return rv_index_remove(a[0].pointer, &a[1].buffer, OPTIONAL(a[2]), control, error); }
/* index, ticket (0: a new one), matrix. Returns the ticket. */
F(index_stage) {
  uint64_t ticket = a[1].integer;
  int32_t code = rv_index_stage(a[0].pointer, &ticket, &a[2].buffer, control, error);
  return result->number = (double)ticket, code;
}
/* index, ticket, keys, their offsets or undefined, removed keys, theirs. Returns the bytes of the index. */
F(index_commit) {
  MAKES(rv_index_commit(a[0].pointer, a[1].integer, &a[2].buffer, OPTIONAL(a[3]), OPTIONAL(a[4]), OPTIONAL(a[5]), error),
        bytes = bytes_of(a[0].pointer));
}
/* index, ticket, keys, their offsets or undefined, replacing. Returns the bytes of the index. */
F(index_add_staged) {
  MAKES(rv_index_add_staged(a[0].pointer, a[1].integer, &a[2].buffer, OPTIONAL(a[3]), (int32_t)a[4].integer, error),
        bytes = bytes_of(a[0].pointer));
}
/* index, ticket */
F(index_discard) { return rv_index_discard(a[0].pointer, a[1].integer, error); }
/* index, steps. Returns 1 where more is left. */
F(index_repair) { GIVES(int32_t, rv_index_repair(a[0].pointer, a[1].integer, &given, error)); }
/* index, kind of filter, filter, its offsets */
F(index_prepare) {
  MAKES(rv_index_prepare(a[0].pointer, (rv_filter)a[1].integer, OPTIONAL(a[2]), OPTIONAL(a[3]), control, HANDLE, error),
        rv_prepared_info(result->handle, NULL, &bytes));
}
/* prepared filter, keys, offsets or undefined */
F(prepared_extend) { return rv_prepared_extend(a[0].pointer, &a[1].buffer, OPTIONAL(a[2]), control, error); }
F(prepared_shrink) { return rv_prepared_shrink(a[0].pointer, &a[1].buffer, OPTIONAL(a[2]), control, error); }
/* prepared filter. Returns how many vectors it allows. */
F(prepared_size) { GIVES(uint64_t, (rv_prepared_info(a[0].pointer, &given, NULL), RV_OK)); }
F(index_clear) { return rv_index_clear(a[0].pointer, error); }
/* index, keys, offsets or undefined, places */
F(index_places) { return rv_index_places(a[0].pointer, &a[1].buffer, OPTIONAL(a[2]), &a[3].buffer, error); }
/* index, key, offsets or undefined, out */
F(index_get) { return rv_index_get(a[0].pointer, &a[1].buffer, OPTIONAL(a[2]), &a[3].buffer, error); }
/* index, query, keys, offsets or undefined, distances */
F(index_distances) { return rv_index_distances(a[0].pointer, &a[1].buffer, &a[2].buffer, OPTIONAL(a[3]), &a[4].buffer, error); }
/* index, places. Returns how many there are. */
F(index_all) { GIVES(uint64_t, rv_index_all(a[0].pointer, &a[1].buffer, &given, error)); }
/* index, places, keys, offsets or undefined. Returns the bytes that strings need. */
F(index_names) {
  GIVES(uint64_t, rv_index_names(a[0].pointer, &a[1].buffer, &a[2].buffer, OPTIONAL(a[3]), &given, error));
}
/* index, queries, k, ef, kind of filter, filter, its offsets, prepared filter, keys, offsets, distances, counts. Returns the
 * bytes that strings need. */
F(index_search) {
  GIVES(uint64_t, rv_index_search(a[0].pointer, &a[1].buffer, a[2].integer, a[3].integer, (rv_filter)a[4].integer,
                                  OPTIONAL(a[5]), OPTIONAL(a[6]), a[7].pointer, &a[8].buffer, OPTIONAL(a[9]), &a[10].buffer,
                                  &a[11].buffer, &given, control, error));
}
/* index, query, k, ef, keys, distances: the search of one query with numbers for keys, for the hot path. Returns how many. */
F(index_search_one) {
  uint32_t found = 0;
  rv_buffer query = a[1].buffer, counts = {.data = &found, .type = RV_U32, .rank = 1, .dims = {1}, .writable = 1};
  query.rank = 2, query.dims[1] = query.dims[0], query.dims[0] = 1;
  int32_t code = rv_index_search(a[0].pointer, &query, a[2].integer, a[3].integer, RV_ALL, NULL, NULL, NULL, &a[4].buffer,
                                 NULL, &a[5].buffer, &counts, NULL, NULL, error);
  return result->number = found, code;
}
/* index, path, stamp */
F(index_save) { return rv_index_save(a[0].pointer, a[1].text, a[2].integer, control, error); }
/* path, how (rv_open), Float64Array for the stamp */
F(index_open) {
  uint64_t stamp = 0;
  if (lacks(&a[2], RV_F64, 1, error)) return error->code;
  MAKES(rv_index_open(a[0].text, (rv_open)a[1].integer, HANDLE, &stamp, error),
        (bytes = bytes_of(result->handle), PUT(a[2], (double)stamp)));
}
/* index, bytes or undefined, stamp. Returns how many there are. */
F(index_to_bytes) {
  GIVES(uint64_t, rv_index_to_bytes(a[0].pointer, OPTIONAL(a[1]), a[2].integer, &given, control, error));
}
/* bytes, Float64Array for the stamp */
F(index_from_bytes) {
  uint64_t stamp = 0;
  if (lacks(&a[1], RV_F64, 1, error)) return error->code;
  MAKES(rv_index_from_bytes(&a[0].buffer, HANDLE, &stamp, error), (bytes = bytes_of(result->handle), PUT(a[1], (double)stamp)));
}
F(index_token) { return result->number = (double)rv_index_token(a[0].pointer), RV_OK; }
/* token; the bytes are told to V8 by who has made the index */
F(index_open_token) { return rv_index_open_token(a[0].integer, HANDLE, error); }
/* index, a, b, 3 doubles */
F(index_pair) { return rv_index_pair(a[0].pointer, a[1].integer, a[2].integer, &a[3].buffer, error); }
/* index, place. Returns its level. */
F(index_level) { GIVES(uint64_t, rv_index_level(a[0].pointer, a[1].integer, &given, error)); }
/* index, place, level, places. Returns how many. */
F(index_neighbors) {
  GIVES(uint64_t, rv_index_neighbors(a[0].pointer, a[1].integer, a[2].integer, &a[3].buffer, &given, error));
}
/* index, query, k, level, ef, places, distances. Returns how many. */
F(index_search_layer) {
  GIVES(uint64_t, rv_index_search_layer(a[0].pointer, &a[1].buffer, a[2].integer, a[3].integer, a[4].integer, &a[5].buffer,
                                        &a[6].buffer, &given, error));
}
/* index, level, 2 doubles, places, offsets, indices */
F(index_csr) {
  return rv_index_csr(a[0].pointer, a[1].integer, &a[2].buffer, &a[3].buffer, &a[4].buffer, &a[5].buffer, error);
}
/* index, levels, degrees */
F(index_statistics) { return rv_index_statistics(a[0].pointer, &a[1].buffer, &a[2].buffer, error); }
/* distances, bounds, k, chosen. Returns how many. */
F(merge_top_k) {
  GIVES(uint64_t, rv_merge_top_k(&a[0].buffer, &a[1].buffer, a[2].integer, &a[3].buffer, &given, error));
}

/* kind, queries, keys, parameter, seed's high and low half, offsets, indices or undefined. Returns the number of pairs. */
F(sparsity_pattern) {
  GIVES(uint64_t, rv_sparsity_pattern(a[0].text, a[1].integer, a[2].integer, a[3].integer,
                                      a[4].integer << 32 | (a[5].integer & 0xffffffff), &a[6].buffer, OPTIONAL(a[7]), &given,
                                      error));
}
/* offsets, indices, sources, seed, 8 doubles */
F(graph_statistics) {
  return rv_graph_statistics(&a[0].buffer, &a[1].buffer, a[2].integer, a[3].integer, &a[4].buffer, error);
}
/* offsets, indices, damping, tolerance, iterations, floats */
F(structural_features) {
  return rv_structural_features(&a[0].buffer, &a[1].buffer, a[2].number, a[3].number, a[4].integer, &a[5].buffer, error);
}
/* 8 doubles or undefined, queries, keys, dim, edges, norm bound, bytes for its JSON. Returns the bytes it has. */
F(recommend_mechanism) {
  if (lacks(&a[6], RV_U8, 0, error)) return error->code;
  GIVES(size_t, rv_recommend_mechanism(OPTIONAL(a[0]), a[1].integer, a[2].integer, a[3].integer, a[4].integer != 0, a[5].number,
                                       a[6].buffer.data, (size_t)a[6].buffer.dims[0], &given, error));
}

/* name, buffers, n. Returns the work done. */
F(kernel) { return rv_kernel(a[0].text, a[1].buffers, a[1].count, a[2].integer, &result->number, error); }

#ifdef RV_DATABASES
/* path, whether to create it, milliseconds to wait for locks */
F(database_open) {
  return rv_database_open(a[0].text, (int32_t)a[1].integer, (uint32_t)a[2].integer, HANDLE, error);
}
/* database, statements, parameters, whether in a transaction */
F(database_run) {
  MAKES(rv_database_run(a[0].pointer, a[1].text, &a[2].buffer, a[3].integer != 0, HANDLE, control, error),
        rv_rows_info(result->handle, NULL, NULL, &bytes, NULL, NULL));
}
/* database, statements, parameters, index, ticket, rows, Float64Array for whether the index has followed */
F(database_commit) {
  int32_t is_indexed = 0;
  if (lacks(&a[6], RV_F64, 1, error)) return error->code;
  int32_t code = rv_database_commit(a[0].pointer, a[1].text, &a[2].buffer, a[3].pointer, a[4].integer, a[5].integer, HANDLE,
                                    &is_indexed, control, error);
  *(double *)a[6].buffer.data = is_indexed;
  return code;
}
/* rows, Float64Array for rows, columns, bytes, last key, changes */
F(rows_info) {
  uint64_t rows = 0, columns = 0, bytes = 0, changes = 0;
  int64_t last = 0;
  rv_rows_info(a[0].pointer, &rows, &columns, &bytes, &last, &changes);
  return PUT(a[1], (double)rows, (double)columns, (double)bytes, (double)last, (double)changes);
}
/* rows, bytes */
F(rows_copy) { return rv_rows_copy(a[0].pointer, &a[1].buffer, error); }
#endif

static const rv_export rows[] = {
    {"start", "", 0, start},
    {"version", "", 's', version},
    {"simdLevel", "", 's', simd_level},
    {"create", "sso", 'm', create},
    {"weightsNeeded", "sso", 'n', weights_needed},
    {"run", "msXc", 'n', run},
    {"describe", "mB", 'n', describe},
    {"layerForward", "mfxfF", 0, layer_forward},
    {"weightsGet", "msF", 0, weights_get},
    {"weightsSet", "msf", 0, weights_set},
    {"weightsMap", "msbfc", 0, weights_map},
    {"vectorsCreate", "x", 'v', vectors_create},
    {"vectorsOpen", "i", 'v', vectors_open},
    {"vectorsInfo", "vB", 0, vectors_info},
    {"vectorsRow", "viF", 0, vectors_row},
    {"graphCreate", "bbb?ii", 'g', graph_create},
    {"graphOpen", "i", 'g', graph_open},
    {"graphInfo", "gB", 0, graph_info},
    {"graphSample", "gbbiii", 'g', graph_sample},
    {"graphOrigin", "gBB", 0, graph_origin},
    {"graphCopy", "gB?B?B?", 0, graph_copy},
    {"search", "xv?x?ininBFFc", 'n', search},
    {"searchCreate", "", 'q', search_create},
    {"searchBegin", "qfniin", 0, search_begin},
    {"searchFeed", "qfii", 0, search_feed},
    {"rowPlaces", "IB", 0, row_places},
    {"searchFeedPlaces", "qBii", 0, search_feed_places},
    {"gatherRows", "BFii", 0, gather_rows},
    {"searchFinish", "qBFF", 'n', search_finish},
    {"hierarchicalStep", "mfxfF", 0, hierarchical_step},
    {"hierarchicalForwardV2", "sofwIufFBFFc", 'n', hierarchical_forward_v2},
    {"indexCreate", "so", 'h', index_create},
    {"indexCheck", "sob?b?x?", 0, index_check},
    {"indexDescribe", "hB", 'n', index_describe},
    {"indexFigures", "", 's', index_figures},
    {"indexInfo", "hB", 0, index_info},
    {"indexSetEf", "hi", 0, index_set_ef},
    {"indexAdd", "hbb?xic", 'n', index_add},
    {"indexAccepts", "hbb?xi", 0, index_accepts},
    {"indexRemove", "hbb?c", 0, index_remove},
    {"indexStage", "hixc", 'n', index_stage},
    {"indexCommit", "hibb?b?b?c", 'n', index_commit},
    {"indexAddStaged", "hibb?ic", 'n', index_add_staged},
    {"indexDiscard", "hic", 0, index_discard},
    {"indexRepair", "hic", 'n', index_repair},
    {"indexPrepare", "hib?b?c", 'p', index_prepare},
    {"preparedExtend", "pbb?c", 0, prepared_extend},
    {"preparedShrink", "pbb?c", 0, prepared_shrink},
    {"preparedSize", "p", 'n', prepared_size},
    {"indexClear", "h", 0, index_clear},
    {"indexPlaces", "hbb?B", 0, index_places},
    {"indexGet", "hbb?F", 0, index_get},
    {"indexDistances", "hfbb?F", 0, index_distances},
    {"indexAll", "hB", 'n', index_all},
    {"indexNames", "hbBB?", 'n', index_names},
    {"indexSearch", "hxiiib?b?p?BB?FBc", 'n', index_search},
    {"indexSearchOne", "hfiiBF", 'n', index_search_one},
    {"indexSave", "hsic", 0, index_save},
    {"indexOpen", "siBc", 'h', index_open},
    {"indexToBytes", "hB?ic", 'n', index_to_bytes},
    {"indexFromBytes", "bBc", 'h', index_from_bytes},
    {"indexToken", "h", 'n', index_token},
    {"indexOpenToken", "i", 'h', index_open_token},
    {"indexPair", "hiiB", 0, index_pair},
    {"indexLevel", "hi", 'n', index_level},
    {"indexNeighbors", "hiiB", 'n', index_neighbors},
    {"indexSearchLayer", "hfiiiBF", 'n', index_search_layer},
    {"indexCsr", "hiBBBB", 0, index_csr},
    {"indexStatistics", "hBB", 0, index_statistics},
    {"mergeTopK", "fbiB", 'n', merge_top_k},
    {"sparsityPattern", "siiiiiBB?", 'n', sparsity_pattern},
    {"graphStatistics", "bbiiB", 0, graph_statistics},
    {"structuralFeatures", "bbnniF", 0, structural_features},
    {"recommendMechanism", "b?iiiinB", 'n', recommend_mechanism},
#ifdef RV_DATABASES
    {"databaseOpen", "sii", 'd', database_open},
    {"databaseRun", "dsbic", 'r', database_run},
    {"databaseCommit", "dsbhiiBc", 'r', database_commit},
    {"rowsInfo", "rB", 0, rows_info},
    {"rowsCopy", "rB", 0, rows_copy},
#endif
    {"geometry", "sniIB", 'n', geometry},
    {"kernel", "sXi", 'n', kernel},
};

const rv_export *rv_exports(size_t *count) {
  *count = sizeof rows / sizeof *rows;
  return rows;
}
