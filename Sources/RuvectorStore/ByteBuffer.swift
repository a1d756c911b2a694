import CRuvectorSupport
import RuvectorCore

/// Bytes that grow at their end. What does not fit in memory is an error, where Swift's arrays would end the process.
final class ByteBuffer {
  private(set) var count = 0
  private var memory: AlignedBuffer<UInt8>

  init() throws(RuvectorError) { memory = try AlignedBuffer(count: 256, for: "rows") }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory.pointer, count: count) }

  func append(byte: UInt8) throws(RuvectorError) {
    try reserve(1)
    memory.pointer[count] = byte
    count += 1
  }

  /// A number as it lies in memory.
  func append<T: BitwiseCopyable>(_ value: T) throws(RuvectorError) {
    let size = MemoryLayout<T>.size
    try reserve(size)
    UnsafeMutableRawPointer(memory.pointer + count).storeBytes(of: value, as: T.self)
    count += size
  }

  func append(_ source: UnsafeRawPointer?, count added: Int) throws(RuvectorError) {
    try reserve(added)
    if let source, added > 0 {
      UnsafeMutableRawPointer(memory.pointer + count).copyMemory(from: source, byteCount: added)
    }
    count += added
  }

  private func reserve(_ added: Int) throws(RuvectorError) {
    guard memory.count - count < added else { return }
    let larger = try AlignedBuffer<UInt8>(count: max(2 * memory.count, count + added), for: "rows")
    UnsafeMutableRawPointer(larger.pointer).copyMemory(from: memory.pointer, byteCount: count)
    memory = larger
  }
}
