/// XXH64 (Collet, the xxHash specification 0.1.1, §3): a checksum at the speed of memory. It finds accidents, not intent.
public struct XXHash64 {
  private static let p1: UInt64 = 0x9e37_79b1_85eb_ca87, p2: UInt64 = 0xc2b2_ae3d_27d4_eb4f
  private static let p3: UInt64 = 0x1656_67b1_9e37_79f9, p4: UInt64 = 0x85eb_ca77_c2b2_ae63
  private static let p5: UInt64 = 0x27d4_eb2f_1656_67c5

  private var a, b, c, d: UInt64
  private var total: UInt64 = 0
  private let seed: UInt64
  /// What does not fill 32 bytes yet.
  private var rest: [UInt8] = []

  public init(seed: UInt64 = 0) {
    self.seed = seed
    a = seed &+ Self.p1 &+ Self.p2
    b = seed &+ Self.p2
    c = seed
    d = seed &- Self.p1
    rest.reserveCapacity(32)
  }

  public mutating func add(_ data: UnsafeRawPointer, _ bytes: Int) {
    total &+= UInt64(bytes)
    var at = 0
    if !rest.isEmpty {
      while at < bytes, rest.count < 32 {
        rest.append((data + at).load(as: UInt8.self))
        at &+= 1
      }
      guard rest.count == 32 else { return }
      rest.withUnsafeBytes { bytes in
        if let base = bytes.baseAddress { stripe(base) }
      }
      rest.removeAll(keepingCapacity: true)
    }
    while at &+ 32 <= bytes {
      stripe(data + at)
      at &+= 32
    }
    while at < bytes {
      rest.append((data + at).load(as: UInt8.self))
      at &+= 1
    }
  }

  public var value: UInt64 {
    var h: UInt64
    if total >= 32 {
      h = Self.rotate(a, 1) &+ Self.rotate(b, 7) &+ Self.rotate(c, 12) &+ Self.rotate(d, 18)
      for lane in [a, b, c, d] { h = (h ^ Self.round(0, lane)) &* Self.p1 &+ Self.p4 }
    } else {
      h = seed &+ Self.p5
    }
    h &+= total
    var i = 0
    while i &+ 8 <= rest.count {
      h = Self.rotate(h ^ Self.round(0, word(i, 8)), 27) &* Self.p1 &+ Self.p4
      i &+= 8
    }
    if i &+ 4 <= rest.count {
      h = Self.rotate(h ^ word(i, 4) &* Self.p1, 23) &* Self.p2 &+ Self.p3
      i &+= 4
    }
    while i < rest.count {
      h = Self.rotate(h ^ UInt64(rest[i]) &* Self.p5, 11) &* Self.p1
      i &+= 1
    }
    h = (h ^ h &>> 33) &* Self.p2
    h = (h ^ h &>> 29) &* Self.p3
    return h ^ h &>> 32
  }

  private func word(_ from: Int, _ bytes: Int) -> UInt64 {
    var x: UInt64 = 0
    for i in 0..<bytes { x |= UInt64(rest[from + i]) &<< UInt64(8 * i) }
    return x
  }

  @inline(__always) private mutating func stripe(_ p: UnsafeRawPointer) {
    a = Self.round(a, UInt64(littleEndian: p.loadUnaligned(as: UInt64.self)))
    b = Self.round(b, UInt64(littleEndian: (p + 8).loadUnaligned(as: UInt64.self)))
    c = Self.round(c, UInt64(littleEndian: (p + 16).loadUnaligned(as: UInt64.self)))
    d = Self.round(d, UInt64(littleEndian: (p + 24).loadUnaligned(as: UInt64.self)))
  }

  @inline(__always) private static func round(_ lane: UInt64, _ input: UInt64) -> UInt64 {
    rotate(lane &+ input &* p2, 31) &* p1
  }

  @inline(__always) private static func rotate(_ x: UInt64, _ n: UInt64) -> UInt64 { x &<< n | x &>> (64 &- n) }
}
