import CRuvectorSupport
import RuvectorKernelsScalar
import RuvectorKernelsV1

#if arch(x86_64)
  import RuvectorKernelsV3
  import RuvectorKernelsV4
#endif

public typealias KernelTable = rv_kernels

/// The instruction set in use, chosen once per process: the best this CPU has, or the one that the environment
/// variable `RUVECTOR_SIMD` names (`scalar`, `v1`, `v3`, `v4`; `neon` on arm64).
public enum Kernels {
  /// The kernels to call. Hold it in a local in hot code.
  nonisolated(unsafe) public static let current: KernelTable = selection.table

  /// Why `RUVECTOR_SIMD` could not be obeyed; `nil` in the normal case. The C boundary refuses to start on it.
  public static var configurationError: RuvectorError? { selection.error }

  /// Name of the level in use.
  public static var level: String { name(of: current) }

  /// Every table this CPU can run, plainest first.
  nonisolated(unsafe) public static let available: [KernelTable] = {
    var tables = [RuvectorKernelsScalar.kernelTable(), RuvectorKernelsV1.kernelTable()]
    #if arch(x86_64)
      let cpu = rv_cpu_level()
      if cpu >= 3 { tables.append(RuvectorKernelsV3.kernelTable()) }
      if cpu >= 4 { tables.append(RuvectorKernelsV4.kernelTable()) }
    #endif
    return tables
  }()

  public static func name(of table: KernelTable) -> String { String(cString: table.level) }

  /// The table that `wanted` names; the best one for `nil`.
  static func select(_ wanted: String?) -> (table: KernelTable, error: RuvectorError?) {
    let best = available[available.count - 1]
    guard let wanted, !wanted.utf8.isEmpty else { return (best, nil) }
    var names = ""
    for table in available {
      let name = name(of: table)
      if name.utf8.elementsEqual(wanted.utf8) { return (table, nil) }
      names += names.utf8.isEmpty ? name : ", \(name)"
    }
    return (
      best,
      .expected(
        "one of \(names) (what this CPU has)", for: "RUVECTOR_SIMD", received: quoted(wanted), .invalidConfig)
    )
  }

  nonisolated(unsafe) private static let selection: (table: KernelTable, error: RuvectorError?) =
    select(rv_environment("RUVECTOR_SIMD").map { String(cString: $0) })
}
