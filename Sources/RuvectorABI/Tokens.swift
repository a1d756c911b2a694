import CRuvectorSupport
import Ruvector

/// An object that other threads of the process can open by its token, as one of its holders has it: who made it, or who opened
/// it. What C's handles point at.
final class Shared<Object: AnyObject> {
  let object: Object
  let token: UInt64
  /// Whether the holder opened it: such a one reads and does not write.
  let isOpened: Bool
  private let tokens: Tokens<Object>

  fileprivate init(_ object: Object, _ token: UInt64, _ tokens: Tokens<Object>, isOpened: Bool) {
    (self.object, self.token, self.tokens, self.isOpened) = (object, token, tokens, isOpened)
  }

  deinit { tokens.left(token) }
}

/// The living objects of a kind by token.
final class Tokens<Object: AnyObject>: Sendable {
  private let holders = Holders()

  /// The first holder of a new object.
  func add(_ object: Object) -> Shared<Object> {
    let token = rv_next_token()
    holders.add(object, token)
    return Shared(object, token, self, isOpened: false)
  }

  /// One more holder. `.notFound` where nobody has it any more.
  func open(_ token: UInt64, _ what: StaticString) throws(RuvectorError) -> Shared<Object> {
    // What is in there, `add` put in.
    Shared(unsafeDowncast(try holders.enter(token, what), to: Object.self), token, self, isOpened: true)
  }

  fileprivate func left(_ token: UInt64) { holders.leave(token) }
}

/// How many hold what. Counted under one lock, so that a token can be turned into a new holder at any moment without reviving an
/// object that is being freed.
private final class Holders: @unchecked Sendable {
  private struct Entry {
    let object: AnyObject
    var count = 1
  }
  private let lock = rv_lock_create()
  private var entries: [UInt64: Entry] = [:]

  private func locked<T>(_ body: () -> T) -> T {
    rv_lock_acquire(lock)
    defer { rv_lock_release(lock) }
    return body()
  }

  func add(_ object: AnyObject, _ token: UInt64) { locked { entries[token] = Entry(object: object) } }

  func enter(_ token: UInt64, _ what: StaticString) throws(RuvectorError) -> AnyObject {
    let object = locked { () -> AnyObject? in
      entries[token]?.count += 1
      return entries[token]?.object
    }
    guard let object else {
      throw .expected("the token of an open \(what)", for: "token", received: "\(token)", .notFound)
    }
    return object
  }

  /// One holder less. Who leaves still has the object, so that its memory is not freed under the lock.
  func leave(_ token: UInt64) {
    locked {
      entries[token]?.count -= 1
      if entries[token]?.count == 0 { entries[token] = nil }
    }
  }
}
