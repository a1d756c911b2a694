/* Vector operations that Swift's SIMD types spell as out-of-line generics: one instruction each here. */
#ifndef RV_SIMD_H
#define RV_SIMD_H

typedef float rv_float4 __attribute__((ext_vector_type(4)));
typedef float rv_float8 __attribute__((ext_vector_type(8)));
typedef float rv_float16 __attribute__((ext_vector_type(16)));
typedef double rv_double4 __attribute__((ext_vector_type(4)));
typedef double rv_double8 __attribute__((ext_vector_type(8)));

#define RV_INLINE static inline __attribute__((always_inline))

RV_INLINE rv_float4 rv_sqrt4(rv_float4 x) { return __builtin_elementwise_sqrt(x); }
RV_INLINE rv_float8 rv_sqrt8(rv_float8 x) { return __builtin_elementwise_sqrt(x); }
RV_INLINE rv_float16 rv_sqrt16(rv_float16 x) { return __builtin_elementwise_sqrt(x); }
RV_INLINE rv_float8 rv_max8(rv_float8 x, rv_float8 y) { return x > y ? x : y; }
RV_INLINE rv_double8 rv_widen8(rv_float8 x) { return __builtin_convertvector(x, rv_double8); }
#endif
