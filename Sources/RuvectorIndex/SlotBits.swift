import CRuvectorSupport
import RuvectorCore

/// A set of slots as bits, with a second level of bits that says where any are: few slots among many are found at once.
/// Changed by one thread at a time, read by any.
final class SlotBits {
  private var words: AlignedBuffer<UInt32>
  /// Bit i: whether any of the 32 words from 32 i on has one (or had).
  private var summary: AlignedBuffer<UInt32>

  /// For `count` slots: none, or all of them.
  init(_ count: Int, filled: Bool) throws(RuvectorError) {
    let n = (count + 31) / 32
    words = try AlignedBuffer(count: n, repeating: filled ? .max : 0, for: "filter")
    summary = try AlignedBuffer(count: (n + 1023) / 1024, repeating: filled ? .max : 0, for: "filter")
  }

  var byteCount: Int { 4 * (words.count + summary.count) }

  /// Room for `count` slots, the new ones not in the set. Excludes readers.
  func grow(to count: Int) throws(RuvectorError) {
    let n = (count + 31) / 32
    guard n > words.count else { return }
    let larger = try AlignedBuffer<UInt32>(count: n, repeating: 0, for: "filter")
    let above = try AlignedBuffer<UInt32>(count: (n + 1023) / 1024, repeating: 0, for: "filter")
    larger.pointer.update(from: words.pointer, count: words.count)
    above.pointer.update(from: summary.pointer, count: summary.count)
    (words, summary) = (larger, above)
  }

  func removeAll() {
    for i in 0..<words.count { rv_store_release(words.pointer + i, 0) }
    for i in 0..<summary.count { rv_store_release(summary.pointer + i, 0) }
  }

  /// Puts a slot into the set or takes it out; whether that changed anything.
  @discardableResult func set(_ id: Int, _ isIn: Bool) -> Bool {
    let w = id &>> 5, bit = UInt32(1) &<< UInt32(id & 31), old = words[w]
    guard (old & bit != 0) != isIn else { return false }
    rv_store_release(words.pointer + w, old ^ bit)
    if isIn { rv_store_release(summary.pointer + w &>> 10, summary[w &>> 10] | 1 &<< UInt32((w &>> 5) & 31)) }
    return true
  }

  /// The set for a reader, as long as the object lives and does not grow.
  var view: View { View(words: words.pointer, count: words.count, summary: summary.pointer) }

  struct View {
    fileprivate let words: UnsafeMutablePointer<UInt32>
    fileprivate let count: Int
    fileprivate let summary: UnsafeMutablePointer<UInt32>

    @inline(__always) func has(_ id: Int) -> Bool {
      let w = id &>> 5
      return w < count && rv_load_acquire(words + w) &>> UInt32(id & 31) & 1 != 0
    }

    /// The slots below `limit` in their order.
    func forEach(_ limit: Int, _ body: (Int) -> Void) {
      let end = min(count, (limit + 31) / 32)
      var s = 0
      while s * 1024 < end {
        var blocks = rv_load_acquire(summary + s)
        while blocks != 0 {
          let first = s * 1024 + 32 * blocks.trailingZeroBitCount
          blocks &= blocks &- 1
          for w in first..<max(first, min(first + 32, end)) {
            var bits = rv_load_acquire(words + w)
            while bits != 0 {
              let id = 32 * w + bits.trailingZeroBitCount
              bits &= bits &- 1
              if id < limit { body(id) }
            }
          }
        }
        s += 1
      }
    }
  }
}
