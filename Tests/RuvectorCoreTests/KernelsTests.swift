import CRuvectorSupport
import TestSupport
import Testing

@testable import RuvectorCore

@Suite struct KernelsTests {
  @Test func select() {
    let best = Levels.names[Levels.names.count - 1]
    for name in Levels.names {
      let (table, error) = Kernels.select(name)
      #expect(Kernels.name(of: table) == name && error == nil)
    }
    for none in [nil, ""] {
      let (table, error) = Kernels.select(none)
      #expect(Kernels.name(of: table) == best && error == nil)
    }
    let names = Levels.names.joined(separator: ", ")
    for wrong in ["avx", "V1", "v1 ", "v", "scalar\0"] {
      let (table, error) = Kernels.select(wrong)
      #expect(Kernels.name(of: table) == best)
      let message =
        "expected one of \(names) (what this CPU has) for RUVECTOR_SIMD, received \(quoted(wrong))"
      #expect(error == RuvectorError(.invalidConfig, message))
    }
  }

  @Test func current() {
    #expect(Levels.names.contains(Kernels.level))
    #expect(Levels.names.prefix(1) == ["scalar"])
    #expect(Kernels.configurationError == nil)
    #expect(Set(Levels.names).count == Levels.names.count)
  }
}
