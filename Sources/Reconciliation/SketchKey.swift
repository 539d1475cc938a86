import Crypto
package import Primitives

/// The hash functions of one round between two nodes: what makes ids, values and places.
///
/// They are drawn from the session's handshake hash, to which both sides contribute, and from the
/// round's number. Who chooses a log's key or signs a head cannot know them, so nobody can prepare
/// logs that collide, and two that do by chance do not in the next round.
package struct SketchKey: Sendable {
    /// For the first four 32-bit words of a log's key, behind a constant.
    private let logWords: InlineArray<5, UInt64>
    /// For size, checkpoint's size and the first four words of its root, behind a constant.
    private let headWords: InlineArray<7, UInt64>
    private let places: UInt64
    private let signs: UInt64

    /// `session` is the handshake hash; every `round` of a session has functions of its own.
    package init(session: Bytes32, round: UInt64) {
        let input = Array("starling/1 sketch".utf8) + session.array + Self.bytes(round)
        var words: [UInt64] = []
        for block in UInt8(0)..<4 {
            let hash = SHA256.hash(input + [block])
            words += [hash.w0, hash.w1, hash.w2, hash.w3]
        }
        logWords = InlineArray { words[$0] }
        headWords = InlineArray { words[5 + $0] }
        places = words[12]
        signs = words[13]
    }

    private static func bytes(_ word: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
    }

    // MARK: Ids and values

    /// All logs as this round sees them, in their order.
    package func items(_ marks: [HeadMark]) -> [SketchItem] {
        var items: [SketchItem] = []
        items.reserveCapacity(marks.count)
        for mark in marks { items.append(SketchItem(id: id(of: mark), value: value(of: mark))) }
        return items
    }

    /// The log's id in this round.
    ///
    /// Multilinear hashing (Lemire and Kaser, "Strongly universal string hashing is fast", 2014,
    /// §2): any two keys share an id with probability 2^-32, whoever chose them.
    @inline(__always)
    func id(of mark: HeadMark) -> UInt32 {
        var sum = logWords[0]
        sum &+= logWords[1] &* (mark.key.high >> 32)
        sum &+= logWords[2] &* (mark.key.high & 0xffff_ffff)
        sum &+= logWords[3] &* (mark.key.low >> 32)
        sum &+= logWords[4] &* (mark.key.low & 0xffff_ffff)
        let id = sum >> 32
        return UInt32(truncatingIfNeeded: id < Field.p ? id : id - Field.p)
    }

    /// What stands for a head: the low 16 bits of the size held, and above them a hash from 1 to
    /// 65,534 of size, checkpoint's size and root. Below p, and 0 only where no head is held.
    @inline(__always)
    func value(of mark: HeadMark) -> UInt32 {
        if mark.size == 0 { return 0 }
        var sum = headWords[0]
        sum &+= headWords[1] &* UInt64(mark.size)
        sum &+= headWords[2] &* UInt64(mark.checkpoint)
        sum &+= headWords[3] &* (mark.root.high >> 32)
        sum &+= headWords[4] &* (mark.root.high & 0xffff_ffff)
        sum &+= headWords[5] &* (mark.root.low >> 32)
        sum &+= headWords[6] &* (mark.root.low & 0xffff_ffff)
        let hash = 1 + ((sum >> 32) * 65_534) >> 32
        return UInt32(truncatingIfNeeded: hash) << 16 | (mark.size & 0xffff)
    }

    // MARK: Places

    /// Word `number` of the stream that an id's places are read from.
    @inline(__always)
    func word(_ number: UInt64, of id: UInt32) -> UInt64 {
        Self.mix(places &+ UInt64(id) &+ number &* 0x9e37_79b9_7f4a_7c15)
    }

    /// Bits that only the log decides: degree, check, and bucket of the estimator.
    @inline(__always)
    func traits(of id: UInt32) -> Traits { Traits(word: word(1, of: id)) }

    /// What a head adds to its log's bucket of the estimator, from -1 to 6.
    @inline(__always)
    func step(_ item: SketchItem) -> Int64 {
        let word = Self.mix(signs &+ (UInt64(item.id) << 32 | UInt64(item.value)))
        return Int64(truncatingIfNeeded: word >> 61) - 1
    }

    /// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014; Stafford's variant 13).
    @inline(__always)
    private static func mix(_ word: UInt64) -> UInt64 {
        var z = word
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    struct Traits {
        let word: UInt64

        /// The second hash of the log, which a cell is checked by.
        var check: UInt64 { (word >> 16) & 0xffff }
        /// One log of ten stands in 16 cells and the others in three, which lets a table be filled
        /// to 88 % where three for each would to 82 % (Rink, "Mixed hypergraphs for linear-time
        /// construction of denser hashing-based data structures", 2013; measured for these sizes).
        var isWide: Bool { (word >> 8) & 0xff < 26 }
        var bucket: Int { Int(truncatingIfNeeded: word & 0xff) }
    }

    /// Calls `body` with each cell, of `count`, at least 16, that a log stands in: none twice.
    @inline(__always)
    func forEachPlace(
        of id: UInt32, _ traits: Traits, among count: UInt64, _ body: (Int) -> Void
    ) {
        let first = word(0, of: id)
        let a = Self.scale(first >> 32, count)
        let b = Self.scale(first & 0xffff_ffff, count)
        let c = Self.scale(traits.word >> 32, count)
        body(a)
        if b != a { body(b) }
        if c != a && c != b { body(c) }
        if traits.isWide { forEachFurtherPlace(of: id, a, b, c, among: count, body) }
    }

    /// The other 13 stand in a stretch of the table each, so that only the first three can be in
    /// their way.
    @inline(__always)
    private func forEachFurtherPlace(
        of id: UInt32, _ a: Int, _ b: Int, _ c: Int, among count: UInt64, _ body: (Int) -> Void
    ) {
        var start: UInt64 = 0
        for number in 0..<13 as Range<UInt64> {
            let end = (number + 1) &* count / 13
            let word = word(2 &+ number >> 1, of: id)
            let half = number & 1 == 0 ? word >> 32 : word & 0xffff_ffff
            let place = Int(truncatingIfNeeded: start) &+ Self.scale(half, end &- start)
            if place != a && place != b && place != c { body(place) }
            start = end
        }
    }

    /// A 32-bit word as a place among `count`.
    @inline(__always)
    private static func scale(_ word: UInt64, _ count: UInt64) -> Int {
        Int(truncatingIfNeeded: (word &* count) >> 32)
    }
}

/// What comparing needs of a log and its head: 40 bytes that stand together, since a walk over
/// whole records waits for memory, ten times as long.
///
/// Half of a key and half of a root are as hard to find twice as 128 bits are.
package struct HeadMark: Hashable, Sendable {
    /// The first 16 bytes of a key or a root.
    package struct Half: Hashable, Sendable {
        var high: UInt64
        var low: UInt64

        init(_ whole: Bytes32) {
            high = whole.w0
            low = whole.w1
        }
    }

    package var key: Half
    package var root: Half
    /// Entries held; 0 when no head is held, or none is to be compared.
    package var size: UInt32
    package var checkpoint: UInt32

    /// Of a log without a head to compare.
    package init(log: Bytes32) {
        key = Half(log)
        root = Half(.zero)
        size = 0
        checkpoint = 0
    }

    /// `size` entries are held, under a checkpoint of `checkpoint` with `root`. Sizes are at most
    /// `LogLimits.size`.
    package init(log: Bytes32, size: UInt64, checkpoint: UInt64, root: Bytes32) {
        key = Half(log)
        self.root = Half(root)
        self.size = UInt32(clamping: size)
        self.checkpoint = UInt32(clamping: checkpoint)
    }
}

/// One log as a sketch sees it.
package struct SketchItem: Hashable, Sendable {
    /// Which log, in this round.
    package var id: UInt32
    /// Which head of it; 0 when none is held, or none is to be compared.
    package var value: UInt32

    @inline(__always)
    package init(id: UInt32, value: UInt32) {
        self.id = id
        self.value = value
    }
}

/// Arithmetic modulo the two primes of a cell.
enum Field {
    /// The largest prime below 2^32.
    static let p: UInt64 = 4_294_967_291
    /// The largest prime below 2^16.
    static let q: UInt64 = 65_521

    /// A number congruent modulo p, below 2^35.
    @inline(__always)
    static func fold(_ x: UInt64) -> UInt64 { (x >> 32) &* 5 &+ (x & 0xffff_ffff) }

    @inline(__always)
    static func reduce(_ x: UInt64) -> UInt64 {
        let once = fold(fold(x))
        return once < p ? once : once - p
    }

    @inline(__always)
    static func times(_ a: UInt64, _ b: UInt64) -> UInt64 { reduce(a &* b) }

    @inline(__always)
    static func minus(_ a: UInt64, _ b: UInt64) -> UInt64 { a >= b ? a - b : a + p - b }

    /// 1/x modulo p, by Fermat; 0 for 0.
    static func inverse(_ x: UInt64) -> UInt64 {
        var (result, base, exponent): (UInt64, UInt64, UInt64) = (1, x, p - 2)
        while exponent > 0 {
            if exponent & 1 == 1 { result = times(result, base) }
            base = times(base, base)
            exponent >>= 1
        }
        return result
    }
}
