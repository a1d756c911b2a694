// Written by npm/scripts/esm.js.
import attention from './attention.js';

export default attention;
export const {
  Attention,
  AttentionType,
  DotProductAttention,
  DynamicHeadsAttention,
  FlashAttention,
  LearnedRoutingAttention,
  LinearAttention,
  LocalGlobalAttention,
  MoEAttention,
  MultiHeadAttention,
  RuvectorError,
  ScaledDotProductAttention,
  SparsityPattern,
  batchAttentionCompute,
  batchFlashAttentionCompute,
  computeAttentionAsync,
  computeFlashAttentionAsync,
  expMap,
  info,
  logMap,
  mobiusAddition,
  parallelAttentionCompute,
  poincareDistance,
  projectToPoincareBall,
  scaledDotAttention,
  version,
} = attention;
