/// A point on a monotonic clock, in nanoseconds from an arbitrary start.
///
/// The pure layers never read a clock: the node hands in the kernel's, the simulator a virtual one.
package struct Instant: Hashable, Comparable, Sendable {
    package var nanoseconds: UInt64

    @inlinable
    package init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    @inlinable
    package static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

    /// Later by `span`; stays at the clock's end instead of wrapping.
    @inlinable
    package static func + (a: Instant, span: Span) -> Instant {
        let (sum, overflow) = a.nanoseconds.addingReportingOverflow(span.nanoseconds)
        return Instant(nanoseconds: overflow ? .max : sum)
    }

    /// How long `a` is after `b`; nothing when it is not.
    @inlinable
    package static func - (a: Instant, b: Instant) -> Span {
        Span(nanoseconds: a.nanoseconds > b.nanoseconds ? a.nanoseconds - b.nanoseconds : 0)
    }

    /// A length of time, never negative.
    package struct Span: Hashable, Comparable, Sendable {
        package var nanoseconds: UInt64

        @inlinable
        package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

        @inlinable
        package static func < (a: Span, b: Span) -> Bool { a.nanoseconds < b.nanoseconds }

        package static func milliseconds(_ n: UInt64) -> Span {
            let (product, overflow) = n.multipliedReportingOverflow(by: 1_000_000)
            return Span(nanoseconds: overflow ? .max : product)
        }

        package static func seconds(_ n: UInt64) -> Span {
            let (product, overflow) = n.multipliedReportingOverflow(by: 1_000_000_000)
            return Span(nanoseconds: overflow ? .max : product)
        }

        /// Whole milliseconds, rounded down.
        package var milliseconds: UInt64 { nanoseconds / 1_000_000 }
    }
}

/// Wall-clock time in milliseconds since 1970-01-01 UTC. A claim, never a proof: see THREATS row
/// 12.
package struct UnixTime: Hashable, Comparable, Sendable {
    package var milliseconds: UInt64

    @inlinable
    package init(milliseconds: UInt64) { self.milliseconds = milliseconds }

    @inlinable
    package static func < (a: UnixTime, b: UnixTime) -> Bool { a.milliseconds < b.milliseconds }

    /// The largest time a header can claim: 2^53 - 1, so that JSON readers keep it exact.
    package static let latest = UnixTime(milliseconds: (1 << 53) - 1)
}
