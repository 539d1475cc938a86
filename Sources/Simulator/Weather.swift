package import Primitives

/// What the network and the disks do to everybody, all of it chance from the world's seed.
package struct Weather: Sendable {
    /// One way, of every pair of nodes: drawn once from `delay`, the same in both directions.
    package var delay = Instant.Span.milliseconds(10)...Instant.Span.milliseconds(50)
    /// Up to so much more for each datagram, so that they overtake each other, and for each piece
    /// of a stream, which keeps its order.
    package var jitter = Instant.Span(nanoseconds: 0)
    /// Of a thousand datagrams: lost, delivered twice, and sent again long after.
    package var loss: UInt64 = 0
    package var duplication: UInt64 = 0
    package var replay: UInt64 = 0
    /// Of a thousand datagrams, and of a thousand pieces of streams: one bit is turned.
    package var corruption: UInt64 = 0
    package var streamCorruption: UInt64 = 0
    /// Of a thousand pieces of streams: arrives in two.
    package var fragmentation: UInt64 = 0
    /// How long a commit takes.
    package var commit = Instant.Span.milliseconds(1)...Instant.Span.milliseconds(1)
    /// How long the disk takes for a batch that is to be served.
    package var read = Instant.Span.milliseconds(1)
    /// How long a stream's sender waits for an acknowledgement before it gives up.
    package var patience = Instant.Span.seconds(10)...Instant.Span.seconds(120)

    package init() {}

    /// Nothing is lost, damaged or reordered.
    package mutating func clear() {
        (jitter, loss, duplication, replay) = (Instant.Span(nanoseconds: 0), 0, 0, 0)
        (corruption, streamCorruption, fragmentation) = (0, 0, 0)
    }
}

/// Some nodes that nothing reaches from some others: a partition of one direction.
struct Cut {
    var id: Int
    var from: [Bool]
    var to: [Bool]

    func blocks(_ a: Int, _ b: Int) -> Bool {
        a < from.count && b < to.count && from[a] && to[b]
    }
}

extension SeededRandom {
    /// Less than `bound`, which is at least 1. The bias is below 2^-40 for what is drawn here.
    package mutating func below(_ bound: UInt64) -> UInt64 { next() % bound }

    package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// True `part` times in a thousand.
    package mutating func happens(_ part: UInt64, in whole: UInt64 = 1_000) -> Bool {
        part > 0 && next() % whole < part
    }

    package mutating func span(_ range: ClosedRange<Instant.Span>) -> Instant.Span {
        let width = range.upperBound.nanoseconds - range.lowerBound.nanoseconds
        return Instant.Span(nanoseconds: range.lowerBound.nanoseconds + next() % (width + 1))
    }

    /// `count` of `0..<bound`, in random order.
    package mutating func sample(_ count: Int, of bound: Int) -> [Int] {
        var all = Array(0..<bound)
        let count = min(count, bound)
        for i in 0..<count { all.swapAt(i, i + below(bound - i)) }
        return Array(all[..<count])
    }
}
