import CRuvectorSupport
import RuvectorCore

/// Which slots share a node: vectors that are equal have one row and one set of links, and a chain of slots, the oldest first.
///
/// A graph has this from its first two equal vectors on; before, each slot is its own node. Readers follow chains while one
/// writer changes them: a link is one atomic number, and a slot that was taken out leads on to those behind it until all
/// readers of that time have ended.
final class Twins {
  static let none = UInt32.max
  /// A slot's record: u32 its node, u32 the next slot of the chain, u32 the one before (of the first: the last).
  static let slotStride = 12
  /// A node's record: u32 the first slot of its chain.
  static let nodeStride = 4

  let slots: Records
  let nodes: Records

  init(slots: Int, nodes: Int, shift: Int) throws(RuvectorError) {
    self.slots = try Records(stride: Twins.slotStride, first: slots, shift: shift)
    self.nodes = try Records(stride: Twins.nodeStride, first: nodes, shift: shift)
  }

  init(slots: Records, nodes: Records) { (self.slots, self.nodes) = (slots, nodes) }

  var byteCount: Int { slots.byteCount &+ nodes.byteCount }
  var chains: Chains { Chains(slots: slots.map, nodes: nodes.map) }

  // MARK: The writer's

  /// A node without slots.
  func empty(_ node: Int) { rv_store_release(first(node), Twins.none) }

  /// Puts a slot behind those that the node has.
  func append(_ slot: Int, to node: Int) {
    let own = link(slot), head = first(node), id = UInt32(truncatingIfNeeded: slot)
    rv_store_release(own, UInt32(truncatingIfNeeded: node))
    rv_store_release(own + 1, Twins.none)
    if head.pointee == Twins.none {
      own[2] = id
      return rv_store_release(head, id)
    }
    let oldest = link(Int(head.pointee)), last = oldest[2]
    own[2] = last
    oldest[2] = id
    rv_store_release(link(Int(last)) + 1, id)
  }

  /// Takes a slot out of its chain; whether the node has none left.
  func remove(_ slot: Int) -> Bool {
    let own = link(slot), head = first(Int(own.pointee)), id = UInt32(truncatingIfNeeded: slot)
    let next = own[1], previous = own[2]
    if head.pointee == id {
      if next != Twins.none { link(Int(next))[2] = previous }
      rv_store_release(head, next)
      return next == Twins.none
    }
    // The first slot knows the last one.
    link(next == Twins.none ? Int(head.pointee) : Int(next))[2] = previous
    rv_store_release(link(Int(previous)) + 1, next)
    return false
  }

  func first(_ node: Int) -> UnsafeMutablePointer<UInt32> { nodes[node].assumingMemoryBound(to: UInt32.self) }
  func link(_ slot: Int) -> UnsafeMutablePointer<UInt32> { slots[slot].assumingMemoryBound(to: UInt32.self) }
}

/// The slots of nodes and the nodes of slots, for who reads.
struct Chains {
  let slots: Records.Map
  let nodes: Records.Map

  @inline(__always) func node(_ slot: Int) -> Int { Int(rv_load_acquire(link(slot))) }
  /// The oldest slot of a node, `Twins.none` where there is none.
  @inline(__always) func first(_ node: Int) -> UInt32 {
    rv_load_acquire(UnsafePointer(nodes[node].assumingMemoryBound(to: UInt32.self)))
  }
  @inline(__always) func next(_ slot: UInt32) -> UInt32 { rv_load_acquire(link(Int(slot)) + 1) }

  @inline(__always) private func link(_ slot: Int) -> UnsafePointer<UInt32> {
    UnsafePointer(slots[slot].assumingMemoryBound(to: UInt32.self))
  }
}

extension Chains? {
  @inline(__always) func node(_ slot: Int) -> Int { self?.node(slot) ?? slot }

  /// The oldest slot of a node for which `holds`.
  @inline(__always) func slot(of node: Int, where holds: (Int) -> Bool) -> Int? {
    guard let self else { return holds(node) ? node : nil }
    var slot = self.first(node)
    while slot != Twins.none {
      if holds(Int(slot)) { return Int(slot) }
      slot = self.next(slot)
    }
    return nil
  }
}
