import CRuvectorSupport

/// What a caller says about a running operation: how many threads it may use, whether to stop.
public struct Control: @unchecked Sendable {
  /// Threads an operation may use, the caller's included; at least 1. Results never depend on it.
  public var threads: Int
  /// Non-zero as soon as the operation should stop with `.aborted`.
  public var cancelFlag: UnsafePointer<UInt32>?

  /// Called now and then, on the caller's thread, with the share done.
  public var progress: (@convention(c) (UnsafeMutableRawPointer?, Double) -> Void)?
  public var user: UnsafeMutableRawPointer?

  public init(
    threads: Int = 1, cancelFlag: UnsafePointer<UInt32>? = nil,
    progress: (@convention(c) (UnsafeMutableRawPointer?, Double) -> Void)? = nil,
    user: UnsafeMutableRawPointer? = nil
  ) {
    self.threads = threads < 1 ? 1 : threads
    self.cancelFlag = cancelFlag
    self.progress = progress
    self.user = user
  }

  public func report(_ done: Double) { progress?(user, done) }

  public static let none = Control()

  /// Throws `.aborted` when the caller has asked to stop. Call it once per block of work.
  public func check() throws(RuvectorError) {
    if let cancelFlag, rv_flag_load(cancelFlag) != 0 {
      throw RuvectorError(.aborted, "the operation was aborted")
    }
  }
}
