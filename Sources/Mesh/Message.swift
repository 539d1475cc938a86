package import Content
import Crypto
package import MerkleLog
package import Primitives
package import Wire

/// What two nodes say to each other, `Protocol/messages.md`. Each case is one CBOR array.
package enum Message: Equatable, Sendable {
    case hello(Hello)
    case ping(UInt64)
    case pong(UInt64)
    /// Checkpoints held; `done` ends the pages that follow a connect.
    case heads([Checkpoint], done: Bool)
    /// The logs that the sender writes.
    case own([LogKey])
    /// The highest checkpoints held of the logs that the peer called its own.
    case ownHeads([Checkpoint])
    /// Entries from `from` on; up to `to` where it is given.
    case get(stream: UInt64, log: LogKey, from: UInt64, to: UInt64?, credit: UInt64)
    /// Stream 0 is a live push.
    case batch(stream: UInt64, Batch)
    case end(stream: UInt64, size: UInt64)
    /// Stored durably, up to these sizes.
    case have([Have])
    /// The code of a `Farewell`, or one of a later version.
    case bye(UInt64, String)
    case fork(ForkProof)
    case credit(stream: UInt64, more: UInt64)
    /// Push these logs to me no more: what comes to me that way came before (Plumtree).
    case prune([LogKey])
    /// Push these logs to me: you are the faster way (Plumtree).
    case graft([LogKey])
    /// My store, and up to which of its changes I know yours (zeros when I do not).
    case since(mine: UInt64, yours: UInt64, change: UInt64)
    /// You have been told of all changes of my store up to this one; 0: I do not know the one that
    /// you have.
    case mark(store: UInt64, change: UInt64)
    /// Which logs are wanted of the peer.
    case want(WantChange, [LogKey])
    case sketchAsk(SketchAsk)
    case sketch(round: UInt64, SketchAnswer)
    case names(Names)
    /// Let me into the overlay; here I listen.
    case join([Endpoint])
    /// Somebody joined, on its way through the overlay.
    case forwardJoin(new: Contact, ttl: Int)
    /// Be my neighbour; `high`: I cannot do without.
    case neighbor(high: Bool, [Endpoint])
    case neighborReply(accepted: Bool)
    /// We are neighbours no more.
    case disconnect
    case shuffle(nonce: UInt64, origin: Contact, ttl: Int, nodes: [Contact])
    case shuffleReply(nonce: UInt64, nodes: [Contact])
    /// Which of these do you hold whole?
    case blobAsk([Blob])
    /// These, of those that you asked about: in answer, or since they have come.
    case blobHave(answer: Bool, [Blob])
    case blobGet(BlobRequest)
    case blobPiece(BlobPiece)
    /// A type above 31: of a later version, and passed over.
    case unknown(UInt64)

    /// So many entries of a log are stored durably.
    package struct Have: Equatable, Sendable {
        package var log: LogKey
        package var size: UInt64
        /// The first eight bytes of the root over them; 0 for a log that is known to have forked.
        package var root: UInt64

        package init(log: LogKey, size: UInt64, root: UInt64) {
            self.log = log
            self.size = size
            self.root = root
        }
    }

    /// The first message of each side.
    package struct Hello: Equatable, Sendable {
        package var version: UInt64
        package var node: LogKey
        /// What the sender's peer puts in front of datagrams to it.
        package var datagramID: UInt64
        package var time: UnixTime
        package var agent: String
        package var port: UInt64?
        /// The secret of the invite that the sender follows: 16 bytes.
        package var invite: [UInt8]?

        package init(
            version: UInt64, node: LogKey, datagramID: UInt64, time: UnixTime, agent: String,
            port: UInt64?
        ) {
            self.version = version
            self.node = node
            self.datagramID = datagramID
            self.time = time
            self.agent = agent
            self.port = port
        }
    }

    /// Why a session ends.
    package enum Farewell: UInt64, Sendable {
        case protocolError = 1
        case duplicate = 2
        case shuttingDown = 3
        case tooManyPeers = 4
        case wrongKey = 5
        case version = 6
        /// Not a neighbour, and nothing is under way.
        case idle = 7
    }

    package static func == (a: Message, b: Message) -> Bool { a.encoded() == b.encoded() }
}

extension Message {
    package func encoded() -> [UInt8] {
        var encoder = CBOREncoder(reserving: sizeHint)
        switch self {
        case .hello(let hello): hello.encode(into: &encoder)
        case .ping(let nonce): encoder.whole(1, nonce)
        case .pong(let nonce): encoder.whole(2, nonce)
        case .heads(let heads, let done):
            encoder.begin(3, type: 3)
            encoder.checkpoints(heads)
            encoder.bool(done)
        case .own(let logs):
            encoder.begin(2, type: 4)
            encoder.hashes(logs)
        case .ownHeads(let heads):
            encoder.begin(2, type: 5)
            encoder.checkpoints(heads)
        case .get(let stream, let log, let from, let to, let credit):
            encoder.begin(6, type: 6)
            encoder.uint(stream)
            encoder.bytes(log)
            for number in [from, to ?? 0, credit] { encoder.uint(number) }
        case .batch(let stream, let batch):
            encoder.begin(3, type: 7)
            encoder.uint(stream)
            batch.encode(into: &encoder)
        case .end(let stream, let size): encoder.whole(8, stream, size)
        case .have(let list):
            encoder.begin(2, type: 9)
            encoder.array(list.count)
            for item in list { item.encode(into: &encoder) }
        case .bye(let why, let text):
            encoder.begin(3, type: 10)
            encoder.uint(why)
            encoder.text(text)
        case .fork(let proof):
            encoder.begin(2, type: 11)
            proof.encode(into: &encoder)
        case .credit(let stream, let more): encoder.whole(12, stream, more)
        case .prune(let logs):
            encoder.begin(2, type: 13)
            encoder.hashes(logs)
        case .graft(let logs):
            encoder.begin(2, type: 14)
            encoder.hashes(logs)
        case .since(let mine, let yours, let change):
            encoder.begin(4, type: 15)
            encoder.eight(mine)
            encoder.eight(yours)
            encoder.uint(change)
        case .mark(let store, let change):
            encoder.begin(3, type: 16)
            encoder.eight(store)
            encoder.uint(change)
        case .want(let change, let logs): Self.encodeWant(change, logs, into: &encoder)
        case .sketchAsk(let ask): ask.encode(into: &encoder)
        case .sketch(let round, let answer): answer.encode(round, into: &encoder)
        case .names(let names): names.encode(into: &encoder)
        case .join, .forwardJoin, .neighbor, .neighborReply, .disconnect, .shuffle, .shuffleReply:
            encodeOverlay(into: &encoder)
        case .blobAsk, .blobHave, .blobGet, .blobPiece: encodeBlob(into: &encoder)
        case .unknown(let type):
            encoder.array(1)
            encoder.uint(type)
        }
        return encoder.bytes
    }

    private var sizeHint: Int {
        switch self {
        case .batch(_, let batch):
            batch.entries.reduce(4_096) { $0 + $1.encodedSizeBound }
        case .blobPiece(let piece): piece.bytes.count + 64
        default: 256
        }
    }

    package init(decoding bytes: [UInt8]) throws(WireError) {
        var decoder = CBORDecoder(bytes)
        let count = try decoder.array(max: 16)
        if count == 0 { throw .malformed }
        let type = try decoder.uint()
        if type >= 32 {
            for _ in 1..<count { _ = try decoder.skip(depth: 1) }
            self = .unknown(type)
        } else {
            let expected = [
                2, 2, 2, 3, 2, 2, 6, 3, 3, 2, 3, 2, 3, 2, 2, 4, 3, 3, 6, 4, 5, 2, 3, 3, 2, 1, 5, 3,
                2, 3, 5, 5,
            ]
            guard type < UInt64(expected.count), expected[Int(type)] == count else {
                throw .malformed
            }
            self = try Self.read(type, &decoder)
        }
        try decoder.finish()
    }

    private static func read(
        _ type: UInt64, _ decoder: inout CBORDecoder
    ) throws(WireError) -> Message {
        switch type {
        case 0: return .hello(try Hello(from: &decoder))
        case 1: return .ping(try decoder.uint())
        case 2: return .pong(try decoder.uint())
        case 3:
            let heads = try decoder.checkpoints(max: Limits.headsPerMessage)
            return .heads(heads, done: try decoder.bool())
        case 4: return .own(try decoder.hashes(max: Limits.ownLogs))
        case 5: return .ownHeads(try decoder.checkpoints(max: Limits.ownLogs))
        case 6:
            let stream = try decoder.stream()
            let log = try decoder.bytes32()
            let from = try decoder.uint(max: LogLimits.size - 1)
            let to = try decoder.uint(max: LogLimits.size)
            if to != 0 && to <= from { throw .malformed }
            return .get(
                stream: stream, log: log, from: from, to: to == 0 ? nil : to,
                credit: try decoder.credit())
        case 7:
            let stream = try decoder.uint(max: UInt64(UInt32.max))
            return .batch(stream: stream, try Batch(from: &decoder))
        case 8:
            let stream = try decoder.stream()
            return .end(stream: stream, size: try decoder.uint(max: LogLimits.size))
        case 9: return .have(try readHaves(&decoder))
        case 10:
            let why = try decoder.uint(max: UInt64(UInt32.max))
            return .bye(why, try decoder.text(max: 200))
        case 11: return .fork(try ForkProof(from: &decoder))
        case 12:
            let stream = try decoder.stream()
            return .credit(stream: stream, more: try decoder.credit())
        case 13: return .prune(try decoder.hashes(max: Limits.havesPerMessage))
        case 14: return .graft(try decoder.hashes(max: Limits.havesPerMessage))
        case 15:
            let mine = try decoder.eight()
            let yours = try decoder.eight()
            return .since(mine: mine, yours: yours, change: try decoder.change())
        case 17: return try readWant(&decoder)
        case 16:
            let store = try decoder.eight()
            return .mark(store: store, change: try decoder.change())
        case 18: return .sketchAsk(try SketchAsk(from: &decoder))
        case 19:
            let round = try decoder.round()
            return .sketch(round: round, try SketchAnswer(from: &decoder))
        case 20: return .names(try Names(from: &decoder))
        case 28...: return try readBlob(type, &decoder)
        default: return try readOverlay(type, &decoder)
        }
    }

    private static func readHaves(
        _ decoder: inout CBORDecoder
    ) throws(WireError) -> [Have] {
        var list: [Have] = []
        for _ in 0..<(try decoder.array(max: Limits.havesPerMessage)) {
            try decoder.array(exactly: 3)
            let log = try decoder.bytes32()
            let size = try decoder.uint(max: LogLimits.size)
            if size < 1 { throw .malformed }
            list.append(Have(log: log, size: size, root: try decoder.eight()))
        }
        return list
    }
}

extension Message.Have {
    fileprivate func encode(into encoder: inout CBOREncoder) {
        encoder.array(3)
        encoder.bytes(log)
        encoder.uint(size)
        encoder.eight(root)
    }
}

extension Message.Hello {
    /// The only version so far.
    static let version: UInt64 = 1

    fileprivate func encode(into encoder: inout CBOREncoder) {
        encoder.array(2)
        encoder.uint(0)
        encoder.map(5 + (port == nil ? 0 : 1) + (invite == nil ? 0 : 1))
        encoder.uint(1)
        encoder.uint(version)
        encoder.uint(2)
        encoder.bytes(node)
        encoder.uint(3)
        encoder.bytes((0..<8).map { UInt8(truncatingIfNeeded: datagramID >> UInt64(56 - 8 * $0)) })
        encoder.uint(4)
        encoder.uint(time.milliseconds)
        encoder.uint(5)
        encoder.text(agent)
        if let port {
            encoder.uint(6)
            encoder.uint(port)
        }
        if let invite {
            encoder.uint(7)
            encoder.bytes(invite)
        }
    }

    fileprivate init(from decoder: inout CBORDecoder) throws(WireError) {
        var version: UInt64?
        var node: LogKey?
        var datagramID: UInt64?
        var time: UnixTime?
        var agent: String?
        var port: UInt64?
        var invite: [UInt8]?
        let start = decoder.offset
        let whole = try decoder.skip(depth: 1)
        var fields = CBORDecoder(decoder.bytes, in: start..<whole.upperBound)
        for _ in 0..<(try fields.map(max: 64)) {
            guard try fields.peek() >> 5 == 0 else {
                _ = try fields.skip()
                _ = try fields.skip()
                continue
            }
            switch try fields.uint() {
            case 1: version = try fields.uint()
            case 2: node = try fields.bytes32()
            case 3:
                datagramID = try fields.byteString(exactly: 8).reduce(0) { $0 << 8 | UInt64($1) }
            case 4:
                time = UnixTime(milliseconds: try fields.uint(max: UnixTime.latest.milliseconds))
            case 5: agent = try fields.text(max: 64)
            case 6:
                port = try fields.uint(max: 65_535)
                if port == 0 { throw .malformed }
            case 7: invite = try fields.byteString(exactly: Limits.Invites.secret)
            default: _ = try fields.skip()
            }
        }
        guard let version, let node, let datagramID, let time, let agent else { throw .malformed }
        self.init(
            version: version, node: node, datagramID: datagramID, time: time, agent: agent,
            port: port)
        self.invite = invite
    }
}

extension CBOREncoder {
    /// The array's head and its type, of a message with `count` parts.
    mutating func begin(_ count: Int, type: Int) {
        array(count)
        uint(type)
    }

    /// A whole message of a type and one or two numbers.
    fileprivate mutating func whole(_ type: Int, _ first: UInt64, _ second: UInt64? = nil) {
        array(second == nil ? 2 : 3)
        uint(type)
        uint(first)
        if let second { uint(second) }
    }

    /// A number as eight bytes.
    fileprivate mutating func eight(_ number: UInt64) {
        bytes((0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * UInt64($0))) })
    }

    fileprivate mutating func checkpoints(_ list: [Checkpoint]) {
        array(list.count)
        for checkpoint in list {
            array(4)
            bytes(checkpoint.log)
            uint(checkpoint.size)
            bytes(checkpoint.root)
            bytes(checkpoint.signature.array)
        }
    }
}

extension CBORDecoder {
    fileprivate mutating func checkpoints(max limit: Int) throws(WireError) -> [Checkpoint] {
        var list: [Checkpoint] = []
        for _ in 0..<(try array(max: limit)) {
            try array(exactly: 4)
            let log = try bytes32()
            let size = try uint(max: LogLimits.size)
            let root = try bytes32()
            guard size >= 1, let signature = Signature(try byteString(exactly: 64)) else {
                throw .malformed
            }
            list.append(Checkpoint(log: log, size: size, root: root, signature: signature))
        }
        return list
    }

    /// Eight bytes as a number.
    fileprivate mutating func eight() throws(WireError) -> UInt64 {
        try byteString(exactly: 8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    fileprivate mutating func change() throws(WireError) -> UInt64 {
        try uint(max: Limits.changes)
    }

    fileprivate mutating func stream() throws(WireError) -> UInt64 {
        let stream = try uint(max: UInt64(UInt32.max))
        if stream == 0 { throw .malformed }
        return stream
    }

    fileprivate mutating func credit() throws(WireError) -> UInt64 {
        let credit = try uint(max: Limits.streamCreditMaximum)
        if credit == 0 { throw .malformed }
        return credit
    }
}
