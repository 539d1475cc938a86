import Crypto
import Primitives

/// The datagrams of one session: sealed with keys that its handshake exported, lost without harm.
///
/// `Protocol/session.md`, Datagrams. Replays and reorderings are caught by a window of counters.
final class DatagramChannel {
    /// What the peer puts in front of datagrams to us.
    let receivingID: UInt64
    /// What we put in front of datagrams to the peer, from its hello.
    var sendingID: UInt64?
    /// The other end of the connection, at the port that was dialled or that the peer's last valid
    /// datagram from there had.
    var address: Endpoint?
    /// Set once a ping was answered, cleared when `Limits.datagramsUnanswered` in a row were not.
    var works = false
    var unanswered = 0
    var nextProbe: Instant?
    /// The nonces of the last pings that are not answered.
    var pings: [UInt64] = []
    private var nextCounter: UInt64 = 0
    private var window = ReplayWindow()

    init(receivingID: UInt64) {
        self.receivingID = receivingID
    }

    func pinged(_ nonce: UInt64) {
        pings.append(nonce)
        if pings.count > Limits.datagramsUnanswered { pings.removeFirst() }
    }

    /// Whether a message of `count` bytes can go now.
    func fits(_ count: Int) -> Bool {
        works && address != nil && count <= Limits.datagram - Limits.datagramOverhead
    }

    /// The datagram that carries `message`; nil before the hello, or when it is too long.
    func seal(_ message: [UInt8], with session: NoiseSession) -> [UInt8]? {
        guard let sendingID, message.count <= Limits.datagram - Limits.datagramOverhead else {
            return nil
        }
        var header: [UInt8] = []
        for shift in stride(from: 56, through: 0, by: -8) {
            header.append(UInt8(truncatingIfNeeded: sendingID >> UInt64(shift)))
        }
        for shift in stride(from: 56, through: 0, by: -8) {
            header.append(UInt8(truncatingIfNeeded: nextCounter >> UInt64(shift)))
        }
        defer { nextCounter += 1 }
        var datagram = header
        do {
            try session.sealDatagram(
                counter: nextCounter, ad: header, message, into: &datagram)
        } catch { return nil }
        return datagram
    }

    /// The message of a datagram to us; nil when it is forged, damaged, or was there before.
    func open(_ datagram: [UInt8], with session: NoiseSession) -> [UInt8]? {
        guard datagram.count > Limits.datagramOverhead else { return nil }
        let counter = datagram[8..<16].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard window.allows(counter) else { return nil }
        var message: [UInt8] = []
        do {
            try session.openDatagram(
                counter: counter, ad: Array(datagram[..<16]), datagram, in: 16..<datagram.count,
                into: &message)
        } catch { return nil }
        window.insert(counter)
        return message
    }

    /// The id that a datagram is for.
    static func id(of datagram: [UInt8]) -> UInt64? {
        guard datagram.count > Limits.datagramOverhead, datagram.count <= Limits.datagram else {
            return nil
        }
        return datagram[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
}

/// Which counters came already: a sliding bitmap, as in RFC 6479.
struct ReplayWindow: Sendable {
    private var bits = [UInt64](repeating: 0, count: Limits.replayWindow / 64)
    /// One more than the newest counter seen.
    private var top: UInt64 = 0

    /// Whether `counter` is new and not too old.
    func allows(_ counter: UInt64) -> Bool {
        if counter == .max { return false }
        if counter >= top { return true }
        if top - counter > UInt64(Limits.replayWindow) { return false }
        let slot = Int(counter % UInt64(Limits.replayWindow))
        return bits[slot / 64] >> UInt64(slot % 64) & 1 == 0
    }

    /// Notes a counter that `allows` has passed and that proved authentic.
    mutating func insert(_ counter: UInt64) {
        if counter >= top {
            let advance = counter - top
            if advance >= UInt64(Limits.replayWindow) {
                for i in bits.indices { bits[i] = 0 }
            } else {
                for passed in top...counter { set(passed, false) }
            }
            top = counter + 1
        }
        set(counter, true)
    }

    private mutating func set(_ counter: UInt64, _ on: Bool) {
        let slot = Int(counter % UInt64(Limits.replayWindow))
        let mask: UInt64 = 1 << UInt64(slot % 64)
        if on { bits[slot / 64] |= mask } else { bits[slot / 64] &= ~mask }
    }
}
