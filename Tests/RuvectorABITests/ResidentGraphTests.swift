import CRuvector
import CRuvectorCalls
import Ruvector
import Testing

@testable import RuvectorABI

/// Graphs that stay in native memory, as C makes, shares and passes them.
struct ResidentGraphTests {
  private let offsets = Memory<UInt32>([0, 2, 2, 3])
  private let indices = Memory<UInt32>([1, 1, 4])

  private func made() throws -> OpaquePointer {
    var rows = offsets.buffer(), list = indices.buffer(), graph: OpaquePointer?, error = rv_error()
    #expect(rv_graph_create(&rows, &list, nil, 5, 0, &graph, &error) == 0)
    return try #require(graph)
  }

  @Test func createdCopiedReleased() throws {
    let graph = try made()
    var nodes: UInt64 = 0, columns: UInt64 = 0, edges: UInt64 = 0, bytes: UInt64 = 0, error = rv_error()
    rv_graph_info(graph, &nodes, &columns, &edges, &bytes)
    #expect(nodes == 3 && columns == 5 && edges == 3 && bytes == 28)
    rv_graph_info(graph, nil, nil, nil, nil)

    let rows = Memory<UInt32>([9, 9, 9, 9, 9]), list = Memory<UInt32>([9, 9, 9])
    var first = rows.buffer(), second = list.buffer()
    #expect(rv_graph_copy(graph, &first, &second, nil, &error) == 0)
    #expect(rows.values == [0, 2, 2, 3, 9] && list.values == [1, 1, 4])
    #expect(rv_graph_copy(graph, nil, nil, nil, &error) == 0)
    var short = Memory<UInt32>([9, 9]).buffer(), floats = Memory<Float>([1, 2, 3]).buffer()
    #expect(rv_graph_copy(graph, nil, &short, nil, &error) == 1)
    #expect(message(error) == "expected room for 3 elements for indices, received 2")
    #expect(rv_graph_copy(graph, &floats, nil, nil, &error) == 3)
    second.writable = 0
    #expect(rv_graph_copy(graph, nil, &second, nil, &error) == 3)

    let token = rv_graph_token(graph)
    var again: OpaquePointer?
    #expect(rv_graph_retain(graph) == graph)
    rv_graph_release(graph)
    #expect(rv_graph_open(token, &again, &error) == 0 && again != nil)
    rv_graph_release(graph)
    rv_graph_release(again)
    #expect(rv_graph_open(token, &again, &error) == 13 && again == nil)
    #expect(message(error) == "expected the token of an open Graph for token, received \(token)")
  }

  @Test func badInput() {
    var error = rv_error(), rows = offsets.buffer(), list = indices.buffer(), graph: OpaquePointer?
    #expect(rv_graph_create(&rows, &list, nil, 0, 0, &graph, &error) == 3 && graph == nil)
    #expect(message(error) == "expected numbers below 3 for indices, received 4 at element 2")
    #expect(rv_graph_create(&rows, &list, nil, .max, 0, &graph, &error) == 5)
    #expect(rv_graph_create(nil, &list, nil, 5, 0, &graph, &error) == 3)
    #expect(rv_graph_create(&rows, nil, nil, 5, 0, &graph, &error) == 3)
    #expect(rv_graph_create(&rows, &list, nil, 5, 0, nil, &error) == 3)
    var floats = Memory<Float>([0, 1]).buffer(), none = Memory<UInt32>([]).buffer()
    #expect(rv_graph_create(&floats, &list, nil, 5, 0, &graph, &error) == 3)
    #expect(message(error) == "expected unsigned 32-bit integers for offsets, received another type")
    #expect(rv_graph_create(&none, &list, nil, 5, 0, &graph, &error) == 2)
    #expect(rv_graph_create(&rows, &none, nil, 5, 0, &graph, &error) == 3)
    none.data = nil
    let zero = Memory<UInt32>([0])
    var one = zero.buffer()
    #expect(rv_graph_create(&one, &none, nil, 5, 0, &graph, &error) == 0)
    rv_graph_release(graph)

    #expect(rv_graph_copy(nil, nil, nil, nil, &error) == 10 && rv_graph_token(nil) == 0 && rv_graph_retain(nil) == nil)
    #expect(rv_graph_open(3, nil, &error) == 3)
    rv_graph_info(nil, nil, nil, nil, nil)
    rv_graph_release(nil)
  }

  private func buffer(_ graph: OpaquePointer?) -> rv_buffer {
    var buffer = rv_buffer()
    buffer.data = graph.map { UnsafeMutableRawPointer($0) }
    buffer.type = RV_GRAPH.rawValue
    return buffer
  }

  @Test func asABufferOfAnOperation() throws {
    let graph = try made()
    defer { rv_graph_release(graph) }
    let object = try tensor(buffer(graph), "graph").graph("graph")
    #expect(object.edges == 3 && object.columns == 5)

    var error = rv_error(), layer: OpaquePointer?
    #expect(rv_create("attention", "flash", [], 0, &layer, &error) == 4)
    let key = Memory(Array("dim".utf8CString))
    var dim = rv_option()
    (dim.key, dim.kind, dim.number) = (UnsafePointer(key.pointer), RV_NUMBER.rawValue, 2)
    #expect(withExtendedLifetime(key) { rv_create("attention", "flash", &dim, 1, &layer, &error) } == 0)
    defer { rv_release(layer) }
    var buffers = [buffer(graph), buffer(graph), buffer(graph), buffer(graph)]
    #expect(rv_run(layer, "forward", &buffers, 4, nil, nil, &error) == 3)
    #expect(message(error).hasSuffix("received another type"))
    buffers[1] = buffer(nil)
    #expect(rv_run(layer, "forward", &buffers, 4, nil, nil, &error) == 10)
    #expect(message(error) == "expected a handle for buffers[1], received NULL")
  }

  /// One table for the addon and WebAssembly.
  @Test func theTableOfKinds() throws {
    var count = 0
    let kinds = Array(UnsafeBufferPointer(start: rv_handle_kinds(&count), count: count))
    let letters = kinds.flatMap { [$0.letter, $0.list] }.filter { $0 != 0 }
    #expect(Set(letters).count == letters.count, "no letter has two meanings")
    #expect(Set(letters).isDisjoint(with: "nsoifFbBxIXc?".utf8.map { CChar($0) }))

    var length = 0
    let exports = Array(UnsafeBufferPointer(start: rv_exports(&length), count: length))
    for row in exports {
      let input = String(cString: row.input)
      for letter in input.utf8 where !"nsoifFbBxIXc?".utf8.contains(letter) {
        let kind = try #require(rv_handle_kind_of(CChar(letter)), "\(String(cString: row.name)): \(input)")
        #expect(kind.pointee.retain != nil || !input.contains("c"), "asynchronous calls keep what they use")
      }
      #expect([0, 110, 115].contains(row.output) || rv_handle_kind_of(row.output) != nil)
    }

    let graph = try made(), token = rv_graph_token(graph)
    let kind = try #require(rv_handle_kind_of(103)).pointee
    #expect(kind.type == RV_GRAPH.rawValue && rv_handle_kind_of_type(kind.type) == rv_handle_kind_of(103))
    #expect(rv_handle_kind_of_type(0) == nil && rv_handle_kind_of_type(RV_F32.rawValue) == nil)
    kind.retain(UnsafeMutableRawPointer(graph))
    #expect(rv_handle_release(103, UnsafeMutableRawPointer(graph)) == 0)
    for unknown in [0, 63, 122] as [CChar] {
      #expect(rv_handle_kind_of(unknown) == nil)
      #expect(rv_handle_release(unknown, UnsafeMutableRawPointer(graph)) == 11)
    }
    var again: OpaquePointer?
    #expect(rv_graph_open(token, &again, nil) == 0)
    rv_graph_release(again)
    kind.release(UnsafeMutableRawPointer(graph))
    #expect(rv_graph_open(token, &again, nil) == 13)
  }

  @Test func subgraphs() throws {
    let rows = Memory<UInt32>([0, 2, 3, 3]), list = Memory<UInt32>([1, 2, 0])
    var graph: OpaquePointer?, part: OpaquePointer?, error = rv_error()
    var first = rows.buffer(), second = list.buffer()
    #expect(rv_graph_create(&first, &second, nil, 0, 0, &graph, &error) == 0)
    let asked = Memory<UInt32>([1]), each = Memory<Float>([-1, -1]), fraction = Memory<Float>([0.5])
    let none = Memory<UInt32>([3])
    var nodes = asked.buffer(), sizes = each.buffer()
    #expect(rv_graph_sample(graph, &nodes, &sizes, 3, 0, &part, &error) == 0)
    var count: UInt64 = 0, edges: UInt64 = 0
    rv_graph_info(part, &count, nil, &edges, nil)
    #expect(count == 3 && edges == 3)
    let own = Memory<UInt32>([9, 9, 9]), entries = Memory<UInt32>([9, 9, 9])
    var third = own.buffer(), fourth = entries.buffer()
    #expect(rv_graph_origin(part, &third, &fourth, &error) == 0)
    #expect(own.values[0] == 1 && own.values[1] == 0 && entries.values[0] == 2)
    #expect(rv_graph_origin(graph, &third, &fourth, &error) == Int32(RV_UNSUPPORTED.rawValue))
    var half = fraction.buffer(), far = none.buffer()
    #expect(rv_graph_sample(graph, &nodes, &half, 3, 0, &part, &error) == Int32(RV_INVALID_CONFIG.rawValue))
    #expect(part == nil && message(error) == "expected whole numbers for sizes, received 0.5")
    #expect(rv_graph_sample(graph, &far, &sizes, 3, 0, &part, &error) == Int32(RV_INVALID_ARGUMENT.rawValue))
    rv_graph_release(graph)
    withExtendedLifetime((rows, list, asked, each, fraction, none, own, entries)) {}
  }
}
