// A step of Adam: memory is touched once.

import CRuvectorSupport

func adamStep(_ p: Out, _ g: In, _ m: Out, _ v: Out, _ n: Int, _ constants: UnsafePointer<rv_adam>) {
  let c = Step(constants.pointee)
  var i = 0
  while i &+ lanes <= n {
    let (newP, newM, newV) = c.next(load(p + i), load(g + i), load(m + i), load(v + i))
    store(newP, p + i)
    store(newM, m + i)
    store(newV, v + i)
    i &+= lanes
  }
  guard i < n else { return }
  let rest = n &- i
  let (newP, newM, newV) = c.next(
    loadTail(p + i, rest), loadTail(g + i, rest), loadTail(m + i, rest), loadTail(v + i, rest))
  storeTail(newP, p + i, rest)
  storeTail(newM, m + i, rest)
  storeTail(newV, v + i, rest)
}

private struct Step {
  let scale: V, decay: V, shrink: V, beta1: V, beta2: V, rest1: V, rest2: V, length: V, root: V, eps: V

  @inline(__always) init(_ c: rv_adam) {
    (scale, decay, shrink) = (V(repeating: c.scale), V(repeating: c.decay), V(repeating: c.shrink))
    (beta1, beta2) = (V(repeating: c.beta1), V(repeating: c.beta2))
    (rest1, rest2) = (V(repeating: c.rest1), V(repeating: c.rest2))
    (length, root, eps) = (V(repeating: c.length), V(repeating: c.root), V(repeating: c.eps))
  }

  @inline(__always) func next(_ p: V, _ g: V, _ m: V, _ v: V) -> (V, V, V) {
    let slope = fma(scale * g, decay, p)
    let mean = fma(rest1 * slope, beta1, m)
    let squares = larger(fma(rest2 * slope * slope, beta2, v), V(repeating: 0))  // callers may have set v to anything
    let step = length * mean / fma(eps, root, squareRoot(squares))
    return (shrink * p - step, mean, squares)
  }
}
