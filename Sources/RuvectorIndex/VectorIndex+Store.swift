import CRuvectorSupport
import RuvectorCore

/// How rows come in: each at a node of its own, or at that of an equal one, and each at a slot, hidden.
extension VectorIndex {
  /// Stores checked rows hidden; their slots by row. Nothing is left where it throws.
  func stage(_ matrix: MatrixView, _ control: Control) throws(RuvectorError) -> AlignedBuffer<UInt32> {
    let n = matrix.rows, slots = try AlignedBuffer<UInt32>(count: n, repeating: .max, for: "vectors")
    let plan = try plan(matrix)
    if let plan, plan.hasTwins, twins == nil { try separate() }
    try makeRoom(n, nodes: plan?.new.count ?? n)
    if isBlurring { rows.walkFloats() }
    publish(pending: pending + n)
    // Those that do not know yet that some slots are hidden.
    if !free.isEmpty || !freeSlots.isEmpty { waitForReaders() }
    do throws(RuvectorError) {
      let new = plan?.new ?? [], order = order(plan?.new.count ?? n)
      try insert(new.count < n && plan != nil ? order.map { new[$0] } : order, matrix, slots, control)
      if let plan { join(plan, matrix, slots) }
    } catch {
      let stored = (0..<n).map { slots[$0] }.filter { $0 != .max }
      publish(places: nextPlace, pending: pending - (n - stored.count), nodes: nextNode)
      discard(stored)
      throw error
    }
    return slots
  }

  /// Rows that are equal to others get slots at their nodes; the other nodes are known from now on.
  private func join(_ plan: Likeness.Plan, _ matrix: MatrixView, _ slots: AlignedBuffer<UInt32>) {
    for (r, origin) in plan.origins.enumerated() {
      let node: Int
      switch origin {
      case .new:
        enter(chains.node(Int(slots[r])), plan, row: r)
        continue
      case .node(let known): node = known
      case .row(let earlier): node = chains.node(Int(slots[earlier]))
      }
      slots[r] = UInt32(takeSlot(at: node))
      // Rows that are equal as they are stored may not have been.
      if let spread, (try? rows.space.place(matrix.row(r), into: scratch.pointer, "vector")) != nil {
        spread.add(scratch.pointer)
      }
    }
    publish(places: nextPlace)
  }

  /// A slot for one more vector of a node, hidden.
  private func takeSlot(at node: Int) -> Int {
    guard let twins else { return node }
    let slot = freeSlots.popLast().map { Int($0) } ?? nextPlace
    if slot == nextPlace { nextPlace += 1 }
    setState(slot, SlotState.staged)
    twins.append(slot, to: node)
    return slot
  }

  /// From now on nodes may have several slots or, after removals, none. O(n).
  private func separate() throws(RuvectorError) {
    let made = try Twins(slots: states.capacity, nodes: rows.walked.capacity, shift: rows.walked.map.shift)
    var unused: [UInt32] = []
    for slot in 0..<nextPlace {
      made.empty(slot)
      if state(slot) == SlotState.gone { unused.append(UInt32(slot)) } else { made.append(slot, to: slot) }
    }
    lock.beginWrite()
    tableLock.locked { adopt(made) }
    lock.end()
    freeSlots = unused
  }

  /// Memory for `n` more vectors at `m` more nodes; in one piece where there are none yet.
  private func makeRoom(_ n: Int, nodes m: Int) throws(RuvectorError) {
    let slots = nextPlace + max(0, n - (twins == nil ? free : freeSlots).count),
      nodes = nextNode + max(0, m - free.count)
    guard slots > states.capacity || nodes > rows.walked.capacity else { return }
    func grow(_ parts: [Records], from used: Int, to wanted: Int) throws(RuvectorError) {
      for records in parts where wanted > records.capacity {
        if used == 0 { try records.replace(first: wanted) } else { try records.grow(to: wanted) }
      }
    }
    // Neither who reads vectors nor who looks keys up may see memory that moves.
    try lock.writing { () throws(RuvectorError) in
      let failure = tableLock.locked { () -> RuvectorError? in
        do throws(RuvectorError) {
          try grow(slotParts, from: nextPlace, to: slots)
          try grow(nodeParts, from: nextNode, to: nodes)
          for filter in filters { try filter.grow(to: states.capacity) }
          return nil
        } catch { return error }
      }
      if let failure { throw failure }
    }
  }

  /// Puts row r at a node that `prepare` may write to beforehand, and at a slot, hidden.
  func store(
    _ matrix: MatrixView, _ r: Int, _ prepare: (Int) throws(RuvectorError) -> Void
  ) throws(RuvectorError) -> (node: Int, slot: Int) {
    let factor = try rows.space.place(matrix.row(r), into: scratch.pointer, "vectors[\(r)]")
    let node = free.last.map { Int($0) } ?? nextNode
    try prepare(node)
    if twins == nil { setState(node, SlotState.staged) }
    rows.store(scratch.pointer, factor: factor, at: node)
    spread?.add(scratch.pointer)
    if free.popLast() == nil {
      nextNode += 1
      if twins == nil { nextPlace = nextNode }
    } else {
      publish(free: free.count)
      reused()
    }
    twins?.empty(node)
    return (node, takeSlot(at: node))
  }

  /// Returns when every reader that had begun has ended.
  func waitForReaders() {
    lock.beginWrite()
    lock.end()
  }

  /// Takes slots away from their nodes; the nodes that have none left.
  func withdraw(_ gone: [UInt32]) -> [UInt32] {
    var emptied: [UInt32] = []
    for slot in gone {
      let node = chains.node(Int(slot))
      guard twins?.remove(Int(slot)) ?? true else { continue }
      forget(node)
      emptied.append(UInt32(node))
    }
    return emptied
  }
}
