import RuvectorCore

/// The instruction sets of this machine by name, as arguments of tests.
public enum Levels {
  public static let names = Kernels.available.map { Kernels.name(of: $0) }

  public static func table(_ name: String) -> KernelTable {
    Kernels.available.first { Kernels.name(of: $0) == name }!
  }
}
