import RuvectorAttention
import RuvectorCore
import TestSupport
import Testing

/// The operations by name, as the C boundary calls them: the same as the methods, and refusals of what does not fit.
@Suite struct AttentionRunTests {
  private static func make() throws -> MultiHead {
    try MultiHead(Settings(of: MultiHead.name, MultiHead.options, [("dim", .number(4)), ("heads", .number(2))]))
  }

  /// The arguments of an operation in memory.
  private final class Arguments {
    var buffers: [Tensor] = []
    private var owned: [AnyObject] = []

    func add<T: BitwiseCopyable>(_ values: [T], _ type: ElementType, rows: Int? = nil, columns width: Int = 4) throws {
      let memory = try AlignedBuffer(copying: values, count: values.count)
      owned.append(memory)
      let columns = rows.map { $0 == 0 ? width : values.count / $0 } ?? values.count
      buffers.append(
        Tensor(
          memory.pointer, type, rank: rows == nil ? 1 : 2, rows: rows ?? 1, columns: columns, stride: columns,
          isWritable: true))
    }

    func floats(_ i: Int) -> [Float] {
      guard let data = buffers[i].data else { return [] }
      return (0..<buffers[i].columns).map { data.assumingMemoryBound(to: Float.self)[$0] }
    }
  }

  private static func arguments(_ batch: Batch, mask: [UInt8] = [], offsets: [UInt32] = []) throws -> Arguments {
    let all = Arguments()
    try all.add(batch.queries.flatMap { $0 }, .float32, rows: batch.queries.count)
    try all.add(batch.keys.flatMap { $0 }, .float32, rows: batch.keys.count)
    try all.add(batch.values.flatMap { $0 }, .float32, rows: batch.values.count)
    try all.add(mask, .uint8)
    try all.add(offsets, .uint32)
    for _ in 0..<3 { try all.add([Float](), .float32, rows: 0, columns: 0) }
    return all
  }

  @Test func operations() throws {
    var g = SeededGenerator(61)
    let layer = try Self.make(), direction = g.normals(12)
    for kind in 0..<4 {
      var batch = Batch(&g, 3, 5, 4, 4), mask: [UInt8] = [], offsets: [UInt32] = []
      if kind == 1 {
        mask = [1, 0, 1, 1, 0]
        batch.mask = [mask]
      } else if kind == 2 {
        batch.mask = (0..<3).map { i in (0..<5).map { ($0 + i) % 3 == 0 ? 0 : 1 } }
        mask = batch.mask?.flatMap { $0 } ?? []
      } else if kind == 3 {
        offsets = [0, 2, 2, 5]
        batch.offsets = offsets
      }
      let forward = try Self.arguments(batch, mask: mask, offsets: offsets)
      try forward.add([Float](repeating: .nan, count: 12), .float32)
      #expect(try layer.run("forward", forward.buffers, .none) == 12)
      #expect(try forward.floats(8) == layer.forward(batch))
      let weights = try Self.arguments(batch, mask: mask, offsets: offsets)
      try weights.add([Float](repeating: .nan, count: 30), .float32)
      #expect(try layer.run("weights", weights.buffers, .none) == 30)
      #expect(try weights.floats(8) == layer.weights(batch))
      let backward = try Self.arguments(batch, mask: mask, offsets: offsets), count = 12 + 20 + 20 + 80
      try backward.add(direction, .float32)
      try backward.add([Float](repeating: .nan, count: count), .float32)
      #expect(try layer.run("backward", backward.buffers, .none) == count)
      #expect(try backward.floats(9) == layer.backward(batch, direction))
      guard kind == 0 else { continue }
      // What there is none of may be left out.
      for (operation, long) in [("forward", forward), ("weights", weights), ("backward", backward)] {
        let short = try Self.arguments(batch), full = long.buffers.count
        short.buffers.removeLast(5)
        if operation == "backward" { try short.add(direction, .float32) }
        try short.add([Float](repeating: .nan, count: long.floats(full - 1).count), .float32)
        #expect(try layer.run(operation, short.buffers, .none) == layer.run(operation, long.buffers, .none))
        #expect(short.floats(full - 6) == long.floats(full - 1))
      }
    }
  }

  @Test func refusals() throws {
    var g = SeededGenerator(62)
    let layer = try Self.make(), good = Batch(&g, 3, 5, 4, 4)
    func error(
      _ operation: String = "forward", _ batch: Batch? = nil, mask: [UInt8] = [], offsets: [UInt32] = [],
      output: [Float] = [Float](repeating: 0, count: 12), extra: [Float]? = nil
    ) throws -> RuvectorError.Code? {
      let all = try Self.arguments(batch ?? good, mask: mask, offsets: offsets)
      try all.add(output, .float32)
      if let extra { try all.add(extra, .float32) }
      return failure { () throws(RuvectorError) in _ = try layer.run(operation, all.buffers, .none) }?.code
    }
    #expect(try error() == nil)
    #expect(try error("forwards") == .invalidArgument)
    #expect(try error(output: [0]) == .dimensionMismatch)
    #expect(try error(mask: [1, 1]) == .dimensionMismatch)
    #expect(try error(mask: [UInt8](repeating: 1, count: 10)) == .dimensionMismatch)
    #expect(try error(offsets: [0, 5]) == .dimensionMismatch)
    #expect(try error(offsets: [0, 3, 2, 5]) == .invalidArgument)
    #expect(try error("weights", output: [Float](repeating: 0, count: 29)) == .dimensionMismatch)
    #expect(try error("backward") == .invalidArgument)
    let place = [Float](repeating: 0, count: 132)
    #expect(try error("backward", extra: place) == nil)
    #expect(try error("backward", extra: Array(place.dropLast())) == .dimensionMismatch)
    #expect(try error("backward", output: [Float](repeating: .nan, count: 12), extra: place) == .nonFinite)
    var narrow = good
    narrow.queries = narrow.queries.map { Array($0.dropLast()) }
    #expect(try error("forward", narrow) == .dimensionMismatch)
    narrow = good
    narrow.keys = narrow.keys.map { $0 + [1] }
    #expect(try error("forward", narrow) == .dimensionMismatch)
    narrow = good
    narrow.values.removeLast()
    #expect(try error("forward", narrow) == .dimensionMismatch)
  }
}
