import CRuvector
import CRuvectorSupport
import Ruvector

/// Results nobody reads, kept so that no measurement is optimised away.
nonisolated(unsafe) private var sink: Float = 0

@implementation @_cdecl("rv_kernel")
public func rv_kernel(
  _ name: UnsafePointer<CChar>?, _ buffers: UnsafePointer<rv_buffer>?, _ buffer_count: Int, _ n: UInt64,
  _ work: UnsafeMutablePointer<Double>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let done = try run(string(name, "name"), tensors(buffers, buffer_count, "buffers"), count(n, "n"))
    work?.pointee = done
  }
}

private func run(_ name: String, _ buffers: [Tensor], _ n: Int) throws(RuvectorError) -> Double {
  let kernels = Kernels.current
  func vector(_ i: Int, _ count: Int? = nil) throws(RuvectorError) -> UnsafePointer<Float> {
    guard i < buffers.count else {
      throw .expected("\(i + 1) buffers", for: "buffers", received: "\(buffers.count)", .invalidArgument)
    }
    return try buffers[i].floats("buffers[\(i)]", count: count)
  }
  func matches(_ word: StaticString) -> Bool { word.matches(name) }
  if matches("sum") {
    sink = try kernels.sum(vector(0), buffers[0].columns)
    return Double(buffers[0].columns) * 4
  }
  if matches("exp") {
    let x = try vector(0), count = buffers[0].columns
    _ = try vector(1, count)
    kernels.exponential(x, try buffers[1].output("y", count: count), count)
    return Double(count)
  }
  if matches("softmax") {
    _ = try vector(0)
    softmax(try buffers[0].output("x", count: buffers[0].columns), count: buffers[0].columns)
    return Double(buffers[0].columns)
  }
  if matches("gemm") {
    let (size, overflow) = n.multipliedReportingOverflow(by: n)
    guard !overflow else { throw .expected("a smaller number", for: "n", received: "\(n)", .outOfRange) }
    let a = try vector(0, size), b = try vector(1, size)
    _ = try vector(2, size)
    try gemm(
      m: n, n: n, k: n, .rows(a, stride: n), .rows(b, stride: n), buffers[2].output("c", count: size), cStride: n)
    return 2 * Double(n) * Double(n) * Double(n)
  }
  if matches("fma") {
    sink = kernels.multiply_add_peak(n)
    return 2 * Double(n) * Double(kernels.multiply_add_width)
  }
  if matches("gather") {
    // Rows of n floats that the indices name, in their order, each added to one row in registers: what reading them takes.
    guard buffers.count == 4, n > 0 else {
      throw .expected("4 buffers", for: "buffers", received: "\(buffers.count)", .invalidArgument)
    }
    let count = buffers[0].columns, x = try vector(1), rows = buffers[1].columns / n
    let indices = try buffers[0].readIndices("indices", count: count),
      ends = try buffers[2].readIndices("ends", count: 2)
    guard ends[0] == 0, Int(ends[1]) == count else {
      throw .expected("0 and \(count)", for: "ends", received: "others", .invalidArgument)
    }
    for e in 0..<count where Int(indices[e]) >= rows {
      throw .expected("numbers below \(rows)", for: "indices", received: "\(indices[e])", .invalidArgument)
    }
    let out = try buffers[3].output("output", count: n)
    kernels.gather_rows(ends, indices, nil, nil, 1, x, n, 0, 1, n, out, n, false)
    sink = out[0]
    return Double(count) * Double(n) * 4
  }
  if matches("propagate") {
    // The weighted sums of the same rows: what a layer does along the edges of a graph, and nothing else.
    guard buffers.count == 3, n > 0 else {
      throw .expected("3 buffers", for: "buffers", received: "\(buffers.count)", .invalidArgument)
    }
    let graph = try buffers[0].graph("graph").adjacency(Adjacency.Form(.kept, isWeighted: true)), x = try vector(1)
    let count = graph.edges, out = try buffers[2].output("output", count: graph.nodes * n)
    guard buffers[1].columns == graph.columns * n else {
      throw .dimension("x", expected: graph.columns * n, received: buffers[1].columns)
    }
    kernels.gather_rows(
      graph.offsets.pointer, graph.indices.pointer, nil, graph.weights.map { UnsafePointer($0.pointer) }, 1, x, n, 0,
      graph.nodes, n, out, n, false)
    sink = out[0]
    return Double(count) * Double(n) * 4
  }
  throw .expected(
    "one of sum, exp, softmax, gemm, fma, gather, propagate", for: "name", received: "\"\(name)\"", .invalidArgument)
}
