import Mesh
import Primitives
import Wire

/// Messages that no mesh would make.
extension Liar {
    /// Anything at all that fits a frame.
    func babble() -> [UInt8] {
        if random.happens(500), let word = words.randomOne(&random) { return damaged(word) }
        if random.happens(300) { return random.bytes(1 + random.below(200)) }
        let count = 1 + random.below(6)
        let rest = (1..<max(2, count)).map { _ in anything(depth: 2) }
        return CBORValue.array([.unsigned(random.below(40))] + rest).encoded
    }

    /// `bytes` with a change that may still decode: a bit, a piece, or one item of the CBOR.
    func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        switch random.below(5) {
        case 0: bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
        case 1: bytes.removeLast(random.below(bytes.count))
        case 2: bytes += random.bytes(1 + random.below(4))
        default:
            if let value = try? CBORValue(decoding: bytes) { bytes = twisted(value).encoded }
        }
        return bytes.count <= Limits.message ? bytes : []
    }

    /// One item, somewhere in `value`, becomes another.
    private func twisted(_ value: CBORValue) -> CBORValue {
        switch value {
        case .array(var items) where !items.isEmpty && random.happens(850):
            let at = random.below(items.count)
            switch random.below(12) {
            case 0: items.remove(at: at)
            case 1: items.insert(items[at], at: at)
            default: items[at] = twisted(items[at])
            }
            return .array(items)
        case .unsigned: return .unsigned(random.extreme())
        case .bytes(var bytes) where !bytes.isEmpty && random.happens(700):
            bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
            return .bytes(bytes)
        default: return anything(depth: 1)
        }
    }

    private func anything(depth: Int) -> CBORValue {
        switch random.below(depth > 0 ? 8 : 6) {
        case 0, 1: .unsigned(random.extreme())
        case 2: .negative(random.extreme())
        case 3: .bytes(random.bytes([0, 1, 8, 16, 32, 64][random.below(6)]))
        case 4: .text(String(repeating: "x", count: random.below(300)))
        case 5: .simple(random.happens(500) ? 20 : 22)
        case 6: .array((0..<random.below(5)).map { _ in anything(depth: depth - 1) })
        default:
            .map(
                (0..<random.below(3)).map {
                    CBORValue.Pair(.unsigned(UInt64($0)), anything(depth: depth - 1))
                })
        }
    }
}
