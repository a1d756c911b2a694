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

  /// One query whose keys come in blocks: the bits of all at once, and what is refused.
  @Test func blocks() throws {
    var g = SeededGenerator(64)
    let d = 6,
      list: [any Attention] = [
        try ScaledDotProduct(d, [("temperature", .number(0.4))]), try ScaledDotProduct(d, [("causal", .number(1))]),
        try FlashAttention(d, [("heads", .number(2)), ("blockSize", .number(64))]),
        try MultiHead(d, [("heads", .number(3)), ("projections", .number(0))]),
        try GraphRoPE(d, [("heads", .number(2)), ("maxPosition", .number(900))]),
      ]
    for (mechanism, n) in list.flatMap({ one in [1, 512, 1300].map { (one, $0) } }) {
      let batch = Batch(&g, 1, n, d, 12, scale: 2), heads = mechanism.heads
      let state = Arguments(), size = 2 * heads + 13
      try state.add([Double](repeating: 0, count: size), .float64)
      func feed(_ range: Range<Int>, queries: Int = 1) throws -> Int {
        let part = Arguments()
        try part.add((0..<queries).flatMap { _ in batch.queries[0] }, .float32, rows: queries)
        try part.add(batch.keys[range].flatMap { $0 }, .float32, rows: range.count, columns: d)
        try part.add(batch.values[range].flatMap { $0 }, .float32, rows: range.count, columns: 12)
        part.buffers.append(state.buffers[0])
        return try mechanism.run("feed", part.buffers, .none)
      }
      for start in stride(from: 0, to: n, by: 512) { #expect(try feed(start..<min(n, start + 512)) == size) }
      #expect(try feed(0..<0) == size, "no keys: as before")
      #expect(throws: RuvectorError.self) { try feed(0..<1, queries: 2) }
      let out = Arguments()
      try out.add([Float](repeating: .nan, count: 12), .float32)
      #expect(try mechanism.run("finish", [state.buffers[0], out.buffers[0]], .none) == 12)
      #expect(try out.floats(0) == mechanism.forward(batch), "\(type(of: mechanism)) \(n) keys")
      #expect(throws: RuvectorError.self) { try mechanism.run("finish", [out.buffers[0], out.buffers[0]], .none) }
      let short = Arguments()
      try short.add([Double](repeating: 0, count: size - 1), .float64)
      #expect(throws: RuvectorError.self) { try mechanism.run("finish", [short.buffers[0], out.buffers[0]], .none) }
    }
    // Parts whose states are merged: what all keys give, but for rounding.
    let mechanism = list[3], batch = Batch(&g, 1, 900, d, 12, scale: 2), states = Arguments(),
      whole = try mechanism.forward(batch)
    for range in [0..<1, 1..<600, 600..<900, 0..<0] {
      let part = Arguments()
      try states.add([Double](repeating: 0, count: 19), .float64)
      try part.add(batch.queries[0], .float32, rows: 1)
      try part.add(batch.keys[range].flatMap { $0 }, .float32, rows: range.count, columns: d)
      try part.add(batch.values[range].flatMap { $0 }, .float32, rows: range.count, columns: 12)
      part.buffers.append(states.buffers[states.buffers.count - 1])
      _ = try mechanism.run("feed", part.buffers, .none)
    }
    for i in 0..<3 { #expect(try mechanism.run("merge", [states.buffers[i], states.buffers[3]], .none) == 19) }
    let out = Arguments()
    try out.add([Float](repeating: .nan, count: 12), .float32)
    _ = try mechanism.run("finish", [states.buffers[3], out.buffers[0]], .none)
    for (x, y) in zip(out.floats(0), whole) { #expect(abs(x - y) < 2e-6 * max(1, abs(y))) }
    #expect(throws: RuvectorError.self) { try mechanism.run("merge", [out.buffers[0], states.buffers[3]], .none) }

    let linear = try LinearAttention(d), one = Batch(&g, 1, 2, d, 12), call = try Self.arguments(one)
    call.buffers = Array(call.buffers.prefix(3))
    try call.add([Double](repeating: 0, count: 15), .float64)
    #expect(throws: RuvectorError.self) { try linear.run("feed", call.buffers, .none) }
  }

  /// Scores beyond Float, and what is not finite: 0 in the place of a length, for good.
  @Test func blocksBeyondFloat() throws {
    var g = SeededGenerator(65)
    let mechanism = try ScaledDotProduct(4)
    for bad in [Float.nan, .infinity, 3e38] {
      let state = Arguments(), out = Arguments()
      try state.add([Double](repeating: 0, count: 7), .float64)
      try out.add([Float](repeating: 0, count: 4), .float32)
      for isBad in [true, false] {
        let batch = Batch(&g, 1, 3, 4, 4), part = Arguments()
        try part.add(batch.queries[0].map { isBad && bad == 3e38 ? $0 * 3e38 : $0 }, .float32, rows: 1)
        try part.add(batch.keys.flatMap { $0 }.map { isBad ? $0 * bad : $0 }, .float32, rows: 3)
        try part.add(batch.values.flatMap { $0 }, .float32, rows: 3)
        part.buffers.append(state.buffers[0])
        _ = try mechanism.run("feed", part.buffers, .none)
      }
      #expect(try mechanism.run("finish", [state.buffers[0], out.buffers[0]], .none) == 0, "\(bad)")
    }
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
