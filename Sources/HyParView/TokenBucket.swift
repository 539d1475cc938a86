import Primitives

/// How often something may happen: `burst` times at once, then once each `interval`.
struct TokenBucket: Sendable {
    private let burst: Int
    private let interval: Instant.Span
    private var tokens: Int
    /// Up to when tokens have been handed out.
    private var filled: Instant?

    init(burst: Int, interval: Instant.Span) {
        self.burst = burst
        self.interval = interval
        tokens = burst
    }

    /// Takes a token; false when there is none.
    mutating func take(_ now: Instant) -> Bool {
        let since = filled ?? now
        let fresh = (now - since).nanoseconds / interval.nanoseconds
        if fresh >= UInt64(burst - tokens) {
            tokens = burst
            filled = now
        } else {
            tokens += Int(fresh)
            filled = since + Instant.Span(nanoseconds: fresh * interval.nanoseconds)
        }
        if tokens == 0 { return false }
        tokens -= 1
        return true
    }
}
