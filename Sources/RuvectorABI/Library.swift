import CRuvector
import CRuvectorSupport
import Ruvector

private let version: StaticString = "0.1.0"

@implementation @_cdecl("rv_abi_version")
public func rv_abi_version() -> UInt32 { 1 }

@implementation @_cdecl("rv_version")
public func rv_version() -> UnsafePointer<CChar>? {
  UnsafeRawPointer(version.utf8Start).assumingMemoryBound(to: CChar.self)
}

@implementation @_cdecl("rv_simd_level")
public func rv_simd_level() -> UnsafePointer<CChar>? { Kernels.current.level }

@implementation @_cdecl("rv_start")
public func rv_start(_ error: UnsafeMutablePointer<rv_error>?) -> Int32 {
  status(error) { () throws(RuvectorError) in
    if let failure = Kernels.configurationError { throw failure }
  }
}
