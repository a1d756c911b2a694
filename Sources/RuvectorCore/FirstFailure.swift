/// The error of the part with the lowest number, of parts that run at the same time: the one a single thread would
/// have met first.
public final class FirstFailure: @unchecked Sendable {
  private let lock: Lock
  private var part = Int.max
  public private(set) var error: RuvectorError?

  public init() throws(RuvectorError) { lock = try Lock() }

  public func note(_ part: Int, _ error: RuvectorError) {
    lock.locked {
      if part < self.part { (self.part, self.error) = (part, error) }
    }
  }
}
