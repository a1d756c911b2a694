// One source, compiled once per instruction set (see Package.swift). Only concrete SIMD and pointer code may
// stand in this module: a generic of the standard library specialised here would be a weak symbol with
// AVX instructions that the linker may hand to everybody.

import CRuvectorSupport

#if WIDE  // x86-64-v4: 512 bits
  typealias V = SIMD16<Float>
  typealias D = SIMD16<Double>
  typealias L = SIMD16<UInt64>
  typealias I = SIMD16<Int32>
  @inline(__always) var lanes: Int { 16 }
  @inline(__always) func squareRoot(_ x: V) -> V { rv_sqrt16(x) }
  @inline(__always) func squareRoot(_ x: D) -> D { rv_sqrt16_double(x) }
  @inline(__always) func halves(_ p: UnsafeRawPointer) -> V { rv_from_halves16(p) }
  @inline(__always) func totals(_ a: V, _ b: V, _ c: V, _ d: V) -> SIMD4<Float> { rv_sum4x16(a, b, c, d) }
  @inline(__always) func totals(_ a: D, _ b: D, _ c: D, _ d: D) -> SIMD4<Double> { rv_sum4x16_double(a, b, c, d) }
  @inline(__always) func larger(_ x: V, _ y: V) -> V { rv_max16(x, y) }
  @inline(__always) func widen(_ x: V) -> D { rv_widen16(x) }
  @inline(__always) func narrow(_ x: D) -> V { rv_narrow16(x) }
  @inline(__always) func total(_ x: V) -> Float { total8(x.lowHalf + x.highHalf) }
  @inline(__always) func total(_ x: D) -> Double { total8(x.lowHalf + x.highHalf) }
  @inline(__always) func top(_ x: V) -> Float { top8(rv_max8(x.lowHalf, x.highHalf)) }
#elseif FMA && arch(x86_64)  // x86-64-v3: 256 bits
  typealias V = SIMD8<Float>
  typealias D = SIMD8<Double>
  typealias L = SIMD8<UInt64>
  typealias I = SIMD8<Int32>
  @inline(__always) var lanes: Int { 8 }
  @inline(__always) func squareRoot(_ x: V) -> V { rv_sqrt8(x) }
  @inline(__always) func squareRoot(_ x: D) -> D { rv_sqrt8_double(x) }
  @inline(__always) func halves(_ p: UnsafeRawPointer) -> V { rv_from_halves8(p) }
  @inline(__always) func totals(_ a: V, _ b: V, _ c: V, _ d: V) -> SIMD4<Float> { rv_sum4x8(a, b, c, d) }
  @inline(__always) func totals(_ a: D, _ b: D, _ c: D, _ d: D) -> SIMD4<Double> { rv_sum4x8_double(a, b, c, d) }
  @inline(__always) func larger(_ x: V, _ y: V) -> V { rv_max8(x, y) }
  @inline(__always) func widen(_ x: V) -> D { rv_widen8(x) }
  @inline(__always) func narrow(_ x: D) -> V { rv_narrow8(x) }
  @inline(__always) func total(_ x: V) -> Float { total8(x) }
  @inline(__always) func total(_ x: D) -> Double { total8(x) }
  @inline(__always) func top(_ x: V) -> Float { top8(x) }
#else  // x86-64-v1, NEON, wasm SIMD128: 128 bits
  typealias V = SIMD4<Float>
  typealias D = SIMD4<Double>
  typealias L = SIMD4<UInt64>
  typealias I = SIMD4<Int32>
  @inline(__always) var lanes: Int { 4 }
  @inline(__always) func squareRoot(_ x: V) -> V { rv_sqrt4(x) }
  @inline(__always) func squareRoot(_ x: D) -> D { rv_sqrt4_double(x) }
  @inline(__always) func halves(_ p: UnsafeRawPointer) -> V { rv_from_halves4(p) }
  @inline(__always) func totals(_ a: V, _ b: V, _ c: V, _ d: V) -> SIMD4<Float> { rv_sum4x4(a, b, c, d) }
  @inline(__always) func totals(_ a: D, _ b: D, _ c: D, _ d: D) -> SIMD4<Double> { rv_sum4x4_double(a, b, c, d) }
  @inline(__always) func larger(_ x: V, _ y: V) -> V { rv_max4(x, y) }
  @inline(__always) func widen(_ x: V) -> D { rv_widen4(x) }
  @inline(__always) func narrow(_ x: D) -> V { rv_narrow4(x) }
  @inline(__always) func total(_ x: V) -> Float { total4(x) }
  @inline(__always) func total(_ x: D) -> Double { total4(x) }
  @inline(__always) func top(_ x: V) -> Float { top4(x) }
#endif

@inline(__always) func total4(_ x: SIMD4<Float>) -> Float { (x.x + x.z) + (x.y + x.w) }
@inline(__always) func total4(_ x: SIMD4<Double>) -> Double { (x.x + x.z) + (x.y + x.w) }
@inline(__always) func total8(_ x: SIMD8<Float>) -> Float { total4(x.lowHalf + x.highHalf) }
@inline(__always) func total8(_ x: SIMD8<Double>) -> Double { total4(x.lowHalf + x.highHalf) }
@inline(__always) func top4(_ x: SIMD4<Float>) -> Float { pick(pick(x.x, x.y), pick(x.z, x.w)) }
@inline(__always) func top8(_ x: SIMD8<Float>) -> Float { top4(rv_max4(x.lowHalf, x.highHalf)) }
/// The larger; `y` where `x` is NaN.
@inline(__always) func pick(_ x: Float, _ y: Float) -> Float { x > y ? x : y }

typealias In = UnsafePointer<Float>
typealias Out = UnsafeMutablePointer<Float>
typealias DoubleIn = UnsafePointer<Double>
typealias DoubleOut = UnsafeMutablePointer<Double>

@inline(__always) func store4(_ x: SIMD4<Float>, _ p: Out) {
  UnsafeMutableRawPointer(p).storeBytes(of: x, as: SIMD4<Float>.self)
}
@inline(__always) func load(_ p: In) -> V { UnsafeRawPointer(p).loadUnaligned(as: V.self) }
@inline(__always) func load(_ p: Out) -> V { UnsafeRawPointer(p).loadUnaligned(as: V.self) }
@inline(__always) func store(_ x: V, _ p: Out) {
  UnsafeMutableRawPointer(p).storeBytes(of: x, as: V.self)
}

/// The first `count < lanes` elements, zeros behind.
@inline(__always) func loadTail(_ p: In, _ count: Int) -> V {
  var x = V(repeating: 0), i = 0
  while i < count {
    x[i] = p[i]
    i &+= 1
  }
  return x
}

@inline(__always) func storeTail(_ x: V, _ p: Out, _ count: Int) {
  var i = 0
  while i < count {
    p[i] = x[i]
    i &+= 1
  }
}

@inline(__always) func load(_ p: DoubleIn) -> D { UnsafeRawPointer(p).loadUnaligned(as: D.self) }
@inline(__always) func load(_ p: DoubleOut) -> D { UnsafeRawPointer(p).loadUnaligned(as: D.self) }
@inline(__always) func store(_ x: D, _ p: DoubleOut) { UnsafeMutableRawPointer(p).storeBytes(of: x, as: D.self) }

/// The first `count < lanes` elements, `rest` behind.
@inline(__always) func loadTail(_ p: DoubleIn, _ count: Int, _ rest: Double) -> D {
  var x = D(repeating: rest), i = 0
  while i < count {
    x[i] = p[i]
    i &+= 1
  }
  return x
}

@inline(__always) func storeTail(_ x: D, _ p: DoubleOut, _ count: Int) {
  var i = 0
  while i < count {
    p[i] = x[i]
    i &+= 1
  }
}

/// c + a b: fused where the instruction set has it (elsewhere a fused form would be a library call).
@inline(__always) func fma(_ c: V, _ a: V, _ b: V) -> V {
  #if FMA
    c.addingProduct(a, b)
  #else
    c + a * b
  #endif
}
@inline(__always) func fma(_ c: D, _ a: D, _ b: D) -> D {
  #if FMA
    c.addingProduct(a, b)
  #else
    c + a * b
  #endif
}
@inline(__always) func fma(_ c: Float, _ a: Float, _ b: Float) -> Float {
  #if FMA
    c.addingProduct(a, b)
  #else
    c + a * b
  #endif
}
