import CRuvectorSupport

#if WIDE
  let levelName: StaticString = "v4"
#elseif arch(arm64)
  let levelName: StaticString = "neon"
#elseif arch(wasm32)
  let levelName: StaticString = "simd128"
#elseif FMA
  let levelName: StaticString = "v3"
#else
  let levelName: StaticString = "v1"
#endif

/// This level's kernels. Call it only where the instruction set is present.
public func kernelTable() -> rv_kernels {
  rv_kernels(
    level: UnsafeRawPointer(levelName.utf8Start).assumingMemoryBound(to: CChar.self),
    dot: { dot($0, $1, $2) },
    squared_l2: { squaredL2($0, $1, $2) },
    squared_norm: { squaredNorm($0, $1) },
    sum: { sum($0, $1) },
    maximum: { maximum($0, $1) },
    argmax: { argmax($0, $1) },
    non_finite_probe: { nonFiniteProbe($0, $1) },
    axpy: { axpy($0, $1, $2, $3) },
    scale: { scale($0, $1, $2, $3) },
    add: { add($0, $1, $2, $3) },
    multiply: { multiply($0, $1, $2, $3) },
    exponential: { exponential($0, $1, $2) },
    logarithm: { logarithm($0, $1, $2) },
    hyperbolic_tangent: { hyperbolicTangent($0, $1, $2) },
    logistic: { logistic($0, $1, $2) },
    exponential_sum: { exponentialSum($0, $1, $2, $3, $4) },
    dot_rows: { dotRows($0, $1, $2, $3, $4, $5) },
    squared_l2_rows: { squaredL2Rows($0, $1, $2, $3, $4, $5) },
    dot_norm_rows: { dotNormRows($0, $1, $2, $3, $4, $5, $6) },
    squared_l2_norm_rows: { squaredL2NormRows($0, $1, $2, $3, $4, $5, $6) },
    dot_norm_scattered: { dotNormScattered($0, $1, $2, $3, $4, $5) },
    squared_l2_norm_scattered: { squaredL2NormScattered($0, $1, $2, $3, $4, $5) },
    dot_scattered: { dotScattered($0, $1, $2, $3, $4) },
    squared_l2_scattered: { squaredL2Scattered($0, $1, $2, $3, $4) },
    dot_half_scattered: { dotHalfScattered($0, $1, $2, $3, $4) },
    squared_l2_half_scattered: { squaredL2HalfScattered($0, $1, $2, $3, $4) },
    dot_codes_scattered: { dotCodesScattered($0, $1, $2, $3, $4) },
    squared_norm_rows: { squaredNormRows($0, $1, $2, $3, $4) },
    combine_rows: { combineRows($0, $1, $2, $3, $4, $5) },
    squared_l2_rows_double: { squaredL2RowsDouble($0, $1, $2, $3, $4, $5) },
    combine_rows_double: { combineRowsDouble($0, $1, $2, $3, $4, $5) },
    spread_rows: { spreadRows($0, $1, $2, $3, $4, $5, $6, $7, $8, $9) },
    frechet_terms: { frechetTerms($0, $1, $2, $3, $4, $5, $6, $7) },
    rotate_pairs: { rotatePairs($0, $1, $2, $3, $4) },
    turn_products: { turnProducts($0, $1, $2, $3, $4) },
    leaky_dot_rows: { leakyDotRows($0, $1, $2, $3, $4, $5, $6, $7) },
    adam_step: { adamStep($0, $1, $2, $3, $4, $5) },
    gather_rows: { gatherRows($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) },
    gather_heads: { gatherHeads($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) },
    gather_maxima: { gatherMaxima($0, $1, $2, $3, $4, $5, $6, $7, $8) },
    head_dots: { headDots($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10) },
    edge_scores: { edgeScores($0, $1, $2, $3, $4, $5, $6, $7, $8, $9) },
    edge_softmax: { edgeSoftmax($0, $1, $2, $3, $4) },
    edge_softmax_slopes: { edgeSoftmaxSlopes($0, $1, $2, $3, $4, $5) },
    edge_score_slopes: { edgeScoreSlopes($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10) },
    cosine_scores: { cosineScores($0, $1, $2, $3, $4) },
    poincare_keys: { poincareKeys($0, $1, $2, $3, $4) },
    poincare_distances: { poincareDistances($0, $1, $2, $3, $4) },
    softmax_lanes: { softmaxLanes($0, $1, $2, $3, $4, $5) },
    embedding_pair: { embeddingPair($0.pointee, $1, $2) },
    embedding_apply: { embeddingApply($0.pointee, $1, $2, $3, $4) },
    embedding_keys: { embeddingKeys($0.pointee, $1, $2, $3, $4) },
    gemm_rows: tileRows,
    gemm_columns: tileColumns,
    gemm_pack: { gemmPack($0, $1, $2, $3, $4, $5, $6) },
    gemm_tile: { gemmTile($0, $1, $2, $3, $4, $5, $6, $7) },
    gemm_tile_rows: { gemmTileRows($0, $1, $2, $3, $4, $5, $6, $7) },
    multiply_add_peak: { multiplyAddPeak($0) },
    multiply_add_width: 12 &* lanes
  )
}
