import RuvectorCore
import TestSupport
import Testing

@Suite struct TensorTests {
  static func code(_ body: () throws(RuvectorError) -> Void) -> RuvectorError.Code? { failure(body)?.code }

  static func tensor(
    _ data: UnsafeMutableRawPointer?, _ type: ElementType = .float32, rank: Int = 1, rows: Int = 1,
    columns: Int = 6, stride: Int = 6, isWritable: Bool = true
  ) -> Tensor {
    Tensor(data, type, rank: rank, rows: rows, columns: columns, stride: stride, isWritable: isWritable)
  }

  @Test func accessors() throws {
    var memory = (0..<12).map { Float($0) }
    try memory.withUnsafeMutableBytes { memory in
      let data = memory.baseAddress
      let vector = Self.tensor(data)
      #expect(try vector.floats("x")[3] == 3 && vector.floats("x", count: 6)[5] == 5)
      #expect(try vector.output("x", count: 6)[1] == 1)
      _ = try vector.output("x", count: 2)  // room to spare
      #expect(
        failure { () throws(RuvectorError) in _ = try vector.floats("x", count: 5) }
          == .dimension("x", expected: 5, received: 6))
      #expect(
        Self.code { () throws(RuvectorError) in _ = try vector.output("x", count: 7) } == .dimensionMismatch)
      #expect(Self.code { () throws(RuvectorError) in _ = try vector.matrix("x") } == .dimensionMismatch)

      let matrix = Self.tensor(data, rank: 2, rows: 2, columns: 5)
      let view = try matrix.matrix("m")
      #expect(view.rows == 2 && view.dim == 5 && view.stride == 6 && view.row(1)[0] == 6)
      #expect(Self.code { () throws(RuvectorError) in _ = try matrix.floats("m") } == .dimensionMismatch)
      #expect(
        Self.code { () throws(RuvectorError) in _ = try matrix.output("m", count: 1) } == .dimensionMismatch)

      let fixed = Self.tensor(data, isWritable: false)
      #expect(try fixed.floats("x")[2] == 2)
      #expect(
        Self.code { () throws(RuvectorError) in _ = try fixed.output("x", count: 1) } == .invalidArgument)

      let bytes = Self.tensor(data, .uint8, columns: 48)
      #expect(try bytes.bytes("b").count == 48 && bytes.bytes("b", writable: true).count == 48)
      let fixedBytes = Self.tensor(data, .uint8, isWritable: false)
      #expect(
        Self.code { () throws(RuvectorError) in _ = try fixedBytes.bytes("b", writable: true) }
          == .invalidArgument)

      let indices = Self.tensor(data, .uint32)
      #expect(try indices.indices("i", count: 6)[1] == Float(1).bitPattern)
      #expect(
        Self.code { () throws(RuvectorError) in _ = try indices.indices("i", count: 7) } == .dimensionMismatch
      )

      let doubles = Self.tensor(data, .float64, columns: 3)
      try doubles.doubleOutput("d", count: 3).update(from: [0.5, 1.5, 2.5], count: 3)
      #expect(try doubles.doubles("d") == [0.5, 1.5, 2.5])
    }
  }

  @Test func wrongTypes() {
    var memory = [Float](repeating: 0, count: 12)
    memory.withUnsafeMutableBytes { memory in
      for type in [ElementType.float64, .float16, .int8, .uint8, .uint32, .uint64, .bits] {
        let error = failure { () throws(RuvectorError) in
          _ = try Self.tensor(memory.baseAddress, type, columns: 1).floats("x")
        }
        #expect(
          error == RuvectorError(.invalidArgument, "expected 32-bit floats for x, received another type"))
      }
      let x = Self.tensor(memory.baseAddress, columns: 1)
      #expect(Self.code { () throws(RuvectorError) in _ = try x.bytes("x") } == .invalidArgument)
      #expect(Self.code { () throws(RuvectorError) in _ = try x.indices("x", count: 1) } == .invalidArgument)
      #expect(Self.code { () throws(RuvectorError) in _ = try x.doubles("x") } == .invalidArgument)
      #expect(
        Self.code { () throws(RuvectorError) in _ = try x.doubleOutput("x", count: 1) } == .invalidArgument)
    }
  }

  @Test func nullPointers() throws {
    #expect(
      Self.code { () throws(RuvectorError) in _ = try Self.tensor(nil).floats("x") } == .invalidArgument)
    // Empty ones need no memory.
    _ = try Self.tensor(nil, columns: 0).floats("x", count: 0)
    _ = try Self.tensor(nil, columns: 0).output("x", count: 0)
    #expect(try Self.tensor(nil, rank: 2, rows: 0, columns: 4).matrix("x").rows == 0)
    #expect(try Self.tensor(nil, .uint8, columns: 0).bytes("x").count == 0)
    #expect(try Self.tensor(nil, .float64, columns: 0).doubles("x") == [])
  }
}
