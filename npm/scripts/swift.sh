#!/usr/bin/env bash
# Swift's own command. SwiftPM names the traits to the compiler in the order of a set, another one each time, and compiles
# everything anew for that: with hashes that do not change it stays the same.
SWIFT_DETERMINISTIC_HASHING=1 exec swift "$@"
