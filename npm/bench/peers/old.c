// The arithmetic of two mechanisms of @ruvector/attention 0.1 for one query, written anew from their formulas: every sum one
// term after the other, as that package adds, keys and values mapped one by one. Without its arrays from JavaScript and its
// allocations, so that it takes less time than the package.
//
//     old <keys>      prints {"edge": microseconds, "dual": microseconds}: the fastest of three calls
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { DIM = 128, EDGE = 16, HEADS = 4, HEAD = DIM / HEADS };

static float *numbers(size_t count, float scale) {
  static unsigned state = 1;
  float *out = malloc(count * sizeof *out);
  if (out == NULL) exit(1);
  for (size_t i = 0; i < count; i++) {
    state = state * 1664525u + 1013904223u;
    out[i] = scale * ((float)(state >> 8) / 8388608.0f - 1.0f);
  }
  return out;
}

static float dot(const float *a, const float *b, int width) {
  float sum = 0;
  for (int i = 0; i < width; i++) sum += a[i] * b[i];
  return sum;
}

static void map(const float *weight, const float *x, int rows, int width, float *out) {
  for (int r = 0; r < rows; r++) out[r] = dot(weight + r * width, x, width);
}

static void softmax(float *scores, int count) {
  float most = scores[0], sum = 0;
  for (int i = 1; i < count; i++) most = fmaxf(most, scores[i]);
  for (int i = 0; i < count; i++) sum += scores[i] = expf(scores[i] - most);
  for (int i = 0; i < count; i++) scores[i] /= sum;
}

/** e_i = LeakyReLU(a_s·W q + a_d·W k_i + a_e·W_e f_i) a head, softmax, Σ w_i W v_i. */
static void edge(const float *q, const float *k, const float *v, const float *f, int n, const float *weights, float *scores, float *out) {
  const float *node = weights, *edges = node + DIM * DIM, *a = edges + DIM * EDGE;
  float mapped[HEAD];
  for (int h = 0; h < HEADS; h++) {
    const float *W = node + h * HEAD * DIM, *We = edges + h * HEAD * EDGE;
    map(W, q, HEAD, DIM, mapped);
    float own = dot(a, mapped, HEAD);
    for (int i = 0; i < n; i++) {
      map(W, k + (size_t)i * DIM, HEAD, DIM, mapped);
      float e = own + dot(a + DIM, mapped, HEAD);
      map(We, f + (size_t)i * EDGE, HEAD, EDGE, mapped);
      e += dot(a + 2 * DIM, mapped, HEAD);
      scores[i] = e > 0 ? e : 0.2f * e;
    }
    softmax(scores, n);
    for (int c = 0; c < HEAD; c++) out[h * HEAD + c] = 0;
    for (int i = 0; i < n; i++) {
      map(W, v + (size_t)i * DIM, HEAD, DIM, mapped);
      for (int c = 0; c < HEAD; c++) out[h * HEAD + c] += scores[i] * mapped[c];
    }
  }
}

static float clip(float *x) { // into the ball; 1 − |x|²
  float square = dot(x, x, DIM), most = 1 - 1e-5f;
  if (square <= most * most) return 1 - square;
  for (int i = 0; i < DIM; i++) x[i] *= most / sqrtf(square);
  return 1 - most * most;
}

/** score = (W_e q·W_e k/√d − d_P(W_h q, W_h k))/2; W_o Σ w v. */
static void dual(const float *q, const float *k, const float *v, int n, const float *weights, float *scores, float *out) {
  const float *We = weights, *Wh = We + DIM * DIM, *Wo = Wh + DIM * DIM;
  float qe[DIM], qh[DIM], ke[DIM], kh[DIM], mean[DIM] = {0};
  map(We, q, DIM, DIM, qe);
  map(Wh, q, DIM, DIM, qh);
  float inside = clip(qh);
  for (int i = 0; i < n; i++) {
    map(We, k + (size_t)i * DIM, DIM, DIM, ke);
    map(Wh, k + (size_t)i * DIM, DIM, DIM, kh);
    float square = 0, other = clip(kh);
    for (int c = 0; c < DIM; c++) square += (qh[c] - kh[c]) * (qh[c] - kh[c]);
    scores[i] = 0.5f * (dot(qe, ke, DIM) / sqrtf(DIM) - acoshf(1 + 2 * square / (inside * other)));
  }
  softmax(scores, n);
  for (int i = 0; i < n; i++) {
    for (int c = 0; c < DIM; c++) mean[c] += scores[i] * v[(size_t)i * DIM + c];
  }
  map(Wo, mean, DIM, DIM, out);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

int main(int count, char **arguments) {
  int n = count > 1 ? atoi(arguments[1]) : 0;
  if (n < 1) return 2;
  float *q = numbers(DIM, 0.08f), *k = numbers((size_t)n * DIM, 0.08f), *v = numbers((size_t)n * DIM, 0.08f), *f = numbers((size_t)n * EDGE, 1);
  float *weights = numbers(3 * DIM * DIM, 0.08f), *scores = numbers(n, 0), out[DIM];
  double least[2] = {1e300, 1e300}, sum = 0;
  for (int pass = 0; pass < 3; pass++) {
    double start = now();
    edge(q, k, v, f, n, weights, scores, out);
    double between = now();
    for (int c = 0; c < DIM; c++) sum += out[c];
    dual(q, k, v, n, weights, scores, out);
    double end = now();
    for (int c = 0; c < DIM; c++) sum += out[c];
    if (between - start < least[0]) least[0] = between - start;
    if (end - between < least[1]) least[1] = end - between;
  }
  if (!isfinite(sum)) return 1;
  printf("{\"edge\": %.0f, \"dual\": %.0f}\n", least[0], least[1]);
  return 0;
}
