/// A queue over a ring: amortised constant time at both ends, order of insertion.
package struct Deque<Element> {
    private var slots: [Element?] = []
    private var head = 0
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    package mutating func append(_ element: Element) {
        if count == slots.count { grow() }
        slots[(head + count) % slots.count] = element
        count += 1
    }

    package mutating func prepend(_ element: Element) {
        if count == slots.count { grow() }
        head = (head + slots.count - 1) % slots.count
        slots[head] = element
        count += 1
    }

    package var first: Element? { count == 0 ? nil : slots[head] }

    package mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = slots[head]
        slots[head] = nil
        head = (head + 1) % slots.count
        count -= 1
        if count == 0 && slots.count > 1024 { self = Deque() }
        return element
    }

    package mutating func removeAll() {
        self = Deque()
    }

    /// The element at `index` from the front.
    package subscript(index: Int) -> Element {
        precondition(index >= 0 && index < count, "index \(index) of \(count)")
        guard let element = slots[(head + index) % slots.count] else {
            preconditionFailure("hole at \(index) of \(count)")
        }
        return element
    }

    private mutating func grow() {
        var wider: [Element?] = []
        wider.reserveCapacity(max(8, slots.count * 2))
        for i in 0..<count { wider.append(slots[(head + i) % slots.count]) }
        while wider.count < max(8, slots.count * 2) { wider.append(nil) }
        slots = wider
        head = 0
    }
}

extension Deque: Sendable where Element: Sendable {}
