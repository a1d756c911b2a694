import Foundation
import RuvectorCore
import Testing

@Suite struct RandomTests {
  /// Published outputs of SplitMix64 for seed 1234567.
  @Test func knownVectors() {
    var r = Random(seed: 1_234_567)
    #expect(r.next() == 6_457_827_717_110_365_317)
    #expect(r.next() == 3_203_168_211_198_807_973)
    #expect(r.next() == 9_817_491_932_198_370_423)
  }

  /// Mean, variance, skewness and kurtosis within five standard errors.
  @Test(arguments: [UInt64(0), 1, .max]) func normal(_ seed: UInt64) {
    var r = Random(seed: seed)
    let n = 200_000
    let x = (0..<n).map { _ in r.normal() }
    func moment(_ k: Double) -> Double { x.reduce(0) { $0 + pow($1, k) } / Double(n) }
    let error = 5 / Double(n).squareRoot()
    #expect(abs(moment(1)) < error)
    #expect(abs(moment(2) - 1) < error * 2.squareRoot())
    #expect(abs(moment(3)) < error * 15.squareRoot())
    #expect(abs(moment(4) - 3) < error * 96.squareRoot())
    #expect(x.allSatisfy { $0.isFinite })
  }

  @Test func uniform() {
    var r = Random(seed: 5)
    let n = 100_000
    var sum = 0.0, counts = [Int](repeating: 0, count: 7)
    for _ in 0..<n {
      let x = r.uniform(-2, 6)
      #expect(x >= -2 && x < 6)
      sum += x
      counts[r.below(7)] += 1
    }
    #expect(abs(sum / Double(n) - 2) < 5 * 8 / (12 * Double(n)).squareRoot())
    for count in counts { #expect(abs(Double(count) - Double(n) / 7) < 5 * (Double(n) / 7).squareRoot()) }
    #expect(r.below(0) == 0 && r.below(-3) == 0 && r.below(1) == 0)
  }

  @Test func initialWeights() {
    for (fanIn, fanOut) in [(1, 20_000), (20_000, 1), (200, 300)] {
      let n = fanIn * fanOut
      var w = [Float](repeating: .nan, count: n), r = Random(seed: 9)
      func variance() -> Double { w.reduce(0) { $0 + Double($1) * Double($1) } / Double(n) }
      let error = 5 * (2 / Double(n)).squareRoot()
      r.xavierNormal(&w, count: n, fanIn: fanIn, fanOut: fanOut)
      #expect(abs(variance() * Double(fanIn + fanOut) / 2 - 1) < error)
      r.kaimingNormal(&w, fanIn: fanIn, fanOut: fanOut)
      #expect(abs(variance() * Double(fanIn) / 2 - 1) < error)
    }
  }
}
