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
  public let message: String
  /// What the sentence is made of: callers in other languages put the name that they know in the place of `subject`, the path of
  /// the argument (`keys[3]`). Empty for sentences of another form.
  public let wanted, subject, received: String

  public init(_ code: Code, _ message: String) {
    self.init(code, message, "", "", "")
  }

  private init(_ code: Code, _ message: String, _ wanted: String, _ subject: String, _ received: String) {
    (self.code, self.message) = (code, message)
    (self.wanted, self.subject, self.received) = (wanted, subject, received)
  }

  /// Two errors are equal that say the same.
  public static func == (a: RuvectorError, b: RuvectorError) -> Bool {
    a.code == b.code && a.message.utf8.elementsEqual(b.message.utf8)
  }

  /// The sentence form: `expected <wanted> for <name>, received <received>`.
  public static func expected(
    _ wanted: String, for name: String, received: String, _ code: Code
  ) -> RuvectorError {
    RuvectorError(code, "expected \(wanted) for \(name), received \(received)", wanted, name, received)
  }

  /// `expected <wanted> elements for <name>, received <received>`.
  public static func dimension(_ name: String, expected: Int, received: Int) -> RuvectorError {
    .expected("\(expected) elements", for: name, received: "\(received)", .dimensionMismatch)
  }
}
