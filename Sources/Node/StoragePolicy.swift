import Primitives
import Store
import Wire

/// What the owner wants to keep of others, and how much of the disk that may take.
package struct StoragePolicy: Hashable, Sendable {
    package var keepsEverything = true
    /// Without `keepsEverything`: 1 keeps the authors that are followed, 2 whom they follow too,
    /// and so on.
    package var depth = 2
    /// Bytes of the whole store.
    package var budget: UInt64
    /// Bytes that one author's log may use, by hop from 1 on, strangers last; nil: a share of the
    /// budget.
    package var quotas: [UInt64?] = Array(repeating: nil, count: StoragePlan.strangers)

    package init(budget: UInt64) { self.budget = budget }

    /// The name of the setting that holds it.
    static let setting = "storage-policy"

    var encoded: [UInt8] {
        var encoder = CBOREncoder()
        encoder.array(4)
        encoder.bool(keepsEverything)
        encoder.uint(depth)
        encoder.uint(budget)
        encoder.array(quotas.count)
        // 0 stands for a share of the budget.
        for quota in quotas { encoder.uint(quota ?? 0) }
        return encoder.bytes
    }

    init(decoding bytes: [UInt8]) throws(WireError) {
        var decoder = CBORDecoder(bytes)
        try decoder.array(exactly: 4)
        keepsEverything = try decoder.bool()
        depth = Int(try decoder.uint(max: UInt64(Limits.Storage.hops)))
        budget = try decoder.uint(max: Limits.Storage.mostBudget)
        if depth < 1 || budget < Limits.Storage.leastBudget { throw .malformed }
        try decoder.array(exactly: StoragePlan.strangers)
        quotas = []
        for _ in 0..<StoragePlan.strangers {
            let quota = try decoder.uint(max: Limits.Storage.mostBudget)
            quotas.append(quota == 0 ? nil : quota)
        }
        try decoder.finish()
    }

    /// Half of what is free, counting what the store takes already, and at most 10 GiB.
    static func defaultBudget(_ space: DiskSpace?, used: UInt64) -> UInt64 {
        let half = ((space?.free ?? 0) + used) / 2
        return max(Limits.Storage.leastBudget, min(Limits.Storage.defaultBudget, half))
    }
}

/// Sizes as owners write them: `10G`, `512M`, `1.5T`, plain bytes.
package enum ByteSize {
    private static let units: [(name: Character, bytes: Double)] = [
        ("K", 1_024), ("M", 1_048_576), ("G", 1_073_741_824), ("T", 1_099_511_627_776),
    ]

    package static func parse(_ text: String) -> UInt64? {
        var digits = text.uppercased()[...]
        if digits.hasSuffix("IB") {
            digits.removeLast(2)
        } else if digits.hasSuffix("B") {
            digits.removeLast()
        }
        var factor = 1.0
        if let last = digits.last, let unit = units.first(where: { $0.name == last }) {
            factor = unit.bytes
            digits.removeLast()
        }
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
            let number = Double(String(digits)), number.isFinite,
            number * factor <= Double(Limits.Storage.mostBudget)
        else { return nil }
        return UInt64(number * factor)
    }

    package static func text(_ bytes: UInt64) -> String {
        for unit in units.reversed() where Double(bytes) >= unit.bytes {
            let tenths = UInt64(Double(bytes) / unit.bytes * 10)
            let rest = tenths % 10 == 0 ? "" : ".\(tenths % 10)"
            return "\(tenths / 10)\(rest) \(unit.name)iB"
        }
        return "\(bytes) bytes"
    }

    /// A size for a budget, or why it is none.
    package static func budget(_ text: String) throws(NodeError) -> UInt64 {
        guard let bytes = parse(text) else {
            throw .usage("\"\(text)\" is no size: write it like  10G  or  512M")
        }
        guard bytes >= Limits.Storage.leastBudget else {
            throw .usage(
                "the node needs at least \(Self.text(Limits.Storage.leastBudget)) of the disk")
        }
        return bytes
    }
}
