package import Primitives

/// Times as the Mastodon API writes them (ISO 8601, UTC, milliseconds).
package enum Timestamp {
    package static func text(_ time: UnixTime) -> String {
        let milliseconds = min(time.milliseconds, UnixTime.latest.milliseconds)
        let seconds = milliseconds / 1_000 % 86_400
        let (year, month, day) = date(days: Int(clamping: milliseconds / 86_400_000))
        func padded(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(width - digits.utf8.count, 0)) + digits
        }
        let clock = [seconds / 3_600, seconds / 60 % 60, seconds % 60].map { padded(Int($0), 2) }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
            + clock.joined(separator: ":") + ".\(padded(Int(milliseconds % 1_000), 3))Z"
    }

    /// The date that many days after 1970-01-01. Years are counted from March, so that the day that
    /// comes and goes is the last one; 400 years have 146,097 days.
    private static func date(days: Int) -> (Int, Int, Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let ofEra = shifted % 146_097
        let year = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let month = (5 * ofYear + 2) / 153
        let day = ofYear - (153 * month + 2) / 5 + 1
        let calendar = month < 10 ? month + 3 : month - 9
        return (year + era * 400 + (calendar <= 2 ? 1 : 0), calendar, day)
    }
}
