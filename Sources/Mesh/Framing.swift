package import Crypto
package import Primitives
package import Wire

/// Cuts a byte stream into frames: two bytes of big-endian length, then so many bytes.
package struct FrameReader: Sendable {
    private var buffer: [UInt8] = []
    private var offset = 0
    /// When the frame that is under way must be complete; nil between frames.
    package private(set) var deadline: Instant?

    package init() {}

    /// Takes what arrived. The caller takes all whole frames out before it appends again, so that
    /// the buffer holds at most one frame and one read.
    package mutating func append(_ bytes: [UInt8]) {
        if offset == buffer.count {
            buffer = bytes
            offset = 0
        } else {
            if offset > 0 {
                buffer.removeFirst(offset)
                offset = 0
            }
            buffer += bytes
        }
    }

    /// Where the next whole frame lies in `bytes`; nil while it is incomplete. A frame of no bytes
    /// is a range of none.
    package mutating func next() -> Range<Int>? {
        let available = buffer.count - offset
        guard available >= 2 else { return nil }
        let length = Int(buffer[offset]) << 8 | Int(buffer[offset + 1])
        guard available >= 2 + length else { return nil }
        let range = (offset + 2)..<(offset + 2 + length)
        offset = range.upperBound
        return range
    }

    package var bytes: [UInt8] { buffer }

    /// Bytes of memory that it has.
    var capacity: Int { buffer.capacity }

    /// Sets the absolute deadline when a frame has begun, and lifts it between frames.
    package mutating func updateDeadline(now: Instant) {
        if offset == buffer.count {
            deadline = nil
            buffer.removeAll(keepingCapacity: buffer.capacity <= 131_072)
            offset = 0
        } else if deadline == nil {
            deadline = now + Limits.frameDeadline
        }
    }

    /// The deadline counts anew: whole frames were read since it was set.
    mutating func restartDeadline() { deadline = nil }
}

/// Puts the fragments of frames together to messages, `[SES-6]`.
package struct MessageAssembler: Sendable {
    private var assembled: [UInt8] = []

    package init() {}

    /// Whether a message has begun and not ended.
    package var isUnderWay: Bool { !assembled.isEmpty }

    /// Bytes of the message so far.
    var count: Int { assembled.count }

    /// Takes a frame's plaintext; the whole message when it ends with it. Throws when it is neither
    /// a full fragment nor a last one, or when the message grows over its limit: the session has
    /// ended then.
    package mutating func take(_ plaintext: consuming [UInt8]) throws(WireError) -> [UInt8]? {
        guard let kind = plaintext.first, plaintext.count >= 2 else { throw .truncated }
        let isLast = kind == 1
        guard kind <= 1, isLast || plaintext.count == Limits.fragment + 1 else { throw .malformed }
        guard assembled.count + plaintext.count - 1 <= Limits.message else { throw .tooLarge }
        if isLast && assembled.isEmpty {
            plaintext.removeFirst()
            return plaintext
        }
        assembled += plaintext.dropFirst()
        guard isLast else { return nil }
        defer { assembled = [] }
        return assembled
    }
}

/// Cuts messages into sealed frames.
package enum Fragments {
    /// The frames of `message`: each sealed, each behind its length. `badLength` when it is empty,
    /// or more than a peer takes.
    package static func seal(
        _ message: [UInt8], with session: NoiseSession
    ) throws(CryptoError) -> [UInt8] {
        if message.isEmpty || message.count > Limits.message { throw .badLength }
        var out: [UInt8] = []
        out.reserveCapacity(message.count + 64 * (message.count / Limits.fragment + 1))
        var start = 0
        while start < message.count {
            let end = min(start + Limits.fragment, message.count)
            let length = end - start + 17
            out.append(UInt8(length >> 8))
            out.append(UInt8(length & 0xff))
            let sealed = out.count
            out.append(end == message.count ? 1 : 0)
            out += message[start..<end]
            try session.seal(inPlace: &out, from: sealed)
            start = end
        }
        return out
    }
}
