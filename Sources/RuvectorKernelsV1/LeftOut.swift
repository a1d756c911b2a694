// The smaller WebAssembly module has none of the mechanisms that call these: they take their places in the table.

#if CORE
  private func leftOut() -> Never { fatalError() }

  func squaredL2RowsDouble(_: DoubleIn, _: In, _: Int, _: Int, _: Int, _: DoubleOut) { leftOut() }
  func combineRowsDouble(_: DoubleIn, _: In, _: Int, _: Int, _: Int, _: DoubleOut) { leftOut() }
  func spreadRows(_: In, _: In, _: In, _: In, _: Int, _: Int, _: Int, _: Out, _: Out, _: Bool) { leftOut() }
  func frechetTerms(
    _: DoubleIn, _: DoubleIn, _: DoubleIn, _: Double, _: Double, _: Int, _: DoubleOut, _: DoubleOut
  ) { leftOut() }
  func rotatePairs(_: In, _: In, _: In, _: Int, _: Out) { leftOut() }
  func turnProducts(_: DoubleIn, _: DoubleIn, _: Int, _: Out, _: Out) { leftOut() }
#endif
