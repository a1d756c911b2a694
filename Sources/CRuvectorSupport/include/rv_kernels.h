/* The table of kernels: one per instruction set, chosen once (RuvectorCore/Kernels.swift).
 *
 * Counts are elements; `stride` is the distance between rows in elements. No kernel allocates, traps or reads
 * beyond the counts given. Floats may be unaligned. A row's result does not depend on the rows beside it, so
 * splitting rows over blocks or threads never changes a bit.
 */
#ifndef RV_KERNELS_H
#define RV_KERNELS_H
#include <stdbool.h>
#include <stdint.h>

#pragma clang assume_nonnull begin
/* What a step of Adam is made of (RuvectorTraining/Optimizers/Adam.swift). */
typedef struct rv_adam {
  float scale, decay;        /* g <- scale g + decay p */
  float shrink;              /* p <- shrink p, before the step */
  float beta1, beta2;        /* of the means */
  float rest1, rest2;        /* 1 - beta1, 1 - beta2 */
  float length, root, eps;   /* p <- p - length m / (root sqrt(v) + eps) */
} rv_adam;

/* A batch of pairs (u, v) of an embedding in hyperbolic space, each with negatives (RuvectorTraining/PoincareTable.swift).
 *
 * A row of `table` has `size` coordinates, zeros, and last 1 - |x|^2 (ball) or the time x0 = sqrt(1 + |x|^2) (hyperboloid); stride
 * is a multiple of 8. An entry is a place in ids, t and a. Entries of pair p begin at p room: first v, then the negatives, `count`
 * together, then u; room is a multiple of 8. Of `vectors` pair p has two rows, 2p and 2p + 1. */
typedef struct rv_embedding_batch {
  double *table;
  intptr_t stride, size;
  int32_t hyperboloid;
  const double *signs; /* 8: 1, and last what the square of a row's last place counts: 0 in the ball, -1 on the hyperboloid */
  const uint32_t *ids;
  double *t, *a, *vectors;
  intptr_t count, room;
} rv_embedding_batch;

typedef struct rv_kernels {
  const char *level;

  /* Vectors: reductions. */
  float (*dot)(const float *x, const float *y, intptr_t n);
  float (*squared_l2)(const float *x, const float *y, intptr_t n);
  double (*squared_norm)(const float *x, intptr_t n); /* accumulated in double */
  float (*sum)(const float *x, intptr_t n);
  float (*maximum)(const float *x, intptr_t n);       /* -inf for n = 0; NaN elements are passed over */
  intptr_t (*argmax)(const float *x, intptr_t n);     /* the lowest index of the maximum; -1 for n = 0 */
  float (*non_finite_probe)(const float *x, intptr_t n); /* 0 if all are finite, else NaN */

  /* Vectors: maps. Output may be the input. */
  void (*axpy)(float a, const float *x, float *y, intptr_t n); /* y += a x */
  void (*scale)(float a, const float *x, float *y, intptr_t n);
  void (*add)(const float *x, const float *y, float *out, intptr_t n);
  void (*multiply)(const float *x, const float *y, float *out, intptr_t n);
  void (*exponential)(const float *x, float *y, intptr_t n);
  void (*logarithm)(const float *x, float *y, intptr_t n);
  void (*hyperbolic_tangent)(const float *x, float *y, intptr_t n);
  void (*logistic)(const float *x, float *y, intptr_t n);
  /* y = exp(scale (x - shift)), returns the sum: the body of softmax and of online softmax. */
  float (*exponential_sum)(const float *x, float shift, float scale, float *y, intptr_t n);

  /* Rows: one query against `count` rows. */
  void (*dot_rows)(const float *q, const float *rows, intptr_t stride, intptr_t count, intptr_t dim, float *dots);
  void (*squared_l2_rows)(const float *q, const float *rows, intptr_t stride, intptr_t count, intptr_t dim,
                          float *distances);
  void (*dot_norm_rows)(const float *q, const float *rows, intptr_t stride, intptr_t count, intptr_t dim,
                        float *dots, float *squared_norms);
  void (*squared_l2_norm_rows)(const float *q, const float *rows, intptr_t stride, intptr_t count, intptr_t dim,
                               float *distances, float *squared_norms);
  /* The same for rows anywhere: a pointer to each. */
  void (*dot_norm_scattered)(const float *q, const float *_Nonnull const *_Nonnull rows, intptr_t count,
                             intptr_t dim, float *dots, float *squared_norms);
  void (*squared_l2_norm_scattered)(const float *q, const float *_Nonnull const *_Nonnull rows, intptr_t count,
                                    intptr_t dim, float *distances, float *squared_norms);
  /* Products and distances alone, for rows anywhere in memory: of floats, of halves (IEEE binary16), of codes of 8 bits
   * against a query of 16 (dim a multiple of 32, |code| <= 127, dim below 2^17). */
  void (*dot_scattered)(const float *q, const void *_Nonnull const *_Nonnull rows, intptr_t count, intptr_t dim,
                        float *out);
  void (*squared_l2_scattered)(const float *q, const void *_Nonnull const *_Nonnull rows, intptr_t count, intptr_t dim,
                               float *out);
  void (*dot_half_scattered)(const float *q, const void *_Nonnull const *_Nonnull rows, intptr_t count, intptr_t dim,
                             float *out);
  void (*squared_l2_half_scattered)(const float *q, const void *_Nonnull const *_Nonnull rows, intptr_t count,
                                    intptr_t dim, float *out);
  void (*dot_codes_scattered)(const int16_t *q, const void *_Nonnull const *_Nonnull rows, intptr_t count, intptr_t dim,
                              float *out);
  void (*squared_norm_rows)(const float *rows, intptr_t stride, intptr_t count, intptr_t dim, double *squared_norms);
  /* y += transpose(rows) x: x has `count` elements, y has `dim`. */
  void (*combine_rows)(const float *x, const float *rows, intptr_t stride, intptr_t count, intptr_t dim, float *y);

  /* From here to `turn_products`: not in the smaller WebAssembly module, where nothing calls them.
   *
   * Sums in double over rows of floats: |q - row|^2, and y += transpose(rows) x. */
  void (*squared_l2_rows_double)(const double *q, const float *rows, intptr_t stride, intptr_t count, intptr_t dim,
                                 double *squares);
  void (*combine_rows_double)(const double *x, const float *rows, intptr_t stride, intptr_t count, intptr_t dim,
                              double *y);
  /* The gradient of products of x with rows: out_r = a_r x + b_r row_r, packed (with `adds`, it is added to), and
   * y += sum of a_r row_r. */
  void (*spread_rows)(const float *a, const float *b, const float *x, const float *rows, intptr_t stride, intptr_t count,
                      intptr_t dim, float *y, float *out, bool adds);
  /* What points of a ball add to the gradient of their Frechet mean at m, gap = 1 - c |m|^2: of each squares = |x - m|^2,
   * gaps = 1 - c |x|^2 and its weight w. With z^2 = c squares / (gap gaps), q = asinh(z)/z, k = w q / (gaps sqrt(1 + z^2)):
   * factors = k gap; sums[0] += sum of k (gap + c squares); sums[1] += sum of w (z q)^2. */
  void (*frechet_terms)(const double *squares, const double *gaps, const double *weights, double c, double gap, intptr_t n,
                        double *factors, double *sums);

  /* Rotary embedding, h pairs (x[i], x[h + i]): out[i] = x[i] c[i] - x[h + i] s[i], out[h + i] = x[i] s[i] + x[h + i] c[i]. */
  void (*rotate_pairs)(const float *x, const float *cosines, const float *sines, intptr_t h, float *out);
  /* One turn after another: (cosines[i], sines[i]) is the product of (x[i], x[h + i]) and (y[i], y[h + i]) as complex numbers. */
  void (*turn_products)(const double *x, const double *y, intptr_t h, float *cosines, float *sines);

  /* out[r] = sum of a LeakyReLU(row + q), LeakyReLU(z) = max(z, slope z), 0 <= slope <= 1: the scores of GATv2. */
  void (*leaky_dot_rows)(const float *q, const float *a, float slope, const float *rows, intptr_t stride,
                         intptr_t count, intptr_t dim, float *out);

  /* One step of Adam: p, its gradient g, the means m and v. */
  void (*adam_step)(float *p, const float *g, float *m, float *v, intptr_t n, const rv_adam *constants);

  /* Rows along the edges of a graph in CSR form: node i of first..<last has the entries offsets[i] up to offsets[i + 1], each
   * a row x[indices[e]]. What belongs to entry e lies at place `places[e]` (NULL: e). Each node's sum goes in the order of its
   * entries, for each column by itself. */
  /* out[i] = sum of weights[place * step] x[indices[e]] (weights NULL: 1), 0 without entries; `adds`: added to what is there. */
  void (*gather_rows)(const uint32_t *offsets, const uint32_t *indices, const uint32_t *_Nullable places,
                      const float *_Nullable weights, intptr_t step, const float *x, intptr_t stride, intptr_t first,
                      intptr_t last, intptr_t dim, float *out, intptr_t out_stride, bool adds);
  /* The same for `heads` parts of `width` columns each, the part of head h weighed by weights[place * heads + h]. */
  void (*gather_heads)(const uint32_t *offsets, const uint32_t *indices, const uint32_t *_Nullable places,
                       const float *weights, intptr_t heads, intptr_t width, const float *x, intptr_t stride,
                       intptr_t first, intptr_t last, float *out, intptr_t out_stride);
  /* out[i] = the largest of x[indices[e]], column by column; 0 without entries. */
  void (*gather_maxima)(const uint32_t *offsets, const uint32_t *indices, const float *x, intptr_t stride,
                        intptr_t first, intptr_t last, intptr_t dim, float *out, intptr_t out_stride);
  /* out[e * heads + h] = the product of part h of g[i] and of x[indices[e]]. */
  void (*head_dots)(const uint32_t *offsets, const uint32_t *indices, const float *g, intptr_t g_stride, const float *x,
                    intptr_t stride, intptr_t heads, intptr_t width, intptr_t first, intptr_t last, float *out);
  /* out[e * heads + h] = LeakyReLU(sources[indices[e]][h] + targets[i][h] (+ edges[e][h])), as in leaky_dot_rows. */
  void (*edge_scores)(const uint32_t *offsets, const uint32_t *indices, const float *sources, const float *targets,
                      const float *_Nullable edges, float slope, intptr_t heads, intptr_t first, intptr_t last,
                      float *out);
  /* In place: softmax over the entries of each node, of each of `heads` columns by itself. */
  void (*edge_softmax)(const uint32_t *offsets, intptr_t heads, intptr_t first, intptr_t last, float *scores);
  /* Its gradient, in place: slopes <- shares (slopes - the sum of shares slopes over the node's entries). */
  void (*edge_softmax_slopes)(const uint32_t *offsets, intptr_t heads, intptr_t first, intptr_t last,
                              const float *shares, float *slopes);
  /* The gradient of edge_scores, in place: slopes times that of LeakyReLU; the sums over a node's entries to `target_slopes`. */
  void (*edge_score_slopes)(const uint32_t *offsets, const uint32_t *indices, const float *sources, const float *targets,
                            const float *_Nullable edges, float slope, intptr_t heads, intptr_t first, intptr_t last,
                            float *slopes, float *target_slopes);

  /* Scores. */
  /* cosine = dot / (|x| |q|), 0 where a norm is 0. */
  void (*cosine_scores)(const float *dots, const float *squared_norms, float inverse_query_norm, float *scores,
                        intptr_t n);
  /* Poincare rank key: |q - y|^2 / (1 - c |y|^2); good where c |y|^2 <= 1/2 (no cancellation). */
  void (*poincare_keys)(const float *squared_l2, const float *squared_norms, float c, float *keys, intptr_t n);
  /* distance = b asinh(sqrt(a key)), to a few ulp. */
  void (*poincare_distances)(const float *keys, float a, float b, float *distances, intptr_t n);

  /* One block of a running softmax for gemm_columns queries side by side: x [count][gemm_columns], a lane a query.
   * maxima <- max(maxima, max x); x <- exp(scale (x - maxima)); sums <- the sum of these; shrinks <- exp(scale (old
   * maxima - new)), what earlier sums are to be multiplied by. Lanes that have seen -inf only give zeros. */
  void (*softmax_lanes)(float *x, intptr_t count, float scale, float *maxima, float *sums, float *shrinks);

  /* Gradients of -log(e_0 / sum of e_k), e_k = exp(-d(u, v_k)), of pair p of a batch. With w_0 = 1 - e_0/sum, else w_k = -e_k/sum:
   * in the ball t_k = w_k d'(u, v_k) 4/((1 - |u|^2)(1 - |v_k|^2)), whose gradient to v_k is a_k v_k - t_k u; on the hyperboloid
   * t_k = w_k d', a_k = 0, whose gradient is the tangent part of -t_k u. vectors[2p] = u, vectors[2p + 1] = sum of t_k v_k (the last
   * place 0 in the ball); of u's own entry t = 1 and a is such that the gradient to u is a u - vectors[2p + 1]. d' is 0 for points
   * that are one. Rows named by `next` (`room` of them, or NULL) are fetched into the cache. Returns e_0 / sum. */
  double (*embedding_pair)(const rv_embedding_batch *batch, intptr_t pair, const uint32_t *_Nullable next);
  /* Moves rows one after another: list has `count` pairs (entry, row y of vectors). Ball: x -= s (a x - t y), s = rate (1 - |x|^2)^2/4,
   * drawn back to the norm `rim` from beyond; hyperboloid: along the geodesic against the gradient, as far as rate times its
   * length, 1 at most, and no farther out than x0 = rim. */
  void (*embedding_apply)(const rv_embedding_batch *batch, const uint32_t *list, intptr_t count, double rate, double rim);
  /* Keys that order `count` rows as their distances from the row q do: x - 1 for cosh d = x. */
  void (*embedding_keys)(const rv_embedding_batch *batch, const double *q, const double *rows, intptr_t count, double *keys);

  /* Matrix product, in tiles of gemm_rows x gemm_columns (see RuvectorCore/Gemm.swift). */
  intptr_t gemm_rows, gemm_columns;
  /* Panels of `width` lines, k-major, zero padded: out[p][k][w] = x[(p width + w) line + k step]. */
  void (*gemm_pack)(const float *x, intptr_t line, intptr_t step, intptr_t lines, intptr_t depth, intptr_t width,
                    float *out);
  /* c[0..<rows, 0..<columns] = a b for one tile, or += with `accumulate`. */
  void (*gemm_tile)(const float *a, const float *b, intptr_t depth, float *c, intptr_t c_stride, intptr_t rows,
                    intptr_t columns, int32_t accumulate);
  /* The same bits with gemm_rows whole rows of a where they lie, a_stride from one to the next: no packing. */
  void (*gemm_tile_rows)(const float *a, intptr_t a_stride, const float *b, intptr_t depth, float *c, intptr_t c_stride,
                         intptr_t columns, int32_t accumulate);

  /* A yardstick for benchmarks: `steps` times `multiply_add_width` multiply-adds on registers. */
  float (*multiply_add_peak)(intptr_t steps);
  intptr_t multiply_add_width;
} rv_kernels;
#pragma clang assume_nonnull end
#endif
