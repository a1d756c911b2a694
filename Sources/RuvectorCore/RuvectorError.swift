/// The one error of the library: a stable code, a sentence for people.
///
/// Decide on ``code``; show ``message``. The sentence always has the form
/// "expected X for name, received Y".
public struct RuvectorError: Error, Equatable {
  /// What went wrong, as a number that never changes its meaning (`rv_status` in `ruvector.h`).
  public enum Code: Int32, CaseIterable, Sendable {
    case dimensionMismatch = 1
    case emptyInput = 2
    case invalidArgument = 3
    case invalidConfig = 4
    case outOfRange = 5
    case nonFinite = 6
    case outOfMemory = 7
    case io = 8
    case busy = 9
    case closed = 10
    case wrongHandle = 11
    case duplicateKey = 12
    case notFound = 13
    case corrupt = 14
    case unsupported = 15
    case aborted = 16
    case noBinary = 17
    case trap = 18
  }

  public let code: Code
  private let texts: Texts

  /// The texts, behind one reference: errors go through every `try`, and what they hold is copied there.
  private final class Texts: Sendable {
    let message, wanted, subject, received: String

    init(_ message: String, wanted: String = "", subject: String = "", received: String = "") {
      (self.message, self.wanted, self.subject, self.received) = (message, wanted, subject, received)
    }
  }

  public var message: String { texts.message }
  /// What the sentence is made of: callers in other languages put the name that they know in the place of `subject`, the path of
  /// the argument (`keys[3]`). Empty for sentences of another form.
  public var wanted: String { texts.wanted }
  public var subject: String { texts.subject }
  public var received: String { texts.received }

  public init(_ code: Code, _ message: String) {
    (self.code, texts) = (code, Texts(message))
  }

  private init(_ code: Code, _ texts: Texts) { (self.code, self.texts) = (code, texts) }

  /// Two errors are equal that say the same.
  public static func == (a: RuvectorError, b: RuvectorError) -> Bool {
    a.code == b.code && a.message.utf8.elementsEqual(b.message.utf8)
  }

  /// The sentence form: `expected <wanted> for <name>, received <received>`.
  public static func expected(
    _ wanted: String, for name: String, received: String, _ code: Code
  ) -> RuvectorError {
    RuvectorError(
      code,
      Texts(
        "expected \(wanted) for \(name), received \(received)", wanted: wanted, subject: name, received: received))
  }

  /// `expected <wanted> elements for <name>, received <received>`.
  public static func dimension(_ name: String, expected: Int, received: Int) -> RuvectorError {
    .expected("\(expected) elements", for: name, received: "\(received)", .dimensionMismatch)
  }
}
