import RuvectorCore
import RuvectorTraining

/// What tests of losses share: an operation on two matrices, as the C boundary runs it.
func run(
  _ loss: any Mechanism, _ operation: String, _ x: [Float], _ y: [Float], dim: Int, scale: Float? = nil
) throws(RuvectorError) -> [Float] {
  var x = x, y = y, given = scale.map { [$0] } ?? []
  var out = [Float](repeating: .nan, count: operation == "forward" ? 1 : x.count + y.count)
  let rows = dim == 0 ? 0 : x.count / dim
  func buffers(
    _ x: UnsafeMutableBufferPointer<Float>, _ y: UnsafeMutableBufferPointer<Float>,
    _ given: UnsafeMutableBufferPointer<Float>, _ out: UnsafeMutableBufferPointer<Float>
  ) -> [Tensor] {
    func matrix(_ data: UnsafeMutableBufferPointer<Float>) -> Tensor {
      Tensor(data.baseAddress, .float32, rank: 2, rows: rows, columns: dim, stride: dim, isWritable: false)
    }
    func vector(_ data: UnsafeMutableBufferPointer<Float>, isWritable: Bool) -> Tensor {
      Tensor(
        data.baseAddress, .float32, rank: 1, rows: 1, columns: data.count, stride: data.count, isWritable: isWritable)
    }
    let middle = operation == "forward" ? [] : [vector(given, isWritable: false)]
    return [matrix(x), matrix(y)] + middle + [vector(out, isWritable: true)]
  }
  var failure: RuvectorError?
  x.withUnsafeMutableBufferPointer { x in
    y.withUnsafeMutableBufferPointer { y in
      given.withUnsafeMutableBufferPointer { given in
        out.withUnsafeMutableBufferPointer { out in
          do throws(RuvectorError) {
            _ = try loss.run(operation, buffers(x, y, given, out), .none)
          } catch { failure = error }
        }
      }
    }
  }
  if let failure { throw failure }
  return out
}
