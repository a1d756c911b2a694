import CRuvector
import Ruvector

@implementation @_cdecl("rv_geometry")
public func rv_geometry(
  _ name: UnsafePointer<CChar>?, _ curvature: Double, _ dim: UInt64, _ arguments: UnsafePointer<rv_buffer>?,
  _ argument_count: Int, _ out: UnsafePointer<rv_buffer>?, _ out_count: UnsafeMutablePointer<UInt64>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    var vectors: [[Double]] = []
    for (i, argument) in try tensors(arguments, argument_count, "arguments").enumerated() {
      vectors.append(try argument.doubles("arguments[\(i)]"))
    }
    let bytes = Array(try string(name, "name").utf8), dim = try count(dim, "dim")
    let result = try bytes.withUnsafeBufferPointer { (name) throws(RuvectorError) in
      try GeometryFunction.evaluate(name, curvature: curvature, vectors: vectors, dim: dim)
    }
    try tensor(out, "output").doubleOutput("output", count: result.count).update(from: result, count: result.count)
    out_count?.pointee = UInt64(result.count)
  }
}
