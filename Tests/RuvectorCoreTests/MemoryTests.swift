import CRuvectorSupport
import RuvectorCore
import TestSupport
import Testing

/// AlignedBuffer, Control, Matrix, Linear.
@Suite struct MemoryTests {
  @Test func absurdSizes() {
    for count in [-1, Int.min, Int.max, Int.max / 4, Int.max / 4 + 1, 1 << 50, 1 << 38 + 1] {
      let error = failure { () throws(RuvectorError) in
        _ = try AlignedBuffer<Float>(count: count, for: "thing")
      }
      let message = "expected a size that fits in memory for thing, received \(count) elements"
      #expect(error == RuvectorError(.outOfMemory, message))
    }
    let doubles = failure { () throws(RuvectorError) in _ = try AlignedBuffer<Double>(count: 1 << 61) }
    #expect(doubles?.code == .outOfMemory)
    let product = failure { () throws(RuvectorError) in
      _ = try AlignedBuffer<Float>(rows: Int.max / 2, columns: 3, for: "thing")
    }
    #expect(product?.message == "expected a size that fits in memory for thing, received \(Int.max / 2) x 3")
  }

  @Test func alignment() throws {
    for count in [0, 1, 15, 16, 17, 1000] {
      let buffer = try AlignedBuffer<Float>(count: count, repeating: 3)
      #expect(UInt(bitPattern: buffer.pointer) % 64 == 0 && buffer.count == count)
      for i in 0..<count { #expect(buffer[i] == 3) }
      let copy = try AlignedBuffer(copying: buffer.pointer, count: count)
      if count > 0 {
        copy[count - 1] = 4
        #expect(buffer[count - 1] == 3 && copy[count - 1] == 4)
      }
    }
  }

  /// From 4 MB on, memory starts where a page of 2 MB does.
  @Test func largePages() throws {
    let buffer = try AlignedBuffer<Float>(count: 1 << 20, repeating: 3)
    #if os(Linux)
      #expect(UInt(bitPattern: buffer.pointer) % (1 << 21) == 0)
    #endif
    #expect(buffer[0] == 3 && buffer[1 << 20 - 1] == 3)
  }

  /// Memory of a call goes to the next one that wants about as much; no two have it at once.
  @Test func memoryOfCalls() throws {
    var places: Set<UInt> = []
    for rows in [1 << 12, 1 << 12 - 9, 3 << 10, 1 << 12] {
      let buffer = try AlignedBuffer<Float>(rows: rows, columns: 1 << 9)
      buffer.pointer.initialize(repeating: 3, count: buffer.count)
      places.insert(UInt(bitPattern: buffer.pointer))
      let other = try AlignedBuffer<Float>(rows: rows, columns: 1 << 9)
      other.pointer.initialize(repeating: 4, count: other.count)
      #expect(buffer.pointer != other.pointer && buffer[buffer.count - 1] == 3)
      places.insert(UInt(bitPattern: other.pointer))
    }
    #if os(Linux)
      #expect(places.count < 8)  // tests beside this one may have had some
    #endif
    // Too little for what follows, and more than is kept.
    let larger = try AlignedBuffer<Float>(rows: 1 << 14, columns: 1 << 9)
    larger.pointer.initialize(repeating: 5, count: larger.count)
    var many: [AlignedBuffer<Float>] = []
    for i in 0..<9 {
      many.append(try AlignedBuffer<Float>(rows: 1 << 12, columns: 1 << 10))
      many[i].pointer.initialize(repeating: Float(i), count: many[i].count)
    }
    for (i, one) in many.enumerated() { #expect(one[0] == Float(i) && one[one.count - 1] == Float(i)) }
    #expect(larger[larger.count - 1] == 5)
    many = []
    let shared = try AlignedBuffer<Int>(count: 64, repeating: 0)
    try forChunks(of: 64, chunk: 1, Control(threads: 4)) { (part, _) throws(RuvectorError) in
      let buffer = try AlignedBuffer<Float>(rows: 1 << 11, columns: 1 << 9 + part.lowerBound)
      let value = Float(part.lowerBound)
      buffer.pointer.initialize(repeating: value, count: buffer.count)
      for i in stride(from: 0, to: buffer.count, by: 1 << 9) where buffer[i] != value { shared[part.lowerBound] += 1 }
    }
    for i in 0..<64 { #expect(shared[i] == 0, "part \(i)") }
  }

  @Test func control() throws {
    #expect(Control(threads: 0).threads == 1 && Control(threads: -7).threads == 1)
    #expect(Control(threads: 5).threads == 5 && Control.none.threads == 1)
    try Control.none.check()
    var flag: UInt32 = 0
    try withUnsafeMutablePointer(to: &flag) { flag in
      let control = Control(threads: 2, cancelFlag: flag)
      try control.check()
      rv_flag_store(flag, 1)
      #expect(failure { () throws(RuvectorError) in try control.check() }?.code == .aborted)
    }
    var seen: [Double] = []
    withUnsafeMutablePointer(to: &seen) { seen in
      let control = Control(
        progress: { user, share in user?.assumingMemoryBound(to: [Double].self).pointee.append(share) },
        user: UnsafeMutableRawPointer(seen))
      control.report(0.25)
      control.report(1)
    }
    #expect(seen == [0.25, 1])
    Control.none.report(1)
  }

  @Test func requireFiniteNamesTheFirst() throws {
    var x = [Float](repeating: 1, count: 70)
    try requireFinite(x, count: 70, for: "thing")
    try requireFinite(x, count: 0, for: "thing")
    x[69] = .nan
    try requireFinite(x, count: 69, for: "thing")
    for (value, word) in [(Float.nan, "NaN"), (.infinity, "Infinity"), (-.infinity, "-Infinity")] {
      x[41] = value
      let error = failure { () throws(RuvectorError) in try requireFinite(x, count: 70, for: "thing") }
      #expect(
        error
          == RuvectorError(.nonFinite, "expected finite numbers for thing, received \(word) at element 41"))
    }
  }

  @Test func matrix() {
    let x = (0..<24).map { Float($0) }
    x.withUnsafeBufferPointer {
      let view = MatrixView($0.baseAddress!, rows: 4, dim: 3, stride: 6)
      #expect(view.row(2)[1] == 13)
      let slice = view.slice(1..<3)
      #expect(slice.rows == 2 && slice.dim == 3 && slice.row(1)[2] == 14)
      #expect(MatrixView($0.baseAddress!, rows: 4, dim: 6).stride == 6)
    }
  }

  @Test(arguments: Levels.names) func linear(_ level: String) throws {
    let kernels = Levels.table(level)
    var random = Random(seed: 3), gauge = Gauge()
    for (n, m) in [(1, 1), (5, 3), (17, 40), (64, 1)] {
      let map = try Parameters(Slot.linear("weight", "bias", n, m), seed: 5).linear("weight", "bias")
      for o in 0..<m { map.bias[o] = Float(o) - 1.5 }
      let x = (0..<n).map { _ in Float(random.normal()) }, z = (0..<m).map { _ in Float(random.normal()) }
      var y = [Float](repeating: .nan, count: m), plain = y, back = x
      map.apply(x, &y, kernels)
      map.applyWeight(x, &plain, kernels)
      map.addTransposed(z, &back, kernels)
      for o in 0..<m {
        var sum = Sum()
        for i in 0..<n { sum.add(Double(map.weight[o * n + i]) * Double(x[i])) }
        gauge.see(plain[o], sum.value, unit: roundoff * sum.magnitude, bound: Double(n + 2), "W x")
        sum.add(Double(map.bias[o]))
        gauge.see(y[o], sum.value, unit: roundoff * sum.magnitude, bound: Double(n + 3), "W x + b")
      }
      for i in 0..<n {
        var sum = Sum()
        sum.add(Double(x[i]))
        for o in 0..<m { sum.add(Double(map.weight[o * n + i]) * Double(z[o])) }
        gauge.see(back[i], sum.value, unit: roundoff * sum.magnitude, bound: Double(m + 3), "x + Wᵀ y")
      }
    }
    #expect(gauge.breach == nil)
    let huge = failure { () throws(RuvectorError) in _ = try Slot.total(Slot.linear("weight", "bias", Int.max / 4, 2)) }
    #expect(huge?.code == .outOfMemory)
  }
}
