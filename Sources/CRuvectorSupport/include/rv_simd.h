/* Vector operations that Swift's SIMD types spell as out-of-line generics: one or two instructions each here. */
#ifndef RV_SIMD_H
#define RV_SIMD_H

typedef float rv_float4 __attribute__((ext_vector_type(4)));
typedef float rv_float8 __attribute__((ext_vector_type(8)));
typedef float rv_float16 __attribute__((ext_vector_type(16)));
typedef double rv_double4 __attribute__((ext_vector_type(4)));
typedef double rv_double8 __attribute__((ext_vector_type(8)));
typedef double rv_double16 __attribute__((ext_vector_type(16)));

#define RV_INLINE static inline __attribute__((always_inline))

RV_INLINE rv_float4 rv_sqrt4(rv_float4 x) { return __builtin_elementwise_sqrt(x); }
RV_INLINE rv_float8 rv_sqrt8(rv_float8 x) { return __builtin_elementwise_sqrt(x); }
RV_INLINE rv_float16 rv_sqrt16(rv_float16 x) { return __builtin_elementwise_sqrt(x); }
RV_INLINE rv_double4 rv_sqrt4_double(rv_double4 x) { return __builtin_elementwise_sqrt(x); }
RV_INLINE rv_double8 rv_sqrt8_double(rv_double8 x) { return __builtin_elementwise_sqrt(x); }
RV_INLINE rv_double16 rv_sqrt16_double(rv_double16 x) { return __builtin_elementwise_sqrt(x); }

/* The larger; y where x is NaN. */
RV_INLINE rv_float4 rv_max4(rv_float4 x, rv_float4 y) { return x > y ? x : y; }
RV_INLINE rv_float8 rv_max8(rv_float8 x, rv_float8 y) { return x > y ? x : y; }
RV_INLINE rv_float16 rv_max16(rv_float16 x, rv_float16 y) { return x > y ? x : y; }

RV_INLINE rv_double4 rv_widen4(rv_float4 x) { return __builtin_convertvector(x, rv_double4); }
RV_INLINE rv_double8 rv_widen8(rv_float8 x) { return __builtin_convertvector(x, rv_double8); }
RV_INLINE rv_double16 rv_widen16(rv_float16 x) { return __builtin_convertvector(x, rv_double16); }
RV_INLINE rv_float4 rv_narrow4(rv_double4 x) { return __builtin_convertvector(x, rv_float4); }
RV_INLINE rv_float8 rv_narrow8(rv_double8 x) { return __builtin_convertvector(x, rv_float8); }
RV_INLINE rv_float16 rv_narrow16(rv_double16 x) { return __builtin_convertvector(x, rv_float16); }

/* The sums of four vectors side by side; each in the order (0 + 2) + (1 + 3) of its quarters' lanes, as `total` in
 * Lanes.swift adds one vector. */
RV_INLINE rv_float4 rv_sum4x4(rv_float4 a, rv_float4 b, rv_float4 c, rv_float4 d) {
  rv_float4 ab = __builtin_shufflevector(a, b, 0, 4, 1, 5) + __builtin_shufflevector(a, b, 2, 6, 3, 7);
  rv_float4 cd = __builtin_shufflevector(c, d, 0, 4, 1, 5) + __builtin_shufflevector(c, d, 2, 6, 3, 7);
  return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}
RV_INLINE rv_float4 rv_sum4x8(rv_float8 a, rv_float8 b, rv_float8 c, rv_float8 d) {
  return rv_sum4x4(a.lo + a.hi, b.lo + b.hi, c.lo + c.hi, d.lo + d.hi);
}
RV_INLINE rv_float4 rv_sum4x16(rv_float16 a, rv_float16 b, rv_float16 c, rv_float16 d) {
  return rv_sum4x8(a.lo + a.hi, b.lo + b.hi, c.lo + c.hi, d.lo + d.hi);
}

/* The same in double, the order that of `total` for doubles: four lanes each, wider vectors folded in halves. */
RV_INLINE rv_double4 rv_sum4x4_double(rv_double4 a, rv_double4 b, rv_double4 c, rv_double4 d) {
  rv_double4 ab = __builtin_shufflevector(a, b, 0, 4, 1, 5) + __builtin_shufflevector(a, b, 2, 6, 3, 7);
  rv_double4 cd = __builtin_shufflevector(c, d, 0, 4, 1, 5) + __builtin_shufflevector(c, d, 2, 6, 3, 7);
  return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}
RV_INLINE rv_double4 rv_sum4x8_double(rv_double8 a, rv_double8 b, rv_double8 c, rv_double8 d) {
  return rv_sum4x4_double(a.lo + a.hi, b.lo + b.hi, c.lo + c.hi, d.lo + d.hi);
}
RV_INLINE rv_double4 rv_sum4x16_double(rv_double16 a, rv_double16 b, rv_double16 c, rv_double16 d) {
  return rv_sum4x8_double(a.lo + a.hi, b.lo + b.hi, c.lo + c.hi, d.lo + d.hi);
}

/* Lane l of the result is lane l ^ s of x: folding with these, from half the lanes down to p, leaves in lane l what all lanes
 * that are l modulo p have. */
RV_INLINE rv_float4 rv_swap1_4(rv_float4 x) { return __builtin_shufflevector(x, x, 1, 0, 3, 2); }
RV_INLINE rv_float4 rv_swap2_4(rv_float4 x) { return __builtin_shufflevector(x, x, 2, 3, 0, 1); }
RV_INLINE rv_float8 rv_swap1_8(rv_float8 x) { return __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6); }
RV_INLINE rv_float8 rv_swap2_8(rv_float8 x) { return __builtin_shufflevector(x, x, 2, 3, 0, 1, 6, 7, 4, 5); }
RV_INLINE rv_float8 rv_swap4_8(rv_float8 x) { return __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3); }
RV_INLINE rv_float16 rv_swap1_16(rv_float16 x) {
  return __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
}
RV_INLINE rv_float16 rv_swap2_16(rv_float16 x) {
  return __builtin_shufflevector(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
}
RV_INLINE rv_float16 rv_swap4_16(rv_float16 x) {
  return __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
}
RV_INLINE rv_float16 rv_swap8_16(rv_float16 x) {
  return __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
}

typedef float rv_unaligned4 __attribute__((ext_vector_type(4), aligned(4)));
/* out[k * stride + w] = rows[w][k] for k, w in 0..<4. */
RV_INLINE void rv_transpose4(const float *p0, const float *p1, const float *p2, const float *p3, float *out,
                             long stride) {
  rv_float4 a = *(const rv_unaligned4 *)p0, b = *(const rv_unaligned4 *)p1;
  rv_float4 c = *(const rv_unaligned4 *)p2, d = *(const rv_unaligned4 *)p3;
  rv_float4 ab0 = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab1 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  rv_float4 cd0 = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd1 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *(rv_unaligned4 *)out = __builtin_shufflevector(ab0, cd0, 0, 1, 4, 5);
  *(rv_unaligned4 *)(out + stride) = __builtin_shufflevector(ab0, cd0, 2, 3, 6, 7);
  *(rv_unaligned4 *)(out + 2 * stride) = __builtin_shufflevector(ab1, cd1, 0, 1, 4, 5);
  *(rv_unaligned4 *)(out + 3 * stride) = __builtin_shufflevector(ab1, cd1, 2, 3, 6, 7);
}

/* Halves (IEEE binary16, finite) as floats, exactly. Without an instruction for it: the fields moved to where a float has them mean
 * the value times 2^-112. */
#if defined(__F16C__) || defined(__aarch64__)
#define RV_HALVES(lanes)                                                                                             \
  RV_INLINE rv_float##lanes rv_from_halves##lanes(const void *p) {                                                   \
    typedef __fp16 halves __attribute__((ext_vector_type(lanes), aligned(2)));                                       \
    return __builtin_convertvector(*(const halves *)p, rv_float##lanes);                                             \
  }
#else
#define RV_HALVES(lanes)                                                                                             \
  RV_INLINE rv_float##lanes rv_from_halves##lanes(const void *p) {                                                   \
    typedef unsigned short halves __attribute__((ext_vector_type(lanes), aligned(2)));                               \
    typedef unsigned words __attribute__((ext_vector_type(lanes)));                                                  \
    words bits = __builtin_convertvector(*(const halves *)p, words);                                                 \
    rv_float##lanes size = (rv_float##lanes)((bits & 0x7fff) << 13) * 0x1p112f;                                      \
    return (rv_float##lanes)((words)size | (bits & 0x8000) << 16);                                                   \
  }
#endif
RV_HALVES(4)
RV_HALVES(8)
RV_HALVES(16)

/* RV_PAIRS products q[i] p[i] of 16 bits, added in pairs to 32. A lane of floats is a pair. */
#if defined(__AVX512BW__)
#define RV_PAIRS 32
#elif defined(__AVX2__)
#define RV_PAIRS 16
#else
#define RV_PAIRS 8
#endif
typedef short rv_pairs __attribute__((ext_vector_type(RV_PAIRS)));
typedef short rv_pairs_unaligned __attribute__((ext_vector_type(RV_PAIRS), aligned(2)));
typedef signed char rv_bytes __attribute__((ext_vector_type(RV_PAIRS), aligned(1)));
typedef int rv_pair_sums __attribute__((ext_vector_type(RV_PAIRS / 2)));
RV_INLINE rv_pair_sums rv_madd_codes(const short *q, const signed char *p) {
  rv_pairs a = *(const rv_pairs_unaligned *)q, b = __builtin_convertvector(*(const rv_bytes *)p, rv_pairs);
#if defined(__AVX512BW__)
  return (rv_pair_sums)__builtin_ia32_pmaddwd512(a, b);
#elif defined(__AVX2__)
  return (rv_pair_sums)__builtin_ia32_pmaddwd256(a, b);
#elif defined(__SSE2__)
  return (rv_pair_sums)__builtin_ia32_pmaddwd128(a, b);
#elif defined(__wasm_simd128__)
  return (rv_pair_sums)__builtin_wasm_dot_s_i32x4_i16x8(a, b);
#else
  return __builtin_convertvector(a.even, rv_pair_sums) * __builtin_convertvector(b.even, rv_pair_sums) +
         __builtin_convertvector(a.odd, rv_pair_sums) * __builtin_convertvector(b.odd, rv_pair_sums);
#endif
}
RV_INLINE int rv_total_pairs(rv_pair_sums x) { return __builtin_reduce_add(x); }

RV_INLINE void rv_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }
/* Into the outer caches only. */
RV_INLINE void rv_prefetch_outer(const void *address) { __builtin_prefetch(address, 0, 2); }
#endif
