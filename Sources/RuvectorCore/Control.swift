import CRuvectorSupport

/// What a caller says about a running operation: how many threads it may use, whether to stop.
public struct Control: @unchecked Sendable {
  /// Threads an operation may use, the caller's included; at least 1. Results never depend on it.
  public var threads: Int
  /// Non-zero as soon as the operation should stop with `.aborted`.
  public var cancelFlag: UnsafePointer<UInt32>?

  public init(threads: Int = 1, cancelFlag: UnsafePointer<UInt32>? = nil) {
    self.threads = threads < 1 ? 1 : threads
    self.cancelFlag = cancelFlag
  }

  public static let none = Control()

  /// Throws `.aborted` when the caller has asked to stop. Call it once per block of work.
  public func check() throws(RuvectorError) {
    if let cancelFlag, rv_flag_load(cancelFlag) != 0 {
      throw RuvectorError(.aborted, "the operation was aborted")
    }
  }
}
