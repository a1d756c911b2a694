import CRuvector
import Ruvector

@implementation @_cdecl("rv_sparsity_pattern")
public func rv_sparsity_pattern(
  _ kind: UnsafePointer<CChar>?, _ rows: UInt64, _ columns: UInt64, _ parameter: UInt64, _ seed: UInt64,
  _ offsets: UnsafePointer<rv_buffer>?, _ indices: UnsafePointer<rv_buffer>?,
  _ count: UnsafeMutablePointer<UInt64>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let pattern = try SparsityPattern(
      patternKind(string(kind, "kind"), Int(clamping: parameter), seed), rows: Int(clamping: rows),
      columns: Int(clamping: columns))
    count?.pointee = UInt64(pattern.count)
    let room = try tensor(offsets, "offsets").indices("offsets", count: pattern.offsets.count)
    room.update(from: pattern.offsets.pointer, count: pattern.offsets.count)
    guard indices != nil else { return }
    let places = try tensor(indices, "indices").indices("indices", count: pattern.count)
    places.update(from: pattern.indices.pointer, count: pattern.count)
  }
}

private func patternKind(
  _ name: String, _ parameter: Int, _ seed: UInt64
) throws(RuvectorError) -> SparsityPattern.Kind {
  let kinds: [(StaticString, SparsityPattern.Kind)] = [
    ("local", .local(window: parameter)), ("strided", .strided(parameter)), ("block", .block(size: parameter)),
    ("random", .random(perRow: parameter, seed: seed)), ("global", .global(tokens: parameter)),
  ]
  for (known, kind) in kinds where known.matches(name) { return kind }
  throw .expected("one of \(list(kinds.map { $0.0 }))", for: "kind", received: quoted(name), .invalidArgument)
}
