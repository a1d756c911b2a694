/* The elementary functions that the library asks libm for, to 2 units in the last place (npm/test/wasm-math.test.js
 * measures them). Double throughout; the 32-bit forms round the double result.
 *
 * Formulas: Muller, Elementary Functions, 3rd ed. 2016, chapters 9 to 11. Where a rounding error would count twice, the
 * exact error of a sum is carried along (Dekker 1971). */
#include "wasm_shim.h"

#if defined(__wasm__)

typedef struct { double high, low; } pair; /* an unevaluated sum, |low| far below |high| */

/* a + b and what rounding took away, for |a| >= |b|. */
static pair sum(double a, double b) {
  double s = a + b;
  return (pair){s, b - (s - a)};
}

static uint64_t bits(double x) { return __builtin_bit_cast(uint64_t, x); }
static double from_bits(uint64_t b) { return __builtin_bit_cast(double, b); }

/* ln 2 = high + low; n * high is exact for |n| < 2^20. */
static const double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33, infinity = __builtin_inf();

/* x 2^n for results of any size; rounds once more only where the result is subnormal. */
static double scaled(double x, int n) {
  while (n > 1023) x *= 0x1p1023, n -= 1023;
  while (n < -1022) x *= 0x1p-969, n += 969; /* keeps 53 bits until the last step */
  return x * from_bits((uint64_t)(n + 1023) << 52);
}

/* e^x = 2^n (1 + p): x = n ln 2 + r, |r| <= ln 2 / 2; p = r + r^2/2! + ... + r^13/13! (the rest is below 2^-57 r). */
static pair exponential(double x, int *n) {
  double k = __builtin_rint(x * 0x1.71547652b82fep0);
  double a = x - k * ln2_high, b = k * ln2_low, r = a - b, lost = (a - r) - b;
  double s = 1.0 / 6227020800;
  static const double inverse[] = {1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
                                   1.0 / 5040,      1.0 / 720,      1.0 / 120,     1.0 / 24,     1.0 / 6,
                                   1.0 / 2};
  for (int i = 0; i < 11; i++) s = s * r + inverse[i];
  pair p = sum(r, r * r * s);
  p.low += lost;
  *n = (int)k;
  return p;
}

/* 2^extra e^x */
static double exp_scaled(double x, int extra) {
  int n;
  if (x != x) return x;
  if (x > 1000) return infinity;
  if (x < -1000) return 0;
  pair p = exponential(x, &n), y = sum(1, p.high);
  return scaled(y.high + (y.low + p.low), n + extra);
}

/* e^x - 1 for 0 <= x < 40 */
static pair exp_minus_1(double x) {
  int n;
  pair p = exponential(x, &n);
  if (n == 0) return p;
  double power = from_bits((uint64_t)(n + 1023) << 52), a = power - 1, b = power * p.high;
  pair y = a >= __builtin_fabs(b) ? sum(a, b) : sum(b, a);
  y.low += power * p.low;
  return y;
}

/* ln(x 2^extra) for x = high + low > 0: high = 2^k (1 + f), s = f/(2 + f); ln(1 + f) = 2 artanh s
 * = f - f^2/2 + s (f^2/2 + 2 s^2/3 + 2 s^4/5 + ...). */
static double logarithm(pair x, int extra) {
  int k = extra;
  if (x.high < 0x1p-1022) x.high *= 0x1p54, x.low *= 0x1p54, k -= 54;
  uint64_t b = bits(x.high) + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd); /* 1 + f in sqrt(1/2)...sqrt(2) */
  k += (int)(b >> 52) - 1023;
  double f = from_bits((b & 0xfffffffffffff) + 0x3fe6a09e667f3bcd) - 1;
  double s = f / (2 + f), z = s * s, half = 0.5 * f * f, r = 0;
  for (int i = 21; i >= 3; i -= 2) r = z * (r + 2.0 / i);
  double tail = s * (half + r) + (k * ln2_low + x.low / x.high);
  return k * ln2_high - ((half - tail) - f);
}

/* ln(1 + u), u = high + low > -1 */
static double log_1_plus(pair u) {
  pair x = u.high <= 1 && u.high >= -1 ? sum(1, u.high) : sum(u.high, 1);
  x.low += u.low;
  return logarithm(x, 0);
}

double exp(double x) { return exp_scaled(x, 0); }

double log(double x) {
  if (x > 0 && x < infinity) return logarithm((pair){x, 0}, 0);
  return x == 0 ? -infinity : x > 0 ? x : __builtin_nan("");
}

double sinh(double x) {
  double a = __builtin_fabs(x), y;
  if (a < 0x1p-28 || x != x) return x;
  if (a < 22) { /* (t + t/(t + 1))/2, t = e^a - 1 */
    pair t = exp_minus_1(a), d = t.high < 1 ? sum(1, t.high) : sum(t.high, 1);
    double q = t.high / d.high;
    pair s = sum(t.high, q);
    y = 0.5 * (s.high + (s.low + t.low + (t.low - q * (d.low + t.low)) / d.high));
  } else {
    y = exp_scaled(a, -1);
  }
  return __builtin_copysign(y, x);
}

double cosh(double x) {
  double a = __builtin_fabs(x);
  if (!(a < 22)) return exp_scaled(a, -1);
  double y = exp(a);
  return 0.5 * y + 0.5 / y;
}

double tanh(double x) { /* t/(t + 2), t = e^(2a) - 1 */
  double a = __builtin_fabs(x);
  if (a < 0x1p-28 || x != x) return x;
  if (a > 20) return __builtin_copysign(1, x);
  pair t = exp_minus_1(2 * a), d = t.high < 2 ? sum(2, t.high) : sum(t.high, 2);
  double q = t.high / d.high;
  return __builtin_copysign(q + (t.low - q * (d.low + t.low)) / d.high, x);
}

double asinh(double x) { /* ln(1 + a + a^2/(1 + sqrt(1 + a^2))) */
  double a = __builtin_fabs(x);
  if (a < 0x1p-28 || !(a < infinity)) return x;
  if (a > 0x1p28) return __builtin_copysign(logarithm((pair){a, 0}, 1), x);
  double square = a * a;
  return __builtin_copysign(log_1_plus(sum(a, square / (1 + __builtin_sqrt(1 + square)))), x);
}

double acosh(double x) { /* ln(1 + t + sqrt(2t + t^2)), t = x - 1 */
  if (!(x >= 1)) return __builtin_nan("");
  if (x > 0x1p28) return x < infinity ? logarithm((pair){x, 0}, 1) : x;
  double t = x - 1, root = __builtin_sqrt(t * (t + 2));
  return log_1_plus(sum(root, t));
}

double atanh(double x) { /* ln(1 + 2a + 2a^2/(1 - a))/2 */
  double a = __builtin_fabs(x);
  if (a < 0x1p-28) return x;
  if (!(a < 1)) return a == 1 ? __builtin_copysign(infinity, x) : __builtin_nan("");
  double twice = a + a, more = twice * a / (1 - a);
  return __builtin_copysign(0.5 * log_1_plus(twice > more ? sum(twice, more) : sum(more, twice)), x);
}

double round(double x) { /* halves away from zero */
  double t = __builtin_trunc(x);
  return __builtin_fabs(x - t) >= 0.5 ? t + __builtin_copysign(1, x) : __builtin_copysign(t, x);
}

float expf(float x) { return (float)exp(x); }
float logf(float x) { return (float)log(x); }
float sinhf(float x) { return (float)sinh(x); }
float coshf(float x) { return (float)cosh(x); }
float tanhf(float x) { return (float)tanh(x); }
float asinhf(float x) { return (float)asinh(x); }
float acoshf(float x) { return (float)acosh(x); }
float atanhf(float x) { return (float)atanh(x); }

#endif
