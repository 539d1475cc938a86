import Crypto
import MerkleLog
import Primitives
import Reconciliation

@testable import Mesh

/// A peer that says whatever the test tells it to, over a session with right keys or without.
final class RawPeer {
    let key: SigningKey
    var session: SessionID = 0
    var nodeSession: SessionID = 0
    var node = 0
    var isClosed = false
    /// Whether what the node sends leaves it.
    var isReading = true
    private(set) var messages: [Message] = []
    private(set) var bytesRead = 0
    private(set) var handshake: NoiseHandshake
    private(set) var noise: NoiseSession?
    private var frames = FrameReader()
    private var assembly: [UInt8] = []
    private let net: TestNet
    let udpID: UInt64
    private(set) var peerUdpID: UInt64?
    var datagramCounter: UInt64 = 0

    init(_ net: TestNet, to node: Int, number: UInt8 = 90, from: Endpoint? = nil) {
        self.net = net
        key = signingKey(number)
        udpID = UInt64(number)
        handshake = NoiseHandshake(
            role: .initiator, static: key.x25519(),
            remoteStatic: net.nodes[node].key.publicKey.x25519 ?? .zero, prologue: Mesh.prologue,
            ephemeral: AgreementKey(bytes: SHA256.hash([number]).array))
        net.connect(self, to: node, from: from)
    }

    /// A scripted peer that `node` dials.
    init(_ net: TestNet, takingDialOf node: Int, number: UInt8 = 90) {
        self.net = net
        key = signingKey(number)
        udpID = UInt64(number)
        handshake = NoiseHandshake(
            role: .responder, static: key.x25519(), remoteStatic: nil, prologue: Mesh.prologue,
            ephemeral: AgreementKey(bytes: SHA256.hash([number]).array))
        answers = true
        net.listen(self, for: node)
    }

    private var answers = false

    /// Does not answer the second message of the handshake.
    var keepsThird = false
    /// Does not keep what it reads.
    var isQuiet = false

    func shake() {
        guard let first = try? handshake.writeMessage([]) else { return }
        net.say(self, framed(first))
    }

    /// Shakes hands and says hello: a good peer so far.
    func greet() {
        shake()
        say(.hello(hello()))
    }

    func hello(node: LogKey? = nil, version: UInt64 = 1) -> Message.Hello {
        Message.Hello(
            version: version, node: node ?? key.publicKey, datagramID: udpID,
            time: UnixTime(milliseconds: 1_700_000_000_000), agent: "raw", port: nil)
    }

    func say(_ message: Message) { say(encoded: message.encoded()) }

    /// Asks, as who dialled, for all heads in pages.
    func askForPages(round: UInt64 = 1) {
        say(
            .sketchAsk(
                Message.SketchAsk(
                    round: round, logs: 0, total: .zero, cells: 0, estimator: nil)))
    }

    /// Any bytes, as one message.
    func say(encoded bytes: [UInt8]) {
        guard let noise, !bytes.isEmpty, let frames = try? Fragments.seal(bytes, with: noise) else {
            return
        }
        net.say(self, frames)
    }

    /// Any plaintext, as one frame.
    func say(plaintext: [UInt8]) {
        var out: [UInt8] = []
        guard let noise, (try? noise.seal(plaintext, into: &out)) != nil else { return }
        net.say(self, framed(out))
    }

    func say(raw bytes: [UInt8]) { net.say(self, bytes) }

    func framed(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xff)] + bytes
    }

    /// A sealed datagram to the node.
    func datagram(_ message: [UInt8]) -> [UInt8] {
        guard let noise, let peerUdpID else { return [] }
        var header: [UInt8] = []
        for word in [peerUdpID, datagramCounter] {
            for shift in stride(from: 56, through: 0, by: -8) {
                header.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        var out = header
        try? noise.sealDatagram(counter: datagramCounter, ad: header, message, into: &out)
        datagramCounter += 1
        return out
    }

    /// What the node sent.
    func take(_ bytes: [UInt8]) {
        bytesRead += bytes.count
        guard isReading else { return }
        frames.append(bytes)
        while let frame = frames.next() { take(frame: Array(frames.bytes[frame])) }
        frames.updateDeadline(now: net.now)
    }

    private func take(frame: [UInt8]) {
        guard let noise else {
            if answers { return answerHandshake(frame) }
            guard !keepsThird, (try? handshake.readMessage(frame)) != nil,
                let third = try? handshake.writeMessage([])
            else { return }
            noise = handshake.split()
            net.say(self, framed(third))
            return
        }
        var plaintext: [UInt8] = []
        guard (try? noise.open(frame, in: 0..<frame.count, into: &plaintext)) != nil else { return }
        assembly += plaintext.dropFirst()
        guard plaintext.first == 1 else { return }
        if let message = try? Message(decoding: assembly) {
            if case .hello(let hello) = message { peerUdpID = hello.datagramID }
            if !isQuiet { messages.append(message) }
        }
        assembly = []
    }

    private func answerHandshake(_ frame: [UInt8]) {
        guard (try? handshake.readMessage(frame)) != nil else { return }
        if handshake.isComplete {
            noise = handshake.split()
        } else if let second = try? handshake.writeMessage([]) {
            net.say(self, framed(second))
        }
    }

    /// The farewell that the node said, if any.
    var farewell: Message.Farewell? {
        for case .bye(let why, _) in messages { return Message.Farewell(rawValue: why) }
        return nil
    }
}
