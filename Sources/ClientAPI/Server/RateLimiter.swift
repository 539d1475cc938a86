import Primitives

/// Token buckets by address and by bearer token, in bounded tables.
struct RateLimiter: Sendable {
    /// What one bucket says after a request.
    struct Allowance: Equatable {
        var limit: Int
        var remaining: Int
        /// Until the bucket is full again.
        var fullIn: Instant.Span
        var isAllowed: Bool
    }

    struct Table<Key: Hashable & Sendable>: Sendable {
        private struct Bucket: Sendable {
            /// When the bucket will be full, if nothing more is taken: all that it needs.
            var fullAt: Instant
        }

        let limit: Int
        let capacity: Int
        /// Nanoseconds in which one request's allowance comes back.
        private let interval: UInt64
        private var buckets: [Key: Bucket] = [:]

        init(limit: Int, period: Instant.Span, capacity: Int) {
            self.limit = max(limit, 1)
            self.capacity = max(capacity, 1)
            interval = max(period.nanoseconds / UInt64(self.limit), 1)
        }

        var count: Int { buckets.count }

        mutating func take(_ key: Key, _ now: Instant) -> Allowance {
            let full = max(buckets[key]?.fullAt ?? now, now)
            let room = Instant.Span(nanoseconds: interval * UInt64(limit))
            let next = full + Instant.Span(nanoseconds: interval)
            let isAllowed = next - now <= room
            let fullAt = isAllowed ? next : full
            if isAllowed {
                if buckets[key] == nil, buckets.count >= capacity { makeRoom(now) }
                buckets[key] = Bucket(fullAt: fullAt)
            }
            let used = Int(clamping: ((fullAt - now).nanoseconds + interval - 1) / interval)
            return Allowance(
                limit: limit, remaining: max(limit - used, 0), fullIn: fullAt - now,
                isAllowed: isAllowed)
        }

        /// Puts back what one `take` took.
        mutating func giveBack(_ key: Key) {
            guard let bucket = buckets[key] else { return }
            let nanoseconds = bucket.fullAt.nanoseconds
            buckets[key] = Bucket(
                fullAt: Instant(nanoseconds: nanoseconds > interval ? nanoseconds - interval : 0))
        }

        /// Forgets full buckets, which say nothing; when none is, those that are fullest, an eighth
        /// at a time. Whoever fills the table with names of its own frees little by it: buckets
        /// that are nearly empty stay.
        private mutating func makeRoom(_ now: Instant) {
            buckets = buckets.filter { $0.value.fullAt > now }
            guard buckets.count >= capacity else { return }
            let times = buckets.values.map(\.fullAt).sorted()
            let bound = times[min(capacity / 8, times.count - 1)]
            buckets = buckets.filter { $0.value.fullAt > bound }
        }
    }

    private var addresses: Table<IPAddress>
    private var tokens: Table<String>

    init(addressRequests: Int, tokenRequests: Int) {
        addresses = Table(
            limit: addressRequests, period: Limits.HTTP.ratePeriod, capacity: Limits.HTTP.rated)
        tokens = Table(
            limit: tokenRequests, period: Limits.HTTP.ratePeriod, capacity: Limits.HTTP.rated)
    }

    /// Counts one request for its address and its token. The tighter of the two answers: tokens can
    /// be made up, so the address is always counted.
    mutating func take(_ address: IPAddress, token: String?, _ now: Instant) -> Allowance {
        let ofAddress = addresses.take(Self.group(address), now)
        guard ofAddress.isAllowed, let token else { return ofAddress }
        return tokens.take(token, now)
    }

    /// One customer of a provider has a /64 of IPv6 addresses.
    static func group(_ address: IPAddress) -> IPAddress {
        address.isIPv4 ? address : IPAddress(high: address.high, low: 0)
    }
}

extension RateLimiter.Allowance {
    /// Mastodon's fields; the reset is a time of the day.
    func fields(wall: UnixTime) -> [(String, String)] {
        let reset = UnixTime(milliseconds: wall.milliseconds + fullIn.milliseconds)
        return [
            ("X-RateLimit-Limit", String(limit)), ("X-RateLimit-Remaining", String(remaining)),
            ("X-RateLimit-Reset", Timestamp.text(reset)),
        ]
    }
}
