/// Writes little-endian numbers and whole codes into bytes. Bounds are checked by the codec, once.
struct ByteWriter {
  let bytes: UnsafeMutableRawBufferPointer
  var offset: Int

  init(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int = 0) {
    self.bytes = bytes
    self.offset = offset
  }

  mutating func put(_ value: UInt32) {
    bytes.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self)
    offset &+= 4
  }

  mutating func put(_ value: UInt16) {
    bytes.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt16.self)
    offset &+= 2
  }

  mutating func put(_ value: Float) { put(value.bitPattern) }
}

/// Reads what ``ByteWriter`` wrote. Bounds are checked by the codec, once.
struct ByteReader {
  let bytes: UnsafeRawBufferPointer
  var offset: Int

  init(_ bytes: UnsafeRawBufferPointer, at offset: Int = 0) {
    self.bytes = bytes
    self.offset = offset
  }

  mutating func u32() -> UInt32 {
    defer { offset &+= 4 }
    return UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  mutating func u16() -> UInt16 {
    defer { offset &+= 2 }
    return UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  mutating func float() -> Float { Float(bitPattern: u32()) }
}

/// Packs codes of 1 to 8 bits, the first code in the lowest bits:
///
/// ```
/// three bits a code:   byte 0            byte 1
///                      c₂c₂c₁c₁c₁c₀c₀c₀  c₅c₄c₄c₄c₃c₃c₃c₂     (highest bit on the left)
/// ```
struct BitWriter {
  let bytes: UnsafeMutableRawBufferPointer
  var offset: Int
  private var pending: UInt32 = 0
  private var count: UInt32 = 0

  init(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
    self.bytes = bytes
    self.offset = offset
  }

  mutating func put(_ code: UInt32, bits: UInt32) {
    pending |= code &<< count
    count &+= bits
    if count >= 8 {
      bytes[offset] = UInt8(truncatingIfNeeded: pending)
      offset &+= 1
      pending &>>= 8
      count &-= 8
    }
  }

  /// Writes the last, incomplete byte; its unused high bits are 0.
  mutating func finish() {
    if count > 0 { bytes[offset] = UInt8(truncatingIfNeeded: pending) }
  }
}

/// Reads what ``BitWriter`` wrote.
struct BitReader {
  let bytes: UnsafeRawBufferPointer
  var offset: Int
  private var pending: UInt32 = 0
  private var count: UInt32 = 0

  init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    self.bytes = bytes
    self.offset = offset
  }

  mutating func next(bits: UInt32) -> UInt32 {
    if count < bits {
      pending |= UInt32(bytes[offset]) &<< count
      offset &+= 1
      count &+= 8
    }
    let code = pending & ((1 &<< bits) &- 1)
    pending &>>= bits
    count &-= bits
    return code
  }

  /// The bits left over in the last byte, which must be 0.
  var padding: UInt32 { pending }
}
