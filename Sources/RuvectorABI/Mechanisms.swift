import CRuvector
import Ruvector

@implementation @_cdecl("rv_create")
public func rv_create(
  _ family: UnsafePointer<CChar>?, _ name: UnsafePointer<CChar>?, _ options: UnsafePointer<rv_option>?,
  _ option_count: Int, _ out: UnsafeMutablePointer<OpaquePointer?>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let out = try require(out, "out")
    out.pointee = nil
    var reading = Reading()
    defer { reading.end() }
    let mechanism = try Registry.make(
      family: string(family, "family"), name: string(name, "name"), given(options, option_count, &reading))
    out.pointee = Opaque.retain(try MechanismHandle(mechanism))
  }
}

/// Children among the options: their weights do not change before `end`.
struct Reading {
  private var handles: [MechanismHandle] = []

  mutating func begin(_ handle: MechanismHandle) throws(RuvectorError) -> any Mechanism {
    try handle.beginRead()
    handles.append(handle)
    return handle.mechanism
  }

  func end() { for handle in handles { handle.endRead() } }
}

/// Options as they arrive from C.
func given(
  _ options: UnsafePointer<rv_option>?, _ count: Int, _ reading: inout Reading
) throws(RuvectorError) -> [(key: String, value: OptionValue)] {
  var given: [(key: String, value: OptionValue)] = []
  for i in 0..<max(count, 0) {
    let option = try require(options, "options")[i]
    given.append((try string(option.key, "options[\(i)].key"), try value(option, i, &reading)))
  }
  return given
}

private func value(_ option: rv_option, _ index: Int, _ reading: inout Reading) throws(RuvectorError) -> OptionValue {
  switch option.kind {
  case RV_NUMBER.rawValue: return .number(option.number)
  case RV_INTEGER.rawValue: return .integer(option.integer)
  case RV_TEXT.rawValue: return .text(try string(option.text, "options[\(index)].text"))
  case RV_CHILD.rawValue:
    let handle = try Opaque.object(option.child, MechanismHandle.self, "options[\(index)].child")
    return .child(try reading.begin(handle))
  default:
    throw .expected(
      "RV_NUMBER, RV_INTEGER, RV_TEXT or RV_CHILD", for: "options[\(index)].kind", received: "\(option.kind)",
      .invalidArgument)
  }
}

@implementation @_cdecl("rv_retain")
public func rv_retain(_ handle: OpaquePointer?) -> OpaquePointer? {
  guard let object = try? Opaque.object(handle, MechanismHandle.self, "handle") else { return nil }
  return Opaque.retain(object)
}

@implementation @_cdecl("rv_release")
public func rv_release(_ handle: OpaquePointer?) { Opaque.release(handle, MechanismHandle.self) }

@implementation @_cdecl("rv_run")
public func rv_run(
  _ handle: OpaquePointer?, _ operation: UnsafePointer<CChar>?, _ buffers: UnsafePointer<rv_buffer>?,
  _ buffer_count: Int, _ written: UnsafeMutablePointer<UInt64>?, _ control: UnsafePointer<rv_control>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let all = try tensors(buffers, buffer_count, "buffers")
    let operation = try string(operation, "operation")
    let control = try RuvectorABI.control(control)
    let handle = try Opaque.object(handle, MechanismHandle.self, "handle")
    func run(_ mechanism: any Mechanism) throws(RuvectorError) -> Int { try mechanism.run(operation, all, control) }
    let count = try handle.isChanged(by: operation) ? handle.write(run) : handle.read(run)
    written?.pointee = UInt64(count)
  }
}

@implementation @_cdecl("rv_weights_needed")
public func rv_weights_needed(
  _ family: UnsafePointer<CChar>?, _ name: UnsafePointer<CChar>?, _ options: UnsafePointer<rv_option>?,
  _ option_count: Int, _ count: UnsafeMutablePointer<UInt64>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let count = try require(count, "count")
    var reading = Reading()
    defer { reading.end() }
    let member = try Registry.member(family: string(family, "family"), name: string(name, "name"))
    count.pointee = UInt64(try member.parameters(given(options, option_count, &reading)))
  }
}

@implementation @_cdecl("rv_weights_count")
public func rv_weights_count(
  _ handle: OpaquePointer?, _ count: UnsafeMutablePointer<UInt64>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let handle = try Opaque.object(handle, MechanismHandle.self, "handle")
    try require(count, "count").pointee = UInt64(handle.mechanism.parameters.total)
  }
}

@implementation @_cdecl("rv_weights_get")
public func rv_weights_get(
  _ handle: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ out: UnsafeMutablePointer<Float>?, _ count: UInt64,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    var out = try require(out, "out")
    try Opaque.object(handle, MechanismHandle.self, "handle").read { (mechanism) throws(RuvectorError) in
      for parameter in try select(mechanism, name, count) {
        out.update(from: parameter.pointer, count: parameter.count)
        out += parameter.count
      }
    }
  }
}

@implementation @_cdecl("rv_weights_set")
public func rv_weights_set(
  _ handle: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ values: UnsafePointer<Float>?, _ count: UInt64,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let values = try require(values, "values")
    try Opaque.object(handle, MechanismHandle.self, "handle").write { (mechanism) throws(RuvectorError) in
      try update(try select(mechanism, name, count), values)
    }
  }
}

@implementation @_cdecl("rv_weights_map")
public func rv_weights_map(
  _ handle: OpaquePointer?, _ path: UnsafePointer<CChar>?, _ places: UnsafePointer<rv_buffer>?,
  _ others: UnsafePointer<Float>?, _ count: UInt64, _ control: UnsafePointer<rv_control>?,
  _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    #if hasFeature(Embedded)
      throw .expected("false in WebAssembly, which has no files,", for: "mmap", received: "true", .unsupported)
    #else
      let path = try string(path, "path"), places = try tensor(places, "places").doubles("places")
      let control = try RuvectorABI.control(control)
      let handle = try Opaque.object(handle, MechanismHandle.self, "handle")
      let file = try OpenFile(path).map(isOwn: true)
      try handle.write { (mechanism) throws(RuvectorError) in
        let all = Array(mechanism.parameters), rest = zip(all, places).filter { $1 < 0 }.map { $0.0 }
        guard places.count == all.count else {
          throw .dimension("places", expected: all.count, received: places.count)
        }
        let copied = rest.reduce(0) { $0 + $1.count }
        guard count == UInt64(copied) else {
          throw .dimension("others", expected: copied, received: Int(clamping: count))
        }
        for (parameter, place) in zip(all, places) where place >= 0 {
          try file.requireFloats(at: place, count: parameter.count, for: parameter.name, control)
          try parameter.requireFitting(
            UnsafePointer((file.base + Int(place)).assumingMemoryBound(to: Float.self)))
        }
        if !rest.isEmpty { try update(rest, require(others, "others")) }
        for (parameter, place) in zip(all, places) where place >= 0 {
          parameter.memory.move(to: file, offset: Int(place))
        }
      }
    #endif
  }
}

/// Copies floats, one parameter after the other, where all of them are finite and such as the parameter may have.
private func update(_ chosen: [Parameter], _ values: UnsafePointer<Float>) throws(RuvectorError) {
  var from = values
  for parameter in chosen {
    try requireFinite(from, count: parameter.count, for: parameter.name)
    try parameter.requireFitting(from)
    from += parameter.count
  }
  from = values
  for parameter in chosen {
    parameter.pointer.update(from: from, count: parameter.count)
    from += parameter.count
  }
}

/// The weight called `name`, or all of them, whose floats are `count`.
private func select(
  _ mechanism: any Mechanism, _ name: UnsafePointer<CChar>?, _ count: UInt64
) throws(RuvectorError) -> [Parameter] {
  var chosen = Array(mechanism.parameters), label = "weights"
  if let name {
    label = String(cString: name)
    chosen = chosen.filter { $0.name.utf8.elementsEqual(label.utf8) }
    guard !chosen.isEmpty else {
      throw .expected("the name of a weight", for: "name", received: "\"\(label)\"", .notFound)
    }
  }
  let total = chosen.reduce(0) { $0 + $1.count }
  guard count == UInt64(total) else { throw .dimension(label, expected: total, received: Int(clamping: count)) }
  return chosen
}

@implementation @_cdecl("rv_describe")
public func rv_describe(
  _ handle: OpaquePointer?, _ out: UnsafeMutablePointer<CChar>?, _ capacity: Int,
  _ length: UnsafeMutablePointer<Int>?, _ error: UnsafeMutablePointer<rv_error>?
) -> Int32 {
  status(error) { () throws(RuvectorError) in
    let json = try Opaque.object(handle, MechanismHandle.self, "handle").mechanism.description
    write(json, out, capacity, length)
  }
}

/// A text with an ending 0 into the caller's memory, as much as fits, and its length.
func write(
  _ text: String, _ out: UnsafeMutablePointer<CChar>?, _ capacity: Int, _ length: UnsafeMutablePointer<Int>?
) {
  length?.pointee = text.utf8.count
  guard let out, capacity > 0 else { return }
  var at = 0
  for byte in text.utf8 where at < capacity - 1 {
    out[at] = CChar(bitPattern: byte)
    at += 1
  }
  out[at] = 0
}
