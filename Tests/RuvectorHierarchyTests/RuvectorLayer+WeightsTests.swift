import RuvectorCore
import RuvectorHierarchy
import TestSupport
import Testing

@Suite struct RuvectorLayerWeightsTests {
  @Test func parameters() throws {
    let layer = try RuvectorLayer(inputDim: 3, hiddenDim: 4, heads: 2, dropout: 0.25, seed: 11)
    let names = [
      "w_msg", "w_agg", "w_update.w_z", "w_update.u_z", "w_update.w_r", "w_update.u_r", "w_update.w_h",
      "w_update.u_h", "attention.q_linear", "attention.k_linear", "attention.v_linear",
      "attention.out_linear",
    ]
    var expected: [String] = []
    for name in names { expected += [name + ".weights", name + ".bias"] }
    expected += ["norm.gamma", "norm.beta"]
    #expect(layer.parameters.map { "\($0.name)" } == expected)
    #expect(layer.parameters.prefix(4).map(\.shape) == [[4, 3], [4], [4, 4], [4]])
    for parameter in layer.parameters {
      #expect(parameter.count == parameter.shape.reduce(1, *))
      let values = (0..<parameter.count).map { parameter[$0] }
      switch "\(parameter.name)" {
      case "norm.gamma": #expect(values == [1, 1, 1, 1])
      case let name where name.hasSuffix(".weights"): #expect(values.allSatisfy { $0 != 0 && $0.isFinite })
      default: #expect(values.allSatisfy { $0 == 0 })
      }
    }
    #expect(layer.optionValues == [3, 4, 2, 0.25, 1e-5, 11])
    #expect(
      layer.description.contains("\"options\":{\"inputDim\":3,\"hiddenDim\":4,\"heads\":2,\"dropout\":0.25"))
    #expect(layer.description.contains("{\"name\":\"w_msg.weights\",\"shape\":[4,3]}"))
    #expect(layer.description.hasSuffix("{\"name\":\"norm.beta\",\"shape\":[4]}]}"))
  }

  @Test func seeds() throws {
    func weights(_ seed: UInt64) throws -> [Float] {
      try RuvectorLayer(inputDim: 5, hiddenDim: 6, heads: 3, seed: seed).parameters
        .flatMap { p in (0..<p.count).map { p[$0] } }
    }
    #expect(try weights(7) == weights(7))
    #expect(try weights(7) != weights(8))
  }

  @Test func run() throws {
    let layer = try randomLayer(3, 4, heads: 2)
    var node: [Float] = [1, 2, 3], rows: [Float] = [1, 0, 0, 0, 1, 0], weights: [Float] = [1, 2]
    var out = [Float](repeating: 0, count: 4)
    func vector(_ x: inout [Float], count: Int? = nil, isWritable: Bool = false) -> Tensor {
      x.withUnsafeMutableBytes {
        let n = count ?? $0.count / 4
        return Tensor(
          $0.baseAddress, .float32, rank: 1, rows: 1, columns: n, stride: n, isWritable: isWritable)
      }
    }
    func matrix(_ x: inout [Float], _ rows: Int, _ columns: Int) -> Tensor {
      x.withUnsafeMutableBytes {
        Tensor(
          $0.baseAddress, .float32, rank: 2, rows: rows, columns: columns, stride: columns, isWritable: false)
      }
    }
    let good = [vector(&node), matrix(&rows, 2, 3), vector(&weights), vector(&out, isWritable: true)]
    #expect(try layer.run("forward", good, .none) == 4)
    #expect(try out == forward(layer, node, [[1, 0, 0], [0, 1, 0]], weights))
    func code(_ operation: String, _ buffers: [Tensor]) -> RuvectorError.Code? {
      failure { () throws(RuvectorError) in _ = try layer.run(operation, buffers, .none) }?.code
    }
    func with(_ at: Int, _ tensor: Tensor) -> [Tensor] {
      var all = good
      all[at] = tensor
      return all
    }
    #expect(code("backward", good) == .invalidArgument)
    #expect(code("forward", Array(good.prefix(3))) == .invalidArgument)
    #expect(code("forward", with(0, vector(&node, count: 2))) == .dimensionMismatch)
    #expect(code("forward", with(1, vector(&rows))) == .dimensionMismatch)
    #expect(code("forward", with(1, matrix(&rows, 3, 2))) == .dimensionMismatch)
    #expect(code("forward", with(3, vector(&out, count: 3, isWritable: true))) == .dimensionMismatch)
    #expect(code("forward", with(3, vector(&out))) == .invalidArgument)
  }
}
