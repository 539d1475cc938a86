import MerkleLog
import Primitives
import Wire

/// Reads the fields of a known kind, and gives every refusal the one form.
///
/// Nothing is allocated before its length was checked against its cap.
struct FieldReader {
    private var decoder: CBORDecoder

    /// At the start of an encoded map of fields.
    init(_ fields: [UInt8]) { decoder = CBORDecoder(fields) }

    /// Runs one read of the decoder.
    private mutating func wire<Value>(
        _ read: (inout CBORDecoder) throws(WireError) -> Value
    ) throws(ContentError) -> Value {
        do throws(WireError) { return try read(&decoder) } catch { throw .malformed(error) }
    }

    mutating func finish() throws(ContentError) {
        try wire { (decoder) throws(WireError) in try decoder.finish() }
    }

    /// A map of fields: `read` gets each that has a small number as its key, in order, and reads or
    /// skips exactly its value. Others are passed over.
    mutating func fields(
        _ read: (UInt64, inout FieldReader) throws(ContentError) -> Void
    ) throws(ContentError) {
        let count = try wire { (decoder) throws(WireError) in
            try decoder.map(max: LogLimits.body)
        }
        for _ in 0..<count {
            let isNumber = try wire { (decoder) throws(WireError) in
                try decoder.peek() >> 5 == 0
            }
            if isNumber {
                try read(try uint(), &self)
            } else {
                try skip()
                try skip()
            }
        }
    }

    mutating func skip() throws(ContentError) {
        _ = try wire { (decoder) throws(WireError) in try decoder.skip() }
    }

    mutating func uint(max limit: UInt64 = .max) throws(ContentError) -> UInt64 {
        try wire { (decoder) throws(WireError) in try decoder.uint(max: limit) }
    }

    /// A number that fits an `Int`, at most `limit`.
    mutating func count(max limit: Int) throws(ContentError) -> Int {
        try wire { (decoder) throws(WireError) in try decoder.count(max: limit) }
    }

    mutating func int(in range: ClosedRange<Int64>) throws(ContentError) -> Int64 {
        try wire { (decoder) throws(WireError) in try decoder.int(in: range) }
    }

    mutating func bool() throws(ContentError) -> Bool {
        try wire { (decoder) throws(WireError) in try decoder.bool() }
    }

    mutating func time() throws(ContentError) -> UnixTime {
        UnixTime(milliseconds: try uint(max: UnixTime.latest.milliseconds))
    }

    mutating func bytes32() throws(ContentError) -> Bytes32 {
        try wire { (decoder) throws(WireError) in try decoder.bytes32() }
    }

    mutating func reference() throws(ContentError) -> Reference {
        try wire { (decoder) throws(WireError) in try Reference(from: &decoder) }
    }

    /// A text whose bytes are at most the upper end of `range`; whoever takes it checks the rest.
    mutating func text(_ range: ClosedRange<Int>) throws(ContentError) -> String {
        try wire { (decoder) throws(WireError) in try decoder.text(max: range.upperBound) }
    }

    /// An array of `count` elements, which the caller reads next.
    mutating func array(exactly count: Int) throws(ContentError) {
        try wire { (decoder) throws(WireError) in try decoder.array(exactly: count) }
    }

    /// A list of as many elements as `range` says.
    mutating func list<Element>(
        _ range: ClosedRange<Int>,
        _ read: (inout FieldReader) throws(ContentError) -> Element
    ) throws(ContentError) -> [Element] {
        let count = try wire { (decoder) throws(WireError) in
            try decoder.array(max: range.upperBound)
        }
        if count < range.lowerBound { throw .malformed(.malformed) }
        var out: [Element] = []
        out.reserveCapacity(count)
        for _ in 0..<count { out.append(try read(&self)) }
        return out
    }

    mutating func texts(
        _ range: ClosedRange<Int>, of size: ClosedRange<Int>
    ) throws(ContentError) -> [String] {
        try list(range) { (reader) throws(ContentError) in try reader.text(size) }
    }

    /// Whether an array follows, where something else may.
    func isAtArray() throws(ContentError) -> Bool {
        do throws(WireError) { return try decoder.peek() >> 5 == 4 } catch {
            throw .malformed(error)
        }
    }
}

/// Writes a map of fields: those that are there, in order of their numbers.
struct FieldWriter {
    private var encoder = CBOREncoder()
    private var count = 0
    private var last: UInt64 = 0

    /// The encoded map.
    var encoded: [UInt8] {
        var whole = CBOREncoder(reserving: encoder.bytes.count + 3)
        whole.map(count)
        whole.raw(encoder.bytes)
        return whole.bytes
    }

    mutating func field(_ number: UInt64, _ write: (inout CBOREncoder) -> Void) {
        precondition(number > last, "field \(number) behind \(last)")
        last = number
        count += 1
        encoder.uint(number)
        write(&encoder)
    }

    mutating func text(_ number: UInt64, _ text: String?) {
        if let text { field(number) { $0.text(text) } }
    }

    mutating func bytes32(_ number: UInt64, _ bytes: Bytes32) {
        field(number) { $0.bytes(bytes) }
    }

    mutating func bool(_ number: UInt64, _ value: Bool) { field(number) { $0.bool(value) } }

    mutating func uint(_ number: UInt64, _ value: UInt64?) {
        if let value { field(number) { $0.uint(value) } }
    }

    mutating func reference(_ number: UInt64, _ reference: Reference?) {
        if let reference { field(number) { reference.encode(into: &$0) } }
    }

    /// A list; an empty one is absent.
    mutating func list<Element>(
        _ number: UInt64, _ list: [Element], _ write: (Element, inout CBOREncoder) -> Void
    ) {
        if list.isEmpty { return }
        field(number) { encoder in
            encoder.array(list.count)
            for element in list { write(element, &encoder) }
        }
    }

    mutating func texts(_ number: UInt64, _ texts: [String]) {
        list(number, texts) { $1.text($0) }
    }
}
