import Primitives

/// A timer that was set: `EventLoop.cancel` takes it back. Never used again for another one.
package struct TimerToken: Hashable, Sendable {
    let number: UInt64
}

/// One-shot timers in a binary heap: the earliest first, and of equal ones the one set first.
///
/// Cancelling only forgets the action. The heap drops what was forgotten when it comes up, or when
/// it makes up most of it.
struct TimerQueue {
    private struct Entry {
        let deadline: Instant
        let number: UInt64

        func isBefore(_ other: Entry) -> Bool {
            (deadline, number) < (other.deadline, other.number)
        }
    }

    private var heap: [Entry] = []
    private var actions: [UInt64: () -> Void] = [:]
    private var lastNumber: UInt64 = 0

    /// The earliest deadline in the heap, maybe of a cancelled timer: waking for one does no harm.
    var next: Instant? { heap.first?.deadline }

    /// Timers that are set.
    var count: Int { actions.count }

    mutating func set(_ deadline: Instant, _ action: @escaping () -> Void) -> TimerToken {
        lastNumber += 1
        actions[lastNumber] = action
        heap.append(Entry(deadline: deadline, number: lastNumber))
        rise(heap.count - 1)
        return TimerToken(number: lastNumber)
    }

    mutating func cancel(_ token: TimerToken) {
        guard actions.removeValue(forKey: token.number) != nil else { return }
        guard heap.count > 64 + 2 * actions.count else { return }
        heap.removeAll { actions[$0.number] == nil }
        heap.sort { $0.isBefore($1) }  // a sorted array is a heap
    }

    /// The marker to hand to `popDue`: timers set from now on are left for the next round.
    var mark: UInt64 { lastNumber }

    /// Takes out the earliest action that is due at `now` and was set no later than `mark`.
    mutating func popDue(_ now: Instant, upTo mark: UInt64) -> (() -> Void)? {
        while let first = heap.first, first.deadline <= now {
            if let action = actions[first.number] {
                guard first.number <= mark else { return nil }
                actions[first.number] = nil
                removeFirst()
                return action
            }
            removeFirst()
        }
        return nil
    }

    private mutating func removeFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        sink(0)
    }

    private mutating func rise(_ start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard heap[index].isBefore(heap[parent]) else { return }
            heap.swapAt(index, parent)
            index = parent
        }
    }

    private mutating func sink(_ start: Int) {
        var index = start
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
                if heap[child].isBefore(heap[least]) { least = child }
            }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
