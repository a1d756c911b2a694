/* ruvector.h: the C interface of Ruvector for Swift.
 *
 * Rules that hold for every function:
 *   - A function that can fail returns RV_OK (0) or an rv_status and fills `error` when it is not NULL. Nothing a
 *     caller passes ends the process.
 *   - Counts are elements, never bytes. Matrices are row-major.
 *   - Memory that a caller passes stays the caller's and is not kept after the call returns. What a function
 *     creates is given back with the matching `_release`.
 *   - Handles are reference-counted and may be used from any thread. Many readers at a time; a writer
 *     (`rv_weights_set`) while anything else runs on the handle gives RV_BUSY.
 *   - An rv_search belongs to one thread at a time.
 *   - A NULL handle gives RV_CLOSED. A pointer that is no handle of the named type cannot be recognised.
 */
#ifndef RUVECTOR_H
#define RUVECTOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RV_ABI_VERSION 1u

/* Status codes; the names in JavaScript are ERR_DIMENSION_MISMATCH and so on. Their numbers never change. */
typedef enum rv_status {
  RV_OK = 0,
  RV_DIMENSION_MISMATCH = 1,
  RV_EMPTY_INPUT = 2,
  RV_INVALID_ARGUMENT = 3,
  RV_INVALID_CONFIG = 4,
  RV_OUT_OF_RANGE = 5,
  RV_NON_FINITE = 6,
  RV_OUT_OF_MEMORY = 7,
  RV_IO = 8,
  RV_BUSY = 9,
  RV_CLOSED = 10,
  RV_WRONG_HANDLE = 11,
  RV_DUPLICATE_KEY = 12,
  RV_NOT_FOUND = 13,
  RV_CORRUPT = 14,
  RV_UNSUPPORTED = 15,
  RV_ABORTED = 16,
  RV_NO_BINARY = 17,
  RV_TRAP = 18 /* WebAssembly only: the instance ended, and with it every handle of it */
} rv_status;

/* The caller's memory: one for each thread that calls. Texts are UTF-8, always ended by 0, cut to what fits. Most messages are
 * "expected <wanted> for <subject>, received <received>": these three are then there too, `subject` as the path of the argument
 * (keys[3]), else empty. */
typedef struct rv_error {
  int32_t code;
  char message[256];
  char wanted[160];
  char subject[96];
  char received[96];
} rv_error;

/* A named option. `kind` says which of the fields holds. */
typedef enum rv_kind {
  RV_NUMBER = 1,  /* number */
  RV_INTEGER = 2, /* integer */
  RV_TEXT = 3,    /* text: UTF-8, ended by 0 */
  RV_FLOATS = 4,  /* floats, count (no mechanism takes one yet: RV_INVALID_ARGUMENT) */
  RV_CHILD = 5    /* child: an rv_mechanism, of which the new object makes its own copy (options and weights as they
                     are now); an option that takes several is given once for each */
} rv_kind;

typedef struct rv_mechanism rv_mechanism;
typedef struct rv_vectors rv_vectors;
typedef struct rv_graph rv_graph;
typedef struct rv_search rv_search;
typedef struct rv_index rv_index;
typedef struct rv_prepared rv_prepared;

typedef struct rv_option {
  const char *key;
  uint32_t kind;
  uint32_t reserved; /* 0 */
  double number;
  int64_t integer;
  const char *text;
  const float *floats;
  uint64_t count;
  rv_mechanism *child;
} rv_option;

typedef enum rv_type {
  RV_F32 = 1,
  RV_F64 = 2,
  RV_I8 = 4,
  RV_U8 = 5,
  RV_U32 = 6,
  RV_U64 = 7,
  RV_I64 = 9,
  RV_GRAPH = 10 /* no elements: `data` is an rv_graph, `rank` 0 */
} rv_type;

/* A view of the caller's memory, or a graph: dims[0] elements for rank 1, dims[0] rows of dims[1] elements for rank 2.
 * `stride` is the distance between rows in elements (0: packed). `writable` is 1 for outputs. */
typedef struct rv_buffer {
  void *data;
  uint32_t type;
  uint32_t rank;
  uint64_t dims[4];
  uint64_t stride;
  uint32_t writable;
  uint32_t reserved; /* 0 */
} rv_buffer;

/* What a caller says about a running operation. NULL: one thread, no cancelling. */
typedef struct rv_control {
  uint32_t size;    /* sizeof(rv_control) */
  uint32_t threads; /* threads the operation may use, the caller's included; 0 counts as 1 */
  const volatile uint32_t *cancel; /* the operation ends with RV_ABORTED once this is not 0; may be NULL */
  /* Called now and then, on the caller's thread, with the share done (0 to 1); may be NULL. */
  void (*progress)(void *user, double done);
  void *user;
} rv_control;

/* ---- The library ---------------------------------------------------------------------------------------- */

/* RV_ABI_VERSION of the library that is loaded. */
uint32_t rv_abi_version(void);
/* Version of the package, such as "0.1.0". */
const char *rv_version(void);
/* The instruction set in use: "scalar", "v1", "v3", "v4", "neon" or "simd128". */
const char *rv_simd_level(void);
/* RV_INVALID_CONFIG when the environment variable RUVECTOR_SIMD names a level this CPU does not have. Call it once
 * before anything else; the other functions work in any case, at the best level. */
int32_t rv_start(rv_error *error);

/* ---- Members of all families, one lifecycle ----------------------------------------------------------------- */

/* Creates member `name` of `family`: docs/options.md has every family, its members, their options and operations (from
 * Sources/Ruvector/Registry.swift).
 * RV_INVALID_ARGUMENT for unknown names, RV_INVALID_CONFIG for unknown or impossible options. */
int32_t rv_create(const char *family, const char *name, const rv_option *options, size_t option_count,
                  rv_mechanism **out, rv_error *error);
rv_mechanism *rv_retain(rv_mechanism *);
/* Gives up one reference; NULL is allowed. The object goes with its last reference. */
void rv_release(rv_mechanism *);

/* Runs an operation on buffers: one for each port that it takes by docs/options.md, in this order, and a writable one for what
 * it gives, all parts one after the other. A buffer without elements stands for a port that is left out. One that changes the
 * member (an optimizer's "step") is RV_BUSY while another runs.
 *   attention   the five ports from mask to edges may be left out together. "backward" gives the gradients of queries, keys,
 *               values, parameters and edges. "feed" takes a state of zeros first (f64, 2 * heads + v + 1); of "finish"
 *               `written` receives v, or 0 where 32-bit floats do not hold it and "forward" is to be asked. "sparse ..." is the
 *               same over a pattern (rv_sparsity_pattern).
 *   codec       `written` receives the bytes of "encode", the most that it needs of "bound", the elements of "elementCount"
 * `written` may be NULL. */
int32_t rv_run(rv_mechanism *, const char *operation, const rv_buffer *buffers, size_t buffer_count,
               uint64_t *written, const rv_control *control, rv_error *error);

/* Parameters (floats) that rv_create would make with the same arguments, before any memory is had for them. */
int32_t rv_weights_needed(const char *family, const char *name, const rv_option *options, size_t option_count,
                          uint64_t *count, rv_error *error);
/* Number of parameters (floats) over all weights. */
int32_t rv_weights_count(rv_mechanism *, uint64_t *count, rv_error *error);
/* Copies one named weight, or with name NULL all of them in the order of rv_describe. */
int32_t rv_weights_get(rv_mechanism *, const char *name, float *out, uint64_t count, rv_error *error);
int32_t rv_weights_set(rv_mechanism *, const char *name, const float *values, uint64_t count, rv_error *error);
/* Weights that stay in a file: `places` (f64) has for each parameter the byte where its floats (little-endian, a multiple of 4) begin,
 * or -1 for those that are copied from `others` (count floats, one parameter after the other). The file is mapped: what is read of it
 * comes into memory when it is used, processes share it, what is written to the weights never reaches it. All of it is looked at once;
 * RV_CORRUPT where it has other numbers than finite ones, and then nothing has changed. It must not shrink while the weights are in
 * use. RV_UNSUPPORTED in WebAssembly. */
int32_t rv_weights_map(rv_mechanism *, const char *path, const rv_buffer *places, const float *others, uint64_t count,
                       const rv_control *control, rv_error *error);

/* JSON text: family, name, options, weights with shapes, sizes that the options fix, instruction set. Writes at most `capacity` bytes with an
 * ending 0 into `out` and the length it needs (without the 0) into `length`. */
int32_t rv_describe(rv_mechanism *, char *out, size_t capacity, size_t *length, rv_error *error);

/* ---- Vectors: candidates that stay in native memory ------------------------------------------------------ */

/* Copies a matrix (f32, rank 2). RV_NON_FINITE names row and element. */
int32_t rv_vectors_create(const rv_buffer *matrix, rv_vectors **out, rv_error *error);
rv_vectors *rv_vectors_retain(rv_vectors *);
void rv_vectors_release(rv_vectors *);
/* Rows, elements a row and native bytes; each pointer may be NULL. */
void rv_vectors_info(rv_vectors *, uint64_t *rows, uint64_t *dim, uint64_t *bytes);
/* Copies one row. RV_OUT_OF_RANGE. */
int32_t rv_vectors_row(rv_vectors *, uint64_t row, float *out, uint64_t count, rv_error *error);
/* A number by which other threads of the process can open the same set while it lives. */
uint64_t rv_vectors_token(rv_vectors *);
/* A new reference to the set with this token; RV_NOT_FOUND when it is gone. */
int32_t rv_vectors_open(uint64_t token, rv_vectors **out, rv_error *error);

/* ---- Search ----------------------------------------------------------------------------------------------- */

/* w_i = exp(cos(q, y_i) / T) / sum over all candidates; the k best of each query, best first, not renormalised.
 * `queries` [m, d]; candidates are `set` or, when that is NULL, `matrix` [n, d]. Outputs hold m * min(k, n)
 * elements, query after query: `indices` u32, `weights` f32, `values` f32 (cosines) or NULL. `per_query` receives
 * min(k, n). */
int32_t rv_differentiable_search(const rv_buffer *queries, rv_vectors *set, const rv_buffer *matrix, uint64_t k,
                                 double temperature, const rv_buffer *indices, const rv_buffer *weights,
                                 const rv_buffer *values, uint64_t *per_query, const rv_control *control,
                                 rv_error *error);
/* How vectors are placed in the ball: as points, those beyond the rim pulled back to it; or by expMap0, as tangent
 * vectors at the origin. */
typedef enum rv_projection { RV_CLIP = 0, RV_EXPMAP = 1 } rv_projection;

/* The same with w_i = exp(-d(q, y_i) / T) / sum, d the distance in the Poincare ball of sectional curvature
 * `curvature` < 0; `values` are distances. */
int32_t rv_differentiable_search_hyperbolic(const rv_buffer *queries, rv_vectors *set, const rv_buffer *matrix,
                                            uint64_t k, double curvature, rv_projection projection,
                                            double temperature, const rv_buffer *indices,
                                            const rv_buffer *weights, const rv_buffer *values, uint64_t *per_query,
                                            const rv_control *control, rv_error *error);

/* The same search for candidates that pass by in blocks: begin, feed as often as needed, finish. */
int32_t rv_search_create(rv_search **out, rv_error *error);
void rv_search_release(rv_search *);
/* curvature 0: cosine (projection is not used); below 0: hyperbolic. */
int32_t rv_search_begin(rv_search *, const float *query, uint64_t dim, double curvature, rv_projection projection,
                        uint64_t k, double temperature, rv_error *error);
int32_t rv_search_feed(rv_search *, const float *rows, uint64_t row_count, uint64_t dim, rv_error *error);
/* The same for rows anywhere in memory, a pointer to each; the same bits as packed ones. */
int32_t rv_search_feed_scattered(rv_search *, const float *const *rows, uint64_t row_count, uint64_t dim,
                                 rv_error *error);
/* Writes at most `capacity` results and their number into `count`; `values` may be NULL. */
int32_t rv_search_finish(rv_search *, uint32_t *indices, float *weights, float *values, uint64_t capacity,
                         uint64_t *count, rv_error *error);

/* For each level: the 5 best nodes by cosine (T = 1), their weighted sum, mean with the current embedding, layer.
 * Level l is sets[l] or, where that (or `sets`) is NULL, the matrix levels[l] [n_l, d_l]; `layers` are "ruvector"
 * layers. Uses as many levels as both lists have; empty levels are skipped. `out` receives `*out_count` floats (the query itself without levels); its capacity is
 * out->dims[0]. */
int32_t rv_hierarchical_forward(const float *query, uint64_t dim, const rv_buffer *levels, rv_vectors *const *sets,
                                size_t level_count, rv_mechanism *const *layers, size_t layer_count, const rv_buffer *out,
                                uint64_t *out_count, const rv_control *control, rv_error *error);

/* One level of it, after the search: out [hidden] = layer((current + sum of weights * nodes) / 2, neighbours nodes
 * [kept, d], edge weights `weights` [kept]). For callers who search the levels by themselves. */
int32_t rv_hierarchical_step(rv_mechanism *layer, const rv_buffer *current, const rv_buffer *nodes,
                             const rv_buffer *weights, const rv_buffer *out, rv_error *error);

/* The walk with a geometry to choose ("standard", "hyperbolic", "dual_space", "edge_featured", "moe"; options: k, temperature,
 * curvature, euclideanWeight, numExperts, topK, edgeAttention (an edge_featured mechanism), as the mode has them). Levels as
 * above, d_l = the width of the layer before; layers[l] NULL: the identity; `layer_count` must equal `level_count`. At each
 * level the k best nodes are kept, their weights sum to 1. `router`: the gate of "moe", f32 [4 * 8], or empty or NULL for the
 * standard one. `kept_indices` (u32) and `kept_weights` (f32), each of sum of min(k, n_l) elements, level after level, receive
 * the nodes; `routing` (f32, level_count * 12) receives for each level the shares of the four experts and the eight
 * statistics that the gate saw (zeros in other modes); all three may be NULL. `out` and `*out_count` as above. */
int32_t rv_hierarchical_forward_v2(const char *mode, const rv_option *options, size_t option_count, const float *query,
                                   uint64_t dim, const rv_buffer *levels, rv_vectors *const *sets, size_t level_count,
                                   rv_mechanism *const *layers, size_t layer_count, const rv_buffer *router,
                                   const rv_buffer *out, uint64_t *out_count, const rv_buffer *kept_indices,
                                   const rv_buffer *kept_weights, const rv_buffer *routing, const rv_control *control,
                                   rv_error *error);

/* ---- Indexes ------------------------------------------------------------------------------------------------- */

/* Many threads may read an index while one writes (add, remove, clear); a second writer gets RV_BUSY.
 * Keys: integers (i64, or f64 with whole numbers up to 2^53) or strings (bytes, u8, of all strings one after the other, and
 * `offsets`, u32, one more than there are strings; NULL with integers). An index has one kind ("keys": "number" and "bigint" are integers, "string"). */

/* What an index says of itself. */
typedef struct rv_index_figures {
  uint32_t size;      /* sizeof(rv_index_figures), set by the caller */
  uint32_t read_only; /* 1 for a view, and for one opened by its token */
  int64_t max_level;  /* the highest level of a graph; -1: no vectors; -2: no graph */
  uint64_t vectors;
  uint64_t dim;
  uint64_t places; /* handed out */
  uint64_t bytes;  /* taken */
  double bytes_per_vector; /* that one more takes, without its key */
  uint64_t removed;     /* vectors that searches still pass */
  uint64_t evaluations; /* distances that the last search looked at */
  uint64_t ef;          /* of a graph, candidates that searches keep */
  uint64_t links;       /* of a graph, M */
  double curvature;
} rv_index_figures;

/* `kind`: "hnsw" or "brute_force"; options: Sources/RuvectorIndex/VectorIndex.swift and HNSWIndex.swift. */
int32_t rv_index_create(const char *kind, const rv_option *options, size_t option_count, rv_index **out, rv_error *error);
rv_index *rv_index_retain(rv_index *);
void rv_index_release(rv_index *);
/* Whether rv_index_create would take these options and the index, empty as it is, the rows of `matrix` under these keys: the errors
 * of rv_index_create and rv_index_add, memory apart. `keys`, `matrix` or both may be NULL. Nothing is made or stored. */
int32_t rv_index_check(const char *kind, const rv_option *options, size_t option_count, const rv_buffer *keys,
                       const rv_buffer *offsets, const rv_buffer *matrix, rv_error *error);
/* RV_INVALID_ARGUMENT where `out->size` is too small. */
int32_t rv_index_info(rv_index *, rv_index_figures *out, rv_error *error);
/* JSON text: kind, instruction set, options as the index was made with; written as by rv_describe. */
int32_t rv_index_describe(rv_index *, char *out, size_t capacity, size_t *length, rv_error *error);
/* Candidates that searches keep by default; at any time. RV_UNSUPPORTED without a graph. */
int32_t rv_index_set_ef(rv_index *, uint64_t ef, rv_error *error);

/* Adds row i of `matrix` (f32) under key i, all or nothing: RV_DUPLICATE_KEY, unless `replacing`, RV_NON_FINITE,
 * RV_OUT_OF_RANGE, RV_ABORTED. Readers see nothing of it before its end and everything behind it; of a key that is replaced the
 * old vector or the new. `replacing` 2: every key must be there, RV_NOT_FOUND. */
int32_t rv_index_add(rv_index *, const rv_buffer *keys, const rv_buffer *offsets, const rv_buffer *matrix, int32_t replacing,
                     const rv_control *control, rv_error *error);
/* What rv_index_add would say of these, memory apart; adds nothing. */
int32_t rv_index_accepts(rv_index *, const rv_buffer *keys, const rv_buffer *offsets, const rv_buffer *matrix,
                         int32_t replacing, rv_error *error);
/* RV_NOT_FOUND before anything is removed. */
int32_t rv_index_remove(rv_index *, const rv_buffer *keys, const rv_buffer *offsets, const rv_control *control,
                        rv_error *error);
/* RV_BUSY also while anything is staged. */
int32_t rv_index_clear(rv_index *, rv_error *error);

/* Adding in two steps, for callers that learn only later whether the rows count. These wait for another writer.
 * Stores the rows of `matrix` hidden from readers, behind those that `*ticket` stands for (0: none yet), and sets `*ticket`. */
int32_t rv_index_stage(rv_index *, uint64_t *ticket, const rv_buffer *matrix, const rv_control *control, rv_error *error);
/* Shows the rows of a ticket (0: none), row i under key i, and removes those of the keys `removed` (or NULL) that there are, at
 * once for every reader. A key that is in the index keeps its vector. */
int32_t rv_index_commit(rv_index *, uint64_t ticket, const rv_buffer *keys, const rv_buffer *offsets,
                        const rv_buffer *removed, const rv_buffer *removed_offsets, rv_error *error);
/* Shows the rows of a ticket as rv_index_add would, with what it says of keys; then they are still staged. */
int32_t rv_index_add_staged(rv_index *, uint64_t ticket, const rv_buffer *keys, const rv_buffer *offsets, int32_t replacing,
                            rv_error *error);
/* Forgets the rows of a ticket; nothing if there is none. */
int32_t rv_index_discard(rv_index *, uint64_t ticket, rv_error *error);
/* Does some of what vectors removed by rv_index_commit and rv_index_discard have left to do: at most so many steps, of some
 * 10 us each; 16 for each removed vector keep up. `*more` receives whether more is left. */
int32_t rv_index_repair(rv_index *, uint64_t steps, int32_t *more, rv_error *error);
/* The place of each key into `places` (u32), 0xffffffff for one that is not in the index. A place is good until its vector is
 * removed. */
int32_t rv_index_places(rv_index *, const rv_buffer *keys, const rv_buffer *offsets, const rv_buffer *places, rv_error *error);
/* The stored vectors of keys, one after the other. RV_NOT_FOUND where one is missing. */
int32_t rv_index_get(rv_index *, const rv_buffer *keys, const rv_buffer *offsets, const rv_buffer *out, rv_error *error);
/* The distance from a query (f32, dim) to the vector of each key into `distances` (f32), as rv_index_search gives it. RV_NOT_FOUND. */
int32_t rv_index_distances(rv_index *, const rv_buffer *query, const rv_buffer *keys, const rv_buffer *offsets,
                           const rv_buffer *distances, rv_error *error);
/* The places of all vectors, rising, as many as fit, and their number. */
int32_t rv_index_all(rv_index *, const rv_buffer *places, uint64_t *count, rv_error *error);
/* Keys of places: into `keys` (f64, i64, or u8 with `offsets`, u32). `*bytes` receives the bytes that strings need; where they
 * do not fit, nothing else is written. RV_NOT_FOUND where a place holds nothing. */
int32_t rv_index_names(rv_index *, const rv_buffer *places, const rv_buffer *keys, const rv_buffer *offsets, uint64_t *bytes,
                       rv_error *error);

/* Which keys a search may return: all; the keys given, or all others; integer key i where bit i (of byte i / 8, the lowest
 * first) is set in `filter` (u8), or where it is not. */
typedef enum rv_filter { RV_ALL = 0, RV_ALLOW = 1, RV_DENY = 2, RV_ALLOW_BITS = 3, RV_DENY_BITS = 4, RV_ALLOW_ONCE = 5 } rv_filter;

/* A filter for many searches of one index, which follows it: keys that are listed count as soon as they are added. It is
 * looked up in once for each vector that comes; a search with it costs no pass over keys or places. RV_ALLOW_ONCE, only here: a
 * listed key is forgotten when its vector is removed. */
int32_t rv_index_prepare(rv_index *, rv_filter kind, const rv_buffer *filter, const rv_buffer *offsets,
                         const rv_control *control, rv_prepared **out, rv_error *error);
rv_prepared *rv_prepared_retain(rv_prepared *);
/* The last release ends the following. */
void rv_prepared_release(rv_prepared *);
/* More keys for a list. */
int32_t rv_prepared_extend(rv_prepared *, const rv_buffer *keys, const rv_buffer *offsets, const rv_control *control,
                           rv_error *error);
/* Keys that a list no longer has. */
int32_t rv_prepared_shrink(rv_prepared *, const rv_buffer *keys, const rv_buffer *offsets, const rv_control *control,
                           rv_error *error);
/* Vectors in the index that are allowed, and the bytes that the filter takes; either may be NULL. */
void rv_prepared_info(rv_prepared *, uint64_t *size, uint64_t *bytes);

/* The k nearest of each query (f32, [m, dim]), best first: query i has `counts[i]` (u32, m) results, at i * k and behind it in
 * `keys` and `distances` (f32); what is behind them is left as it is. Keys as by rv_index_names, offsets of m * k + 1. `ef` 0:
 * the index's. `prepared`, if it is not NULL, is the filter. */
int32_t rv_index_search(rv_index *, const rv_buffer *queries, uint64_t k, uint64_t ef, rv_filter filter_kind,
                        const rv_buffer *filter, const rv_buffer *filter_offsets, rv_prepared *prepared,
                        const rv_buffer *keys, const rv_buffer *offsets, const rv_buffer *distances, const rv_buffer *counts, uint64_t *bytes,
                        const rv_control *control, rv_error *error);

/* Writes the index to a file (docs/file-format.md), whole or not at all: to the disk first, then by its name. `stamp` is any
 * number of the caller's, given back by rv_index_open. */
int32_t rv_index_save(rv_index *, const char *path, uint64_t stamp, const rv_control *control, rv_error *error);
/* How a file is opened: a copy in memory, every checksum looked at (RV_LOAD); or the file itself as memory, read-only, opened at
 * once (RV_VIEW), then also RV_VERIFY: with the checksums looked at, and RV_READ_FLOATS: floats that lie beside a smaller storage
 * are read as they are needed, not mapped. */
typedef enum rv_open { RV_LOAD = 0, RV_VIEW = 1, RV_VERIFY = 2, RV_READ_FLOATS = 4 } rv_open;
/* RV_NOT_FOUND, RV_IO, RV_CORRUPT, RV_UNSUPPORTED (another version). `stamp` may be NULL. */
int32_t rv_index_open(const char *path, rv_open how, rv_index **out, uint64_t *stamp, rv_error *error);

/* The same bytes in memory: `out` (u8) may be NULL or have less room than `*bytes`, their number; then what is in it means nothing. */
int32_t rv_index_to_bytes(rv_index *, const rv_buffer *out, uint64_t stamp, uint64_t *bytes, const rv_control *control,
                          rv_error *error);
/* An index from these bytes (u8), which are copied: as RV_LOAD of a file with them. `stamp` may be NULL. */
int32_t rv_index_from_bytes(const rv_buffer *bytes, rv_index **out, uint64_t *stamp, rv_error *error);

/* A number by which other threads of the process can open the same index while anybody has it. */
uint64_t rv_index_token(rv_index *);
/* The index with this token, to read from: it sees what its writer does, and what a writer does gives RV_UNSUPPORTED (add,
 * remove, clear, set_ef, save). RV_NOT_FOUND when it is gone. */
int32_t rv_index_open_token(uint64_t token, rv_index **out, rv_error *error);

/* The graph of an "hnsw" index; nodes are places. RV_NOT_FOUND for a place without a vector. */
/* The distance of a and b, the highest level that has both, and the links on a short way between them, -1 without one, into
 * `out` (f64, 3). */
int32_t rv_index_pair(rv_index *, uint64_t a, uint64_t b, const rv_buffer *out, rv_error *error);
int32_t rv_index_level(rv_index *, uint64_t place, uint64_t *level, rv_error *error);
/* Neighbours at a level, as many as fit (2 M do), and their number. */
int32_t rv_index_neighbors(rv_index *, uint64_t place, uint64_t level, const rv_buffer *places, uint64_t *count,
                           rv_error *error);
/* The k nearest of one level by a walk with `ef` candidates: places and distances, and their number. */
int32_t rv_index_search_layer(rv_index *, const rv_buffer *query, uint64_t k, uint64_t level, uint64_t ef,
                              const rv_buffer *places, const rv_buffer *distances, uint64_t *count, rv_error *error);
/* The links of a level in CSR form, rows in the order of places: `counts` (f64, 2) receives rows and links; `places` (u32,
 * rows), `offsets` (u32, rows + 1) and `indices` (u32, links) are written where all fit. */
int32_t rv_index_csr(rv_index *, uint64_t level, const rv_buffer *counts, const rv_buffer *places, const rv_buffer *offsets,
                     const rv_buffer *indices, rv_error *error);
/* Vectors by their highest level (u32, 32) and by their links at level 0 (u32, 2 M + 1). */
int32_t rv_index_statistics(rv_index *, const rv_buffer *levels, const rv_buffer *degrees, rv_error *error);

/* The k best of sorted partial results of disjoint sets: part p is distances[bounds[p]] up to bounds[p + 1] (u32). Writes the
 * numbers of the chosen ones (u32, k), best first, and how many. */
int32_t rv_merge_top_k(const rv_buffer *distances, const rv_buffer *bounds, uint64_t k, const rv_buffer *chosen,
                       uint64_t *count, rv_error *error);

/* ---- Patterns of sparsity ---------------------------------------------------------------------------------- */

/* Which of `columns` keys each of `rows` queries sees, in CSR form: kind "local" (parameter: window), "strided" (stride),
 * "block" (size), "random" (keys a row, from `seed`) or "global" (tokens); Sources/RuvectorAttention/Engines/SparsityPattern.swift
 * defines them. `offsets` (u32) receives rows + 1 numbers, `*count` the pairs there are; `indices` (u32, of so many, or
 * NULL: call again with memory for them) their keys, rising in each row. rv_run "sparse forward", "sparse weights" and
 * "sparse backward" of a mechanism of attention take them. */
int32_t rv_sparsity_pattern(const char *kind, uint64_t rows, uint64_t columns, uint64_t parameter, uint64_t seed,
                            const rv_buffer *offsets, const rv_buffer *indices, uint64_t *count, rv_error *error);

/* ---- Graphs that stay in native memory ------------------------------------------------------------------------ */

/* A directed graph in CSR form that never changes: node i, a target, has the sources indices[offsets[i]] up to, not including,
 * indices[offsets[i + 1]], in the caller's order. Every entry counts: loops and repetitions are kept, and what belongs to edges
 * (attributes, weights) is one row an entry. Operations take it as a buffer (RV_GRAPH). */

/* Copies `offsets` (u32, one more than there are nodes, rising from 0 to the number of indices), `indices` (u32, each below
 * `columns`, the number of source nodes; 0: as many as there are nodes) and `weights` (f32, one an entry, finite; NULL: all 1).
 * `coalesce`: the sources of a node rise, repetitions are one entry whose weight is the sum of theirs. All counts below 2^31.
 * RV_INVALID_ARGUMENT names the element. */
int32_t rv_graph_create(const rv_buffer *offsets, const rv_buffer *indices, const rv_buffer *weights, uint64_t columns,
                        int32_t coalesce, rv_graph **out, rv_error *error);
rv_graph *rv_graph_retain(rv_graph *);
void rv_graph_release(rv_graph *);
/* Target nodes, source nodes, entries, native bytes (which grow by the transposed graph when a gradient first needs that); each
 * pointer may be NULL. */
void rv_graph_info(rv_graph *, uint64_t *nodes, uint64_t *columns, uint64_t *edges, uint64_t *bytes);
/* Copies the offsets (u32, nodes + 1), indices (u32, edges) and weights (f32, edges; ones where it has none); each may be NULL. */
int32_t rv_graph_copy(rv_graph *, const rv_buffer *offsets, const rv_buffer *indices, const rv_buffer *weights, rv_error *error);
/* Whether it has weights. */
int32_t rv_graph_is_weighted(rv_graph *);
/* A number by which other threads of the process can open the same graph while anybody has it. */
uint64_t rv_graph_token(rv_graph *);
/* A subgraph around `nodes` (u32; repetitions count once), drawn hop by hop: at most sizes[h] (f32, whole numbers; below 0: all)
 * entries of a node of hop h, by the seed, the step and the node. Its nodes are `nodes` and those found, in that order. It keeps the
 * whole graph, whose degrees are its own. RV_INVALID_ARGUMENT for nodes that there are not, RV_INVALID_CONFIG for sizes. */
int32_t rv_graph_sample(rv_graph *, const rv_buffer *nodes, const rv_buffer *sizes, uint64_t seed, uint64_t step, rv_graph **out,
                        rv_error *error);
/* Of a subgraph: the number of each node (u32, nodes) and the place of each entry (u32, edges) in the graph that it was drawn
 * from. RV_UNSUPPORTED for other graphs. */
int32_t rv_graph_origin(rv_graph *, const rv_buffer *nodes, const rv_buffer *entries, rv_error *error);
/* A new reference to the graph with this token; RV_NOT_FOUND when it is gone. */
int32_t rv_graph_open(uint64_t token, rv_graph **out, rv_error *error);

/* ---- What a graph looks like ---------------------------------------------------------------------------------- */

/* A graph in CSR form: `offsets` (u32, N + 1 numbers rising from 0), `indices` (u32). Loops and repetitions do not count. */

/* Nodes, edges (entries of all rows), mean and largest degree, skew of the degrees, depth, hyperbolicity and clustering into
 * `out` (f64, 8): Sources/RuvectorGraph/GraphStatistics.swift. Distances from `sources` (4 to 1024) nodes. */
int32_t rv_graph_statistics(const rv_buffer *offsets, const rv_buffer *indices, uint64_t sources, uint64_t seed,
                            const rv_buffer *out, rv_error *error);
/* [N, 4] into `out` (f32): degree, ln(1 + degree), clustering, N times the PageRank with this damping (0 to below 1), by
 * power iteration to this tolerance (> 0), `iterations` times at most. */
int32_t rv_structural_features(const rv_buffer *offsets, const rv_buffer *indices, double damping, double tolerance,
                               uint64_t iterations, const rv_buffer *out, rv_error *error);
/* The mechanisms that fit, the best first, as JSON [{"mechanism", "reasons": [...]}], written as by rv_describe:
 * Sources/RuvectorGraph/RecommendMechanism.swift. `statistics` (f64, the 8 above) may be NULL; `norm_bound`: the largest
 * |x| of queries and keys, NaN where it is not known. */
int32_t rv_recommend_mechanism(const rv_buffer *statistics, uint64_t queries, uint64_t keys, uint64_t dim, int32_t edges,
                               double norm_bound, char *out, size_t capacity, size_t *length, rv_error *error);

/* ---- Geometry --------------------------------------------------------------------------------------------- */

/* A function of the Poincare ball by name (mobiusAdd, expMap, logMap, dist, ...; docs/numerics.md lists them with
 * their arguments), in double. `arguments` are f64 buffers; `dim` is the width of a point. Writes `*out_count`
 * numbers, 1 for scalars; capacity is out->dims[0]. */
int32_t rv_geometry(const char *name, double curvature, uint64_t dim, const rv_buffer *arguments,
                    size_t argument_count, const rv_buffer *out, uint64_t *out_count, rv_error *error);

/* ---- Databases: SQLite, for stores of vectors ----------------------------------------------------------------- */

/* A connection to an SQLite database; not in WebAssembly. The system's library is looked for when the first one is opened
 * (RUVECTOR_SQLITE: the file to take instead); RV_UNSUPPORTED where there is none. Its calls may come from any thread and
 * run one after the other. */
typedef struct rv_database rv_database;
/* What statements gave; belongs to one thread at a time. */
typedef struct rv_rows rv_rows;

/* `path` of a file or ":memory:". `access` 0: the file is there; 1: created where it is missing; 2: to read from only; 3: the same of
 * a file that nobody can change while it is open, which needs nothing beside it (a folder that cannot be written to). Statements wait `patience`
 * milliseconds for the locks of other connections, then fail with RV_BUSY. RV_IO, RV_CORRUPT. */
int32_t rv_database_open(const char *path, int32_t access, uint32_t patience, rv_database **out, rv_error *error);
rv_database *rv_database_retain(rv_database *);
void rv_database_release(rv_database *);
/* Runs each statement of `sql` for each row of `parameters`: packed values (u8), as many a row as the statement takes that
 * takes most; the others take the first of them. Without parameters: once. A value is a byte for its type and, in the
 * machine's byte order and without gaps: 0 null; 1 integer (i64); 2 real (f64); 3 text (u32 bytes, UTF-8); 4 blob (u32
 * bytes). In a `transaction` (not 0) everything is done or nothing, and what is done is on the disk when the call returns
 * (as far as the database's `synchronous` says so). `*out`: the rows that all of it gave, packed in the same way.
 * RV_DUPLICATE_KEY where a row's key exists, RV_INVALID_ARGUMENT for wrong SQL and broken constraints, RV_ABORTED. */
int32_t rv_database_run(rv_database *, const char *sql, const rv_buffer *parameters, int32_t transaction, rv_rows **out,
                        const rv_control *control, rv_error *error);
/* rv_database_run in a transaction, then rv_index_commit: what the transaction inserted last, `row_count` rows, has keys that
 * follow each other, the rows of `ticket` get them, and the values of the statements' results, all integers, are the keys that
 * leave the index. RV_OK where the transaction is done; `*is_indexed` receives whether the index has followed. */
int32_t rv_database_commit(rv_database *, const char *sql, const rv_buffer *parameters, rv_index *index, uint64_t ticket,
                           uint64_t row_count, rv_rows **out, int32_t *is_indexed, const rv_control *control,
                           rv_error *error);

/* Rows, columns, bytes; the key of the last row inserted through the connection; rows that the call inserted, changed or
 * deleted. Each pointer may be NULL. */
void rv_rows_info(rv_rows *, uint64_t *rows, uint64_t *columns, uint64_t *bytes, int64_t *last_key, uint64_t *changes);
/* Copies the packed values (u8, at least so many bytes). */
int32_t rv_rows_copy(rv_rows *, const rv_buffer *out, rv_error *error);
void rv_rows_release(rv_rows *);

/* ---- Yardsticks ------------------------------------------------------------------------------------------- */

/* One kernel on the caller's buffers (f32, rank 1), for benchmarks:
 *   "sum"      reads x                       (buffers: x)
 *   "exp"      y = e^x                       (x, y)
 *   "softmax"  x = softmax(x)                (x)
 *   "gemm"     c = a b, n x n each           (a, b, c)
 *   "fma"      n steps of the peak multiply-add loop
 * `work` receives the bytes read ("sum"), the elements ("exp", "softmax") or the floating-point operations. */
int32_t rv_kernel(const char *name, const rv_buffer *buffers, size_t buffer_count, uint64_t n, double *work,
                  rv_error *error);

#ifdef __cplusplus
}
#endif
#endif
