import Foundation
import Ruvector
import TestSupport
import Testing

@testable import RuvectorCompression

/// The contract of every registered codec. A new one joins by being registered.
@Suite struct CodecsTests {
  static let names = Registry.members.filter { "\($0.family)" == "codec" }.map { "\($0.name)" }

  static func make(_ name: String, _ options: [(String, Double)] = []) throws -> any Codec {
    let given = options.map { (key: $0.0, value: OptionValue.number($0.1)) }
    return try #require(try Registry.make(family: "codec", name: name, given) as? any Codec)
  }

  /// Codecs to try: the defaults, and some other options.
  static func variants(_ name: String) throws -> [any Codec] {
    let more: [[(String, Double)]] =
      switch name {
      case "half": [[("scale", 0.25)], [("scale", 3)]]
      case "pq8": [[("centroids", 256), ("subvectors", 2)], [("centroids", 3)], [("centroids", 77)]]
      case "pq4": [[("outlierThreshold", 1)], [("outlierThreshold", 1e6), ("subvectors", 1)]]
      case "binary": [[("threshold", 0.5)]]
      default: []
      }
    return try [make(name)] + more.map { try make(name, $0) }
  }

  // MARK: - Wrong input first

  @Test(arguments: names) func refusesWrongVectors(_ name: String) throws {
    let codec = try Self.make(name)
    func error(_ x: [Float]) -> RuvectorError? {
      failure { () throws(RuvectorError) in _ = try codec.encode(x) }
    }
    #expect(error([])?.code == .emptyInput)
    #expect(error([])?.message == "expected at least 1 element for vector, received 0")
    #expect(
      failure { () throws(RuvectorError) in _ = try codec.encodedByteCount(dim: 0) }?.code == .emptyInput)
    for dim in [-1, Int.min, Int.max, 1 << 32] {
      let error = failure { () throws(RuvectorError) in _ = try codec.encodedByteCount(dim: dim) }
      #expect(error?.code == .outOfRange, "\(dim)")
    }
    for (value, word) in [(Float.nan, "NaN"), (.infinity, "Infinity"), (-.infinity, "-Infinity")] {
      var x = [Float](repeating: 1, count: 24)
      x[13] = value
      x[20] = .nan
      #expect(error(x)?.code == .nonFinite)
      #expect(error(x)?.message == "expected finite numbers for vector, received \(word) at element 13")
    }
    if name.hasPrefix("pq") {
      let message = "expected a length divisible by 8 for vector, received 3"
      #expect(error([1, 2, 3]) == RuvectorError(.dimensionMismatch, message))
      let byCount = failure { () throws(RuvectorError) in _ = try codec.encodedByteCount(dim: 3) }
      #expect(byCount == RuvectorError(.dimensionMismatch, message))
    }
  }

  @Test(arguments: names) func refusesTooLittleRoom(_ name: String) throws {
    let codec = try Self.make(name)
    var g = SeededGenerator(3)
    let x = g.normals(64)
    let whole = try codec.encode(x)
    for room in 0...whole.count + 9 {
      var bytes = [UInt8](repeating: 0xA5, count: room)
      let error = failure { () throws(RuvectorError) in
        let written = try x.withUnsafeBufferPointer { (x) throws(RuvectorError) in
          try bytes.withUnsafeMutableBufferPointer { (bytes) throws(RuvectorError) in
            try codec.encode(x, into: UnsafeMutableRawBufferPointer(bytes))
          }
        }
        #expect(written == whole.count)
      }
      if room < whole.count {
        #expect(error?.code == .dimensionMismatch)
        #expect(bytes.allSatisfy { $0 == 0xA5 })
      } else {
        // Old contents do not show through, and nothing is written behind the end.
        #expect(error == nil)
        #expect(Array(bytes.prefix(whole.count)) == whole)
        #expect(bytes.dropFirst(whole.count).allSatisfy { $0 == 0xA5 })
      }
    }
  }

  // MARK: - Round trip

  @Test(arguments: names) func roundTripWithinTheStatedError(_ name: String) throws {
    for codec in try Self.variants(name) {
      for seed in UInt64(1)...5 {
        for (label, x) in vectors(seed: seed) {
          // Half refuses what it cannot hold; all else must pass.
          if let half = codec as? HalfCodec,
            x.contains(where: { abs(Double($0) * Double(half.scale)) >= 65520 })
          {
            let error = failure { () throws(RuvectorError) in _ = try codec.encode(x) }
            #expect(error?.code == .outOfRange, "\(name) \(label)")
            continue
          }
          let bytes = try codec.encode(x)
          if name != "pq4" { #expect(try bytes.count == codec.encodedByteCount(dim: x.count)) }
          #expect(try bytes.withUnsafeBytes { try codec.elementCount(of: $0) } == x.count)
          let y = try Self.make(name).decode(bytes)  // another object, other options
          let problem = breach(of: codec, x, y)
          #expect(problem == nil, "\(name) \(label) seed \(seed): \(problem ?? "")")
          // Determinism, and what has been decoded can be encoded again.
          #expect(try codec.encode(x) == bytes)
          #expect(try codec.decode(bytes).map(\.bitPattern) == y.map(\.bitPattern))
        }
      }
    }
  }

  @Test(arguments: names) func oddDimensions(_ name: String) throws {
    let options: [(String, Double)] = name.hasPrefix("pq") ? [("subvectors", 1)] : []
    let codec = try Self.make(name, options)
    var g = SeededGenerator(9)
    for dim in 1...67 {
      let x = g.normals(dim)
      let problem = breach(of: codec, x, try codec.decode(codec.encode(x)))
      #expect(problem == nil, "\(name) \(dim): \(problem ?? "")")
    }
  }

  // MARK: - Damage

  /// Decodes into exactly `dim` elements and, separately, into as many as the bytes claim; both must give
  /// `.corrupt` (the first also `.dimensionMismatch`) or finite numbers.
  static func survives(_ codec: any Codec, _ bytes: [UInt8], _ dim: Int) -> (held: Bool, refused: Bool) {
    // Memory of exactly that size, so that the address sanitizer sees a step beyond.
    let source = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    let target = UnsafeMutableBufferPointer<Float>.allocate(capacity: dim)
    defer {
      source.deallocate()
      target.deallocate()
    }
    source.copyBytes(from: bytes)
    target.initialize(repeating: .nan)
    let error = failure { () throws(RuvectorError) in
      try codec.decode(UnsafeRawBufferPointer(source), into: target)
    }
    var claimed: [Float] = []
    let free = failure { () throws(RuvectorError) in claimed = try codec.decode(bytes) }
    let held =
      (error.map { $0.code == .corrupt || $0.code == .dimensionMismatch } ?? target.allSatisfy { $0.isFinite })
      && (free.map { $0.code == .corrupt } ?? claimed.allSatisfy { $0.isFinite })
      && claimed.count <= 8 * bytes.count
    return (held, error != nil)
  }

  @Test(arguments: names) func truncatedAtEveryLength(_ name: String) throws {
    var g = SeededGenerator(21)
    var x = g.normals(96)
    x[40] = 30
    for codec in try Self.variants(name) {
      let bytes = try codec.encode(x)
      for length in 0..<bytes.count {
        let (held, refused) = Self.survives(codec, Array(bytes.prefix(length)), x.count)
        #expect(held && refused, "\(name) cut to \(length)")
      }
      for extra in 1...17 {
        let (held, refused) = Self.survives(
          codec, bytes + [UInt8](repeating: 0, count: extra), x.count)
        #expect(held && refused, "\(name) with \(extra) more")
      }
    }
  }

  @Test(arguments: names) func tenThousandMutations(_ name: String) throws {
    var g = SeededGenerator(22)
    for codec in try Self.variants(name) {
      var refusals = 0
      for round in 0..<10_000 {
        var x = g.normals(round % 2 == 0 ? 24 : 96)
        x[5] = 30
        var bytes = try codec.encode(x)
        for _ in 0..<Int.random(in: 1...4, using: &g) {
          // Half of the changes hit the header and the parameters.
          let end = Bool.random(using: &g) ? min(20, bytes.count) : bytes.count
          let at = Int.random(in: 0..<end, using: &g)
          bytes[at] =
            [0, 0x7F, 0x80, 0xFF, bytes[at] ^ (1 << UInt8(round % 8)), UInt8(truncatingIfNeeded: g.next())]
            .randomElement(using: &g) ?? 0
        }
        let (held, refused) = Self.survives(codec, bytes, x.count)
        if !held { Issue.record("\(name) round \(round): \(bytes)") }
        if refused { refusals += 1 }
      }
      print("\(name): \(refusals) of 10000 mutations refused")
      #expect(refusals > 1000)
    }
  }

  @Test(arguments: names) func noise(_ name: String) throws {
    var g = SeededGenerator(23)
    let codec = try Self.make(name)
    for round in 0..<10_000 {
      let bytes = (0..<Int.random(in: 0...64, using: &g)).map { _ in
        g.next() % 3 == 0 ? UInt8(truncatingIfNeeded: g.next()) : UInt8(g.next() % 3)
      }
      if !Self.survives(codec, bytes, 8).held { Issue.record("\(name) round \(round): \(bytes)") }
    }
  }

  @Test(arguments: names) func destinationOfAnotherLength(_ name: String) throws {
    let codec = try Self.make(name)
    let bytes = try codec.encode([Float](repeating: 1, count: 16))
    for count in [0, 8, 15, 17, 24] {
      let x = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
      defer { x.deallocate() }
      let error = bytes.withUnsafeBytes { bytes in
        failure { () throws(RuvectorError) in try codec.decode(bytes, into: x) }
      }
      #expect(error == .dimension("vector", expected: 16, received: count), "\(name)")
    }
  }

  // MARK: - As a mechanism

  @Test(arguments: names) func operationsOnBuffers(_ name: String) throws {
    let codec = try Self.make(name)
    var g = SeededGenerator(31)
    var x = g.normals(24)
    func floats(_ x: inout [Float], rank: Int = 1, writable: Bool = false) -> Tensor {
      x.withUnsafeMutableBufferPointer {
        Tensor(
          $0.baseAddress, .float32, rank: rank, rows: 1, columns: $0.count, stride: $0.count,
          isWritable: writable)
      }
    }
    func octets(_ x: inout [UInt8], rank: Int = 1, writable: Bool = false) -> Tensor {
      x.withUnsafeMutableBufferPointer {
        Tensor(
          $0.baseAddress, .uint8, rank: rank, rows: 1, columns: $0.count, stride: $0.count,
          isWritable: writable)
      }
    }
    func run(_ operation: String, _ buffers: [Tensor]) throws(RuvectorError) -> Int {
      try codec.run(operation, buffers, .none)
    }
    let vector = floats(&x)
    let bound = try run("bound", [vector])
    #expect(try bound == codec.encodedByteCount(dim: 24))
    var bytes = [UInt8](repeating: 0xA5, count: bound)
    let written = try run("encode", [vector, octets(&bytes, writable: true)])
    bytes.removeLast(bound - written)
    #expect(try bytes == codec.encode(x))
    #expect(try run("elementCount", [octets(&bytes)]) == 24)
    var y = [Float](repeating: .nan, count: 24)
    #expect(try run("decode", [octets(&bytes), floats(&y, writable: true)]) == 24)
    #expect(try y == codec.decode(bytes))

    func code(_ operation: String, _ buffers: [Tensor]) -> RuvectorError.Code? {
      failure { () throws(RuvectorError) in _ = try run(operation, buffers) }?.code
    }
    for operation in ["bound", "encode", "elementCount", "decode"] {
      #expect(code(operation, []) == .invalidArgument)
      #expect(code(operation, [vector, vector, vector]) == .invalidArgument)
    }
    for operation in ["", "Encode", "encode ", "forward"] {
      #expect(code(operation, [vector, vector]) == .invalidArgument)
    }
    var short = [Float](repeating: 0, count: 23), long = [Float](repeating: 0, count: 25), none: [Float] = []
    #expect(code("bound", [octets(&bytes)]) == .invalidArgument)
    #expect(code("bound", [floats(&none)]) == .emptyInput)
    #expect(code("bound", [floats(&x, rank: 2)]) == .dimensionMismatch)
    #expect(code("encode", [vector, octets(&bytes)]) == .invalidArgument)  // not writable
    #expect(code("encode", [octets(&bytes), octets(&bytes, writable: true)]) == .invalidArgument)
    #expect(code("encode", [vector, floats(&y, writable: true)]) == .invalidArgument)
    #expect(code("elementCount", [vector]) == .invalidArgument)
    #expect(code("elementCount", [octets(&bytes, rank: 2)]) == .dimensionMismatch)
    #expect(code("decode", [octets(&bytes), floats(&y)]) == .invalidArgument)  // not writable
    #expect(code("decode", [vector, floats(&y, writable: true)]) == .invalidArgument)
    #expect(code("decode", [octets(&bytes), floats(&short, writable: true)]) == .dimensionMismatch)
    #expect(code("decode", [octets(&bytes), floats(&long, writable: true)]) == .dimensionMismatch)
    bytes.removeLast()
    #expect(code("decode", [octets(&bytes), floats(&y, writable: true)]) == .corrupt)
  }

  // MARK: - Quality

  @Test(arguments: [
    ("half", 0.999_999_9, 1.95), ("pq8", 0.99, 6.7), ("pq4", 0.93, 10.5), ("binary", 0.79, 30.0),
  ])
  func qualityOnNormalData(_ name: String, _ leastCosine: Double, _ leastRatio: Double) throws {
    let codec = try Self.make(name)
    for dim in [768, 1536, 4096] {
      var sum = 0.0
      var least = 1.0
      var bytes = 0
      let n = 100
      for seed in 0..<n {
        var g = SeededGenerator(UInt64(seed) &* 7919 &+ UInt64(dim))
        let x = g.normals(dim)
        let code = try codec.encode(x)
        let c = cosine(x, try codec.decode(code))
        sum += c
        least = min(least, c)
        bytes += code.count
      }
      let ratio = Double(4 * dim * n) / Double(bytes)
      print("\(name) d=\(dim): cosine mean \(sum / Double(n)) least \(least), \(ratio) x smaller")
      #expect(sum / Double(n) >= leastCosine)
      #expect(least >= leastCosine - (name == "binary" ? 0.03 : 0.005))
      #expect(ratio >= leastRatio)
    }
  }
}
