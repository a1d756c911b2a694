import CRuvector
import Testing

@testable import RuvectorABI

/// `rv_index_check` answers what making an index and adding to it answers.
struct IndexCheckTests {
  /// Options with texts that live as long as the list.
  private final class Options {
    private var texts: [Memory<CChar>] = []
    private(set) var list: [rv_option] = []

    private func text(_ string: String) -> UnsafePointer<CChar> {
      texts.append(Memory(Array(string.utf8CString)))
      return UnsafePointer(texts[texts.count - 1].pointer)
    }

    init(_ given: (String, Any)...) {
      for (key, value) in given {
        var option = rv_option()
        option.key = text(key)
        if let number = value as? Double {
          (option.kind, option.number) = (RV_NUMBER.rawValue, number)
        } else if let word = value as? String {
          (option.kind, option.text) = (RV_TEXT.rawValue, text(word))
        }
        list.append(option)
      }
    }
  }

  private let optionLists = [
    Options(), Options(("dim", 2.0)), Options(("dim", 2.0), ("metric", "l2")), Options(("dim", 0.0)),
    Options(("dim", 1.0), ("metric", "lorentz")), Options(("dim", 2.0), ("metric", "lorentz")),
    Options(("dim", 2.0), ("metric", "lorentz"), ("storage", "i8")), Options(("dim", 2.0), ("M", 1.0)),
    Options(("dim", 2.0), ("metrik", "l2")), Options(("dim", 2.0), ("metric", "poincare"), ("curvature", -1e31)),
    Options(("dim", 2.0), ("metric", "l2"), ("storage", "i8"), ("rerank", 0.0)),
    Options(("dim", 2.0), ("metric", "l2"), ("storage", "f16"), ("rerank", 0.0)),
    Options(("dim", 2.0), ("metric", "l2"), ("storage", "f16")), Options(("dim", 2.0), ("keys", "string")),
  ]

  private let matrices: [(values: Memory<Float>, rows: Int)] = [
    (Memory([1, 2, 3, 4]), 2), (Memory([.nan, 1]), 1), (Memory([1, 2, 3, .infinity]), 2), (Memory([2e18, 1]), 1),
    (Memory([1, 0, 1, 5]), 2), (Memory([1, 2, 3]), 1), (Memory([1e5, 1, 2, 3]), 2), (Memory([]), 1),
    (IndexCheckTests.alike(), 300),
  ]

  /// Vectors whose differences are below the steps of bytes.
  private static func alike() -> Memory<Float> {
    var values: [Float] = []
    for i in 0..<300 { values += [1000 + Float(i % 15) * 1e-3, 1000 - Float(i / 15) * 1e-3] }
    return Memory(values)
  }

  private func integers(_ key: (Int) -> Double, _ count: Int) -> (Memory<Double>, rv_buffer) {
    let memory = Memory((0..<count).map(key))
    return (memory, memory.buffer())
  }

  private let letters = Memory(Array("abbc".utf8)), ends = Memory<UInt32>([0, 1, 2])
  private let same = Memory<UInt32>([0, 1, 2, 3])

  @Test(arguments: ["hnsw", "brute_force", "tree"]) func asMadeAndAdded(_ kind: String) {
    var accepted = 0, refused: Set<Int32> = []
    for options in optionLists {
      var made: OpaquePointer?, error = rv_error(), expected = rv_error()
      let n = options.list.count, code = rv_index_create(kind, options.list, n, &made, &expected)
      rv_index_release(made)
      #expect(rv_index_check(kind, options.list, n, nil, nil, nil, &error) == code)
      #expect(code == 0 || message(error) == message(expected))
      for (values, rows) in matrices where code == 0 {
        let plain = integers({ Double($0) }, rows), twice = integers({ Double($0 / 2) }, rows)
        let parts = integers({ Double($0) + 0.5 }, rows), fewer = integers({ Double($0) }, rows - 1)
        let words = letters.buffer(), offsets = ends.buffer(), again = same.buffer()
        let keys: [(rv_buffer, rv_buffer?)] = [
          (plain.1, nil), (twice.1, nil), (parts.1, nil), (fewer.1, nil), (words, offsets), (words, again),
          (words, nil),
        ]
        withExtendedLifetime((plain, twice, parts, fewer)) {
          for (list, bounds) in keys {
            var list = list, bounds = bounds ?? rv_buffer(), matrix = values.buffer(rows: rows), index: OpaquePointer?
            #expect(rv_index_create(kind, options.list, n, &index, &error) == 0)
            let at = bounds.type == 0 ? nil : withUnsafePointer(to: &bounds) { $0 }
            let wanted = rv_index_add(index, &list, at, &matrix, 0, nil, &expected)
            rv_index_release(index)
            #expect(rv_index_check(kind, options.list, n, &list, at, &matrix, &error) == wanted)
            #expect(wanted == 0 || message(error) == message(expected))
            if wanted == 0 { accepted += 1 } else { refused.insert(wanted) }
          }
        }
        var matrix = values.buffer(rows: rows)
        let alone = rv_index_check(kind, options.list, n, nil, nil, &matrix, &error)
        var list = plain.1, index: OpaquePointer?
        #expect(rv_index_create(kind, options.list, n, &index, &error) == 0)
        let wanted = rv_index_add(index, &list, nil, &matrix, 0, nil, &expected)
        #expect(alone == wanted || message(expected).contains("strings"), "rows without keys")
        rv_index_release(index)
      }
    }
    guard kind != "tree" else { return }
    #expect(accepted >= 10)
    #expect(refused == [1, 2, 3, 5, 6, 12], "widths, no elements, keys, ranges, NaN, repetitions")
  }

  @Test func careless() {
    let number = Memory<UInt32>([1])
    var error = rv_error(), rows = number.buffer()
    #expect(rv_index_check(nil, nil, 0, nil, nil, nil, &error) == RV_INVALID_ARGUMENT.rawValue)
    #expect(rv_index_check("hnsw", nil, -1, nil, nil, nil, &error) == RV_INVALID_CONFIG.rawValue)
    let options = optionLists[1].list
    #expect(rv_index_check("hnsw", options, 1, nil, nil, &rows, &error) == RV_INVALID_ARGUMENT.rawValue)
    #expect(rv_index_check("hnsw", options, 1, &rows, nil, nil, &error) == RV_INVALID_ARGUMENT.rawValue)
  }
}
