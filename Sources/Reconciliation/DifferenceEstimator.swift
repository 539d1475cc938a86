import Primitives

/// Tells about how many logs differ, from 256 bytes.
///
/// Each head adds a small number, drawn by its value, with a sign, drawn by its log, to one of 256
/// buckets, modulo 256. In the difference of two such only logs that differ count. While some
/// buckets are empty their share tells the number of logs (linear counting: Whang, Vander-Zanden
/// and Taylor, TODS 1990), beyond that the sum of squares does (Charikar, Chen and Farach-Colton,
/// "Finding frequent items in data streams", 2002, §3), within 9 % in two of three cases.
package struct DifferenceEstimator: Equatable, Sendable {
    /// Buckets, and bytes.
    package static let count = 256

    package private(set) var bytes: [UInt8]

    package init(_ items: [SketchItem], key: SketchKey) {
        bytes = [UInt8](repeating: 0, count: Self.count)
        for item in items where item.value != 0 {
            let step = UInt8(truncatingIfNeeded: key.step(item))
            let bucket = key.traits(of: item.id).bucket
            bytes[bucket] = item.id & 1 == 0 ? bytes[bucket] &+ step : bytes[bucket] &- step
        }
    }

    /// Nil unless there are exactly 256.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.count else { return nil }
        self.bytes = bytes
    }

    /// About how many logs differ.
    package func differences(from other: DifferenceEstimator) -> Estimate {
        var empty = 0
        var squares = 0.0
        for number in 0..<Self.count {
            let difference = Int8(bitPattern: bytes[number] &- other.bytes[number])
            if difference == 0 { empty += 1 }
            squares += Double(difference) * Double(difference)
        }
        if empty >= Self.count / 2 {
            var logarithm = 0.0
            for number in empty..<Self.count { logarithm += 1 / (Double(number) + 0.5) }
            // An eighth of the logs drew equal numbers and is not seen.
            let count = logarithm * 256 * 8 / 7
            return Estimate(count: count, variance: count / 4 + count * count / 256)
        }
        // The difference of two numbers from -1 to 6 has the mean square 10.5; one alone, of a log
        // that only one side holds, 11.5.
        let count = squares / 10.5
        return Estimate(count: count, variance: count * 1.4 + count * count / 128)
    }

    /// A number of logs, and the square of how far it is likely off.
    package struct Estimate: Sendable {
        package var count: Double
        package var variance: Double

        /// Cells from which so many differences are told apart in 99 of 100 cases.
        ///
        /// Measured: 1.14 cells a difference and at most 80 more, for up to 10,000.
        package var cells: Int {
            let most = count + 2.5 * variance.squareRoot()
            return Int((1.14 * most + min(80, 26 + count)).rounded(.up))
        }
    }
}
