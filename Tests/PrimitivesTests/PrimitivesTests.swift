import Primitives
import Testing

@Suite struct Bytes32Tests {
    @Test func orderIsTheBytesOrder() {
        var random = SeededRandom(seed: 11)
        var arrays: [[UInt8]] = (0..<32).flatMap { position in
            [0, 1, 0x7f, 0x80, 0xff].map { (value: UInt8) in
                var bytes = [UInt8](repeating: 0x80, count: 32)
                bytes[position] = value
                return bytes
            }
        }
        for _ in 0..<40 { arrays.append(random.bytes(32)) }
        for a in arrays {
            for b in arrays {
                let (x, y) = (Bytes32(a, at: 0), Bytes32(b, at: 0))
                #expect((x < y) == a.lexicographicallyPrecedes(b))
                #expect((x == y) == (a == b))
            }
        }
        print("Bytes32 order: \(arrays.count * arrays.count) pairs, seed 11")
    }

    @Test func bytesComeBackFromEveryOffset() {
        let bytes = (0..<80).map { UInt8($0) }
        for offset in 0...48 {
            let value = Bytes32(bytes, at: offset)
            #expect(value.array == Array(bytes[offset..<(offset + 32)]))
            #expect(Bytes32(bytes[offset..<(offset + 32)]) == value)
        }
        #expect(Bytes32.zero.array == [UInt8](repeating: 0, count: 32))
        #expect(Bytes32(Array(bytes.prefix(32)), at: 0).w0 == 0x0001_0203_0405_0607)
    }

    @Test(arguments: [0, 1, 31, 33, 64])
    func otherCountsAreRefused(count: Int) {
        #expect(Bytes32([UInt8](repeating: 0, count: count)) == nil)
    }
}

@Suite struct DequeTests {
    @Test(arguments: [1, 2, 3, 4, 5])
    func behavesAsAnArray(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var (deque, model) = (Deque<Int>(), [Int]())
        for step in 0..<4000 {
            switch random.next() % 16 {
            case 0..<5:
                deque.append(step)
                model.append(step)
            case 5..<9:
                deque.prepend(step)
                model.insert(step, at: 0)
            case 9..<15:
                #expect(deque.popFirst() == (model.isEmpty ? nil : model.removeFirst()))
            default:
                if random.next() % 50 == 0 {
                    deque.removeAll()
                    model.removeAll()
                }
            }
            #expect(deque.count == model.count && deque.isEmpty == model.isEmpty)
            #expect(deque.first == model.first)
            if step % 97 == 0 {
                #expect(deque.count == 0 || (0..<deque.count).map { deque[$0] } == model)
            }
        }
        print("Deque: 4000 steps, seed \(seed)")
    }

    /// Past 1,024 slots an emptied queue gives its memory back, and goes on working.
    @Test func survivesBeingDrained() {
        var deque = Deque<Int>()
        for round in 0..<3 {
            for i in 0..<5000 { deque.append(i + round) }
            for i in 0..<5000 { #expect(deque.popFirst() == i + round) }
            #expect(deque.popFirst() == nil && deque.isEmpty)
        }
    }

    @Test func letsGoOfWhatWasTakenOut() {
        final class Thing {}
        var deque = Deque<Thing>()
        weak var seen: Thing?
        do {
            let thing = Thing()
            seen = thing
            deque.append(thing)
            deque.append(Thing())
        }
        _ = deque.popFirst()
        #expect(seen == nil)
    }
}

@Suite struct InstantTests {
    @Test func spansNeverWrap() {
        let late = Instant(nanoseconds: .max - 5)
        #expect(late + .seconds(1) == Instant(nanoseconds: .max))
        #expect(Instant(nanoseconds: 3) - late == Instant.Span(nanoseconds: 0))
        #expect(late - Instant(nanoseconds: 3) == Instant.Span(nanoseconds: .max - 8))
        #expect(Instant.Span.seconds(.max).nanoseconds == .max)
        #expect(Instant.Span.milliseconds(.max).nanoseconds == .max)
        #expect(Instant.Span.milliseconds(1500) == Instant.Span(nanoseconds: 1_500_000_000))
        #expect(Instant.Span.seconds(2).milliseconds == 2000)
    }
}

@Suite struct SeededRandomTests {
    /// From the authors' definitions of xoshiro256** and SplitMix64, computed apart.
    static let known: [(seed: UInt64, words: [UInt64])] = [
        (0, [0x99ec_5f36_cb75_f2b4, 0xbf6e_1f78_4956_452a, 0x1a5f_849d_4933_e6e0]),
        (1, [0xb3f2_af6d_0fc7_10c5, 0x853b_5596_4736_4cea, 0x92f8_9756_082a_4514]),
        (1_234_567, [0x30a3_a1c3_6360_0467, 0x1940_5f0f_5799_29ca, 0x115b_eaac_046d_dbd9]),
        (.max, [0x8f55_20d5_2a7e_ad08, 0xc476_a018_caa1_802d, 0x81de_31c0_d260_469e]),
    ]

    @Test(arguments: known.indices)
    func matchesTheReference(index: Int) {
        let (seed, words) = Self.known[index]
        var random = SeededRandom(seed: seed)
        #expect(words.map { _ in random.next() } == words)
    }

    @Test func bytesAreTheWordsLittleEndianFirst() {
        var (a, b) = (SeededRandom(seed: 0), SeededRandom(seed: 0))
        #expect(a.bytes(3) == [0xb4, 0xf2, 0x75])
        #expect(a.bytes(9) == [0x2a, 0x45, 0x56, 0x49, 0x78, 0x1f, 0x6e, 0xbf, 0xe0])
        #expect(b.bytes(0) == [] && b.next() == 0x99ec_5f36_cb75_f2b4)
    }
}
