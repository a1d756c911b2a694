/* The libm functions the library uses, without any platform's module: the same names in wasm. */
#ifndef RV_MATH_H
#define RV_MATH_H

#define RV_MATH static inline __attribute__((always_inline))

double exp(double), log(double), log1p(double), expm1(double), pow(double, double);
double tanh(double), atanh(double), asinh(double), cosh(double), sinh(double), acosh(double);
double cos(double), sin(double);
float expf(float), logf(float), log1pf(float), tanhf(float), atanhf(float), asinhf(float);
float coshf(float), sinhf(float), acoshf(float);

RV_MATH double rv_exp(double x) { return exp(x); }
RV_MATH double rv_log(double x) { return log(x); }
RV_MATH double rv_log1p(double x) { return log1p(x); }
RV_MATH double rv_tanh(double x) { return tanh(x); }
RV_MATH double rv_atanh(double x) { return atanh(x); }
RV_MATH double rv_asinh(double x) { return asinh(x); }
RV_MATH double rv_acosh(double x) { return acosh(x); }
RV_MATH double rv_cosh(double x) { return cosh(x); }
RV_MATH double rv_sinh(double x) { return sinh(x); }
RV_MATH double rv_cos(double x) { return cos(x); }
RV_MATH double rv_sin(double x) { return sin(x); }
RV_MATH double rv_pow(double x, double y) { return pow(x, y); }
RV_MATH float rv_expf(float x) { return expf(x); }
RV_MATH float rv_logf(float x) { return logf(x); }
RV_MATH float rv_tanhf(float x) { return tanhf(x); }
RV_MATH float rv_atanhf(float x) { return atanhf(x); }
RV_MATH float rv_asinhf(float x) { return asinhf(x); }
RV_MATH float rv_acoshf(float x) { return acoshf(x); }
RV_MATH float rv_coshf(float x) { return coshf(x); }
RV_MATH float rv_sinhf(float x) { return sinhf(x); }
#endif
