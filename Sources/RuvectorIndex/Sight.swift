import CRuvectorSupport

/// What is at a slot of an index.
///
/// Vectors come in hidden (`staged`, and `arriving` as soon as they have their keys), and are shown, and those they replace
/// hidden, by one number that all readers look at (`Sight.after`): `arriving` ones are not seen before it changes, `leaving`
/// ones not after.
enum SlotState {
  static let live: UInt8 = 0
  /// No vector, or one that was removed and that the links of others may still lead to.
  static let gone: UInt8 = 1
  static let staged: UInt8 = 2
  static let arriving: UInt8 = 3
  static let leaving: UInt8 = 4
}

/// Which slots hold vectors for a reader, from the moment at which it began.
struct Sight {
  let states: Records.Map
  private let seen: UInt32

  /// A bit for each state that is seen: before replaced vectors change, and after.
  static let before: UInt32 = 1 << 0 | 1 << 4, after: UInt32 = 1 << 0 | 1 << 3

  init(_ states: Records.Map, _ seen: UInt32) { (self.states, self.seen) = (states, seen) }

  @inline(__always) func sees(_ id: Int) -> Bool { sees(states[id]) }
  @inline(__always) func sees(_ state: UnsafeMutableRawPointer) -> Bool {
    (seen &>> UInt32(rv_load_byte(state))) & 1 != 0
  }
}
