import RuvectorCore

/// An argument of an operation.
enum Argument {
  case vector([Float])
  case matrix([Float], rows: Int, columns: Int)
  case integers([UInt32])
  case graph(ResidentGraph)
  case none
}

/// An operation as the C boundary runs it: `outputs` numbers.
func perform(
  _ member: any Mechanism, _ operation: String, _ arguments: [Argument], outputs: Int, _ control: Control = .none
) throws(RuvectorError) -> [Float] {
  var memory: [AnyObject] = [], tensors: [Tensor] = []
  for argument in arguments {
    switch argument {
    case .vector(let list):
      let copy = try AlignedBuffer<Float>(count: list.count)
      for (i, x) in list.enumerated() { copy[i] = x }
      memory.append(copy)
      tensors.append(.floats(copy.pointer, count: list.count))
    case .matrix(let list, let rows, let columns):
      let copy = try AlignedBuffer<Float>(count: list.count)
      for (i, x) in list.enumerated() { copy[i] = x }
      memory.append(copy)
      tensors.append(.floats(copy.pointer, rows: rows, columns: columns))
    case .integers(let list):
      let copy = try AlignedBuffer<UInt32>(count: list.count)
      for (i, x) in list.enumerated() { copy[i] = x }
      memory.append(copy)
      tensors.append(.indices(copy.pointer, count: list.count))
    case .graph(let graph): tensors.append(Tensor(graph))
    case .none: tensors.append(.none)
    }
  }
  let out = try AlignedBuffer<Float>(count: outputs, repeating: .nan)
  let written = try member.run(operation, tensors + [.floats(out.pointer, count: outputs, isWritable: true)], control)
  withExtendedLifetime(memory) {}
  return (0..<min(written, outputs)).map { out[$0] }
}
