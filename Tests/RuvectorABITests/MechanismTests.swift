import CRuvector
import Foundation
import Ruvector
import Testing

@testable import RuvectorABI

/// Options of every kind, children among them, and the life of mechanisms as C holds them.
struct MechanismTests {
  /// Options whose texts live as long as they do.
  private final class Options {
    private var texts: [Memory<CChar>] = []
    private(set) var list: [rv_option] = []

    private func add(_ key: String, _ kind: rv_kind, _ fill: (inout rv_option) -> Void) -> Options {
      var option = rv_option()
      (option.key, option.kind) = (keep(key), kind.rawValue)
      fill(&option)
      list.append(option)
      return self
    }

    private func keep(_ text: String) -> UnsafePointer<CChar> {
      texts.append(Memory(Array(text.utf8CString)))
      return UnsafePointer(texts[texts.count - 1].pointer)
    }

    func integer(_ key: String, _ value: Int64) -> Options { add(key, RV_INTEGER) { $0.integer = value } }
    func number(_ key: String, _ value: Double) -> Options { add(key, RV_NUMBER) { $0.number = value } }
    func text(_ key: String, _ value: String) -> Options {
      let kept = keep(value)
      return add(key, RV_TEXT) { $0.text = kept }
    }
    func child(_ key: String, _ value: OpaquePointer?) -> Options { add(key, RV_CHILD) { $0.child = value } }
    func floats(_ key: String) -> Options { add(key, RV_FLOATS) { _ in } }
  }

  private func create(
    _ name: String, _ options: Options, _ error: inout rv_error
  ) -> (code: Int32, handle: OpaquePointer?) {
    var handle: OpaquePointer?
    let code = rv_create("attention", name, options.list, options.list.count, &handle, &error)
    return (code, handle)
  }

  private func json(_ handle: OpaquePointer?) -> String {
    var length = 0
    #expect(rv_describe(handle, nil, 0, &length, nil) == 0)
    let text = Memory<CChar>([CChar](repeating: 0, count: length + 1))
    #expect(rv_describe(handle, text.pointer, length + 1, nil, nil) == 0)
    return String(decoding: text.values.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  @Test func childrenAreCopied() throws {
    var error = rv_error(), count: UInt64 = 0
    let (made, expert) = create(
      "multi_head", Options().integer("dim", 4).integer("heads", 2).number("projections", 1), &error)
    #expect(made == 0, "\(message(error))")
    #expect(rv_weights_count(expert, &count, &error) == 0)
    let before = Memory<Float>([Float](repeating: 0.25, count: Int(count)))
    #expect(rv_weights_set(expert, nil, before.pointer, count, &error) == 0)
    let options = Options().integer("dim", 4).child("experts", expert).child("experts", expert)
    let (code, mixture) = create("moe", options, &error)
    #expect(code == 0, "\(message(error))")
    // What happens to the child afterwards is not the mixture's concern.
    let after = Memory<Float>([Float](repeating: -1, count: Int(count)))
    #expect(rv_weights_set(expert, nil, after.pointer, count, &error) == 0)
    let again = rv_retain(mixture)
    #expect(again == mixture)
    rv_release(expert)
    rv_release(mixture)
    var all: UInt64 = 0
    #expect(rv_weights_count(again, &all, &error) == 0)
    #expect(all == 2 * count + 2 * 4 + 2, "two experts, W and b of the gate")
    let weights = Memory<Float>([Float](repeating: 9, count: Int(all)))
    #expect(rv_weights_get(again, nil, weights.pointer, all, &error) == 0)
    #expect(weights.values.filter { $0 == 0.25 }.count == 2 * Int(count) && !weights.values.contains(-1))
    let text = json(again)
    #expect(text.hasPrefix("{\"family\":\"attention\",\"name\":\"moe\"") && text.contains("\"name\":\"multi_head\""))
    rv_release(again)
  }

  @Test func childrenThatAreNone() throws {
    var error = rv_error()
    #expect(create("moe", Options().integer("dim", 4).child("experts", nil), &error).code == 10)
    #expect(message(error) == "expected a handle for options[1].child, received NULL")
    #expect(create("moe", Options().integer("dim", 4).number("experts", 2), &error).code == 4)
    let (_, flash) = create("flash", Options().integer("dim", 4), &error)
    #expect(create("flash", Options().child("dim", flash), &error).code == 4)
    #expect(message(error).hasSuffix("for dim, received a member"), "\(message(error))")
    // A child whose weights are being written cannot be copied; afterwards it can.
    let handle = try Opaque.object(flash, MechanismHandle.self, "flash")
    let options = Options().integer("dim", 4).child("experts", flash).child("experts", flash)
    try handle.write { _ throws(RuvectorError) in
      #expect(create("moe", options, &error).code == 9)
      #expect(message(error) == "expected no other operation in flight, received a handle with one")
    }
    let (code, mixture) = create("moe", options, &error)
    #expect(code == 0)
    try handle.write { _ throws(RuvectorError) in }  // no reader is left over from either call
    rv_release(flash)
    rv_release(mixture)
  }

  @Test func optionsOfEveryKind() {
    var error = rv_error()
    let (code, edges) = create(
      "edge_featured", Options().integer("dim", 8).number("edgeDim", 3).text("version", "v1").integer("seed", -1),
      &error)
    #expect(code == 0, "\(message(error))")
    #expect(json(edges).contains("\"version\":\"v1\""))
    rv_release(edges)
    #expect(create("flash", Options().floats("dim"), &error).code == 3)
    #expect(message(error) == "expected RV_NUMBER, RV_INTEGER, RV_TEXT or RV_CHILD for options[0].kind, received 4")
    #expect(create("flash", Options().text("dim", "wide"), &error).code == 4)
    #expect(create("flash", Options().integer("dim", 4).integer("headz", 1), &error).code == 4)
    #expect(create("flash", Options(), &error).code == 4)
    #expect(create("flush", Options().integer("dim", 4), &error).code == 3)
    var option = rv_option(), out: OpaquePointer?
    #expect(rv_create("attention", "flash", &option, 1, &out, &error) == 3)
    #expect(message(error) == "expected a pointer for options[0].key, received NULL")
    #expect(rv_create("attention", "flash", nil, 1, &out, &error) == 3)
    #expect(rv_create("attentions", "flash", nil, 0, &out, &error) == 3)
    #expect(out == nil)
  }

  @Test func weightsAreCheckedBeforeAnyIsSet() {
    var error = rv_error(), count: UInt64 = 0
    let (_, linear) = create(
      "multi_head", Options().integer("dim", 2).integer("heads", 1).number("projections", 1), &error)
    #expect(rv_weights_count(linear, &count, &error) == 0)
    let before = Memory<Float>([Float](repeating: 0, count: Int(count)))
    #expect(rv_weights_get(linear, nil, before.pointer, count, &error) == 0)
    let old = before.values
    var bad = old
    bad[0] = 100
    bad[bad.count - 1] = .infinity
    #expect(rv_weights_set(linear, nil, bad, count, &error) == 6)
    #expect(rv_weights_get(linear, nil, before.pointer, count, &error) == 0)
    #expect(before.values == old)
    #expect(rv_weights_set(linear, nil, nil, count, &error) == 3)
    #expect(rv_weights_get(linear, nil, nil, count, &error) == 3)
    rv_release(linear)
  }

  /// Four parameters of which the first stays in the file, behind 8 bytes of something else.
  @Test func weightsOfAFile() throws {
    var error = rv_error(), count: UInt64 = 0
    let (_, made) = create(
      "multi_head", Options().integer("dim", 2).integer("heads", 1).number("projections", 1), &error)
    #expect(rv_weights_count(made, &count, &error) == 0)
    let weights = Memory<Float>([Float](repeating: 0, count: Int(count)))
    func now() -> [Float] {
      #expect(rv_weights_get(made, nil, weights.pointer, count, &error) == 0)
      return weights.values
    }
    let old = now(), first = 4, slots = try Opaque.object(made, MechanismHandle.self, "handle").mechanism.parameters
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(
      "ruvector-\(ProcessInfo.processInfo.processIdentifier).floats"
    ).path
    defer { try? FileManager.default.removeItem(atPath: path) }
    func write(_ floats: [Float]) throws {
      try (Data([1, 2, 3, 4, 5, 6, 7, 8]) + floats.withUnsafeBytes { Data($0) }).write(to: URL(fileURLWithPath: path))
    }
    func map(_ places: [Double], _ others: [Float], _ path: String?) -> Int32 {
      var buffer = rv_buffer()
      let memory = Memory(places), rest = Memory(others)
      buffer = memory.buffer()
      return rv_weights_map(made, path, &buffer, rest.pointer, UInt64(rest.count), nil, &error)
    }
    let places = [8.0] + [Double](repeating: -1, count: slots.count - 1),
      rest = [Float](repeating: 3, count: old.count - first)
    try write([1, 2, .nan, 4])
    #expect(map(places, rest, path) == RV_CORRUPT.rawValue, "NaN")
    #expect(message(error).contains("finite numbers"))
    try write([1, 2, 4])
    #expect(map(places, rest, path) == RV_CORRUPT.rawValue, "too short")
    try write([1, 2, 3, 4])
    #expect(map([6] + places.dropFirst(), rest, path) == RV_CORRUPT.rawValue, "no multiple of 4")
    #expect(map(places, Array(rest.dropFirst()), path) == RV_DIMENSION_MISMATCH.rawValue)
    #expect(map([8], rest, path) == RV_DIMENSION_MISMATCH.rawValue)
    #expect(map(places, rest.map { _ in .infinity }, path) == RV_NON_FINITE.rawValue)
    #expect(map(places, rest, path + "x") == RV_NOT_FOUND.rawValue)
    #expect(map(places, rest, nil) == RV_INVALID_ARGUMENT.rawValue)
    #expect(now() == old, "nothing has changed")
    #expect(map(places, rest, path) == 0, "\(message(error))")
    #expect(now() == [1, 2, 3, 4] + rest)
    try FileManager.default.removeItem(atPath: path)
    #expect(now() == [1, 2, 3, 4] + rest, "a file without a name")
    #expect(rv_weights_set(made, nil, old, count, &error) == 0 && now() == old)
    rv_release(made)
  }

  @Test func controlsAreChecked() {
    var error = rv_error()
    let (_, flash) = create("flash", Options().integer("dim", 1), &error)
    var control = rv_control()
    control.size = 4
    #expect(rv_run(flash, "forward", nil, 0, nil, &control, &error) == 3)
    #expect(message(error).hasSuffix("for control.size, received 4"), "\(message(error))")
    #expect(rv_run(flash, "forward", nil, 0, nil, nil, &error) == 3)
    #expect(rv_run(flash, nil, nil, 0, nil, nil, &error) == 3)
    rv_release(flash)
  }
}
