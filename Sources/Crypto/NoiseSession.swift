package import Primitives

/// The two ciphers of a completed handshake (Noise revision 34, §5.1), and the keys of its
/// datagrams.
///
/// Messages arrive in the order they were sealed: the n-th has nonce n. A message that does not
/// open ends the reading side for good, since the stream behind it cannot be trusted.
package final class NoiseSession {
    /// Offsets in `keys`.
    private enum Slot {
        static let send = 0
        static let receive = 32
        static let sendDatagram = 64
        static let receiveDatagram = 96
        static let end = 128
    }

    /// The longest plaintext of one message (§3).
    package static let maximumPlaintext = 65535 - ChaChaPoly.overhead

    /// The same on both sides, and different for each session (§11.2).
    package let handshakeHash: Bytes32

    private let keys: SecretBytes
    var sendCounter: UInt64 = 0
    var receiveCounter: UInt64 = 0
    private var leastDatagram: UInt64 = 0
    private var isReadable = true

    init(_ symmetric: borrowing NoiseSymmetricState, role: NoiseHandshake.Role) {
        handshakeHash = symmetric.hash
        let isInitiator = role == .initiator
        keys = unsafe SecretBytes(count: Slot.end) { keys in
            unsafe Raw.withScratch(64) { both in
                unsafe symmetric.split(into: both)
                let (mine, theirs) = isInitiator ? (0, 32) : (32, 0)
                unsafe Raw.part(keys, Slot.send, 32).copyBytes(from: Raw.part(both, mine, 32))
                unsafe Raw.part(keys, Slot.receive, 32).copyBytes(from: Raw.part(both, theirs, 32))
            }
            let (initiator, responder) =
                isInitiator
                ? (Slot.sendDatagram, Slot.receiveDatagram)
                : (Slot.receiveDatagram, Slot.sendDatagram)
            unsafe symmetric.export(
                "starling/1 udp initiator", into: Raw.part(keys, initiator, 32))
            unsafe symmetric.export(
                "starling/1 udp responder", into: Raw.part(keys, responder, 32))
        }
    }

    /// Appends the next message with `plaintext` to `out`: 16 bytes longer.
    ///
    /// Throws `.badLength` over `maximumPlaintext`, `.sessionEnded` when the counter is used up.
    package func seal(
        _ plaintext: [UInt8], into out: inout [UInt8]
    ) throws(CryptoError) {
        let start = out.count
        out.reserve(plaintext.count + ChaChaPoly.overhead)
        out.append(contentsOf: plaintext)
        do throws(CryptoError) {
            try seal(inPlace: &out, from: start)
        } catch {
            out.removeLast(plaintext.count)
            throw error
        }
    }

    /// Seals what `buffer` holds from `start` as the next message, without a copy when the buffer
    /// has room for 16 bytes more.
    package func seal(
        inPlace buffer: inout [UInt8], from start: Int
    ) throws(CryptoError) {
        precondition(start >= 0 && start <= buffer.count, "seal from \(start) of \(buffer.count)")
        if buffer.count - start > Self.maximumPlaintext { throw .badLength }
        // The last nonce is never used (§5.1).
        if sendCounter == .max { throw .sessionEnded }
        ChaChaPoly.seal(
            inPlace: &buffer, from: start, key: keys, slot: Slot.send,
            nonce: ChaChaPoly.Nonce(counter: sendCounter))
        sendCounter += 1
    }

    /// Appends to `out` the plaintext of the next message, which is `bytes[range]`.
    ///
    /// Throws `.notAuthentic`, and from then on `.sessionEnded`; `out` stays as it was.
    package func open(
        _ bytes: [UInt8], in range: Range<Int>, into out: inout [UInt8]
    ) throws(CryptoError) {
        if !isReadable || receiveCounter == .max { throw .sessionEnded }
        isReadable = false
        try ChaChaPoly.open(
            bytes, in: range, key: keys, slot: Slot.receive,
            nonce: ChaChaPoly.Nonce(counter: receiveCounter), into: &out)
        isReadable = true
        receiveCounter += 1
    }

    /// Appends the datagram body with `plaintext` to `out`, bound to `ad`.
    ///
    /// The caller counts `counter` up: one that was used, or passed over, is refused as the
    /// programmer error it is, since a nonce that comes twice gives the key away.
    package func sealDatagram(
        counter: UInt64, ad: [UInt8], _ plaintext: [UInt8], into out: inout [UInt8]
    ) throws(CryptoError) {
        if counter == .max { throw .sessionEnded }
        precondition(counter >= leastDatagram, "datagram \(counter) after \(leastDatagram)")
        leastDatagram = counter + 1
        ChaChaPoly.seal(
            plaintext, ad: ad, key: keys, slot: Slot.sendDatagram,
            nonce: ChaChaPoly.Nonce(counter: counter), into: &out)
    }

    /// Appends to `out` the plaintext of the datagram body `bytes[range]`; any order, any number of
    /// times. Whether `counter` was there before is the replay window's question.
    ///
    /// Throws `.notAuthentic`, which harms nothing: anybody can send a datagram.
    package func openDatagram(
        counter: UInt64, ad: [UInt8], _ bytes: [UInt8], in range: Range<Int>,
        into out: inout [UInt8]
    ) throws(CryptoError) {
        try ChaChaPoly.open(
            bytes, in: range, ad: ad, key: keys, slot: Slot.receiveDatagram,
            nonce: ChaChaPoly.Nonce(counter: counter), into: &out)
    }
}
