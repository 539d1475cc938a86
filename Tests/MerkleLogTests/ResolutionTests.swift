import Crypto
import MerkleLog
import Primitives
import Testing

/// Chains of root logs, as they lie in a store: who succeeds whom, and what counts of each.
struct ResolutionTests {
    struct Logs: RootLogs {
        var said: [LogKey: [IdentityStatement]] = [:]
        var order: [LogKey] = []
        var forks: [LogKey: UInt64] = [:]

        mutating func add(_ key: LogKey, _ statements: [IdentityStatement]) {
            said[key] = statements
            order.append(key)
        }

        func statements(of log: LogKey) -> [(index: UInt64, statement: IdentityStatement)]? {
            said[log]?.enumerated().map { (UInt64($0), $1) }
        }

        func successors(of log: LogKey) -> [LogKey] {
            order.filter {
                guard case .identity(_, let predecessor?)? = said[$0]?.first else { return false }
                return predecessor.log == log
            }
        }

        func forkedAt(_ log: LogKey) -> UInt64? { forks[log] }

        /// Any root will do that log and size determine.
        func root(of log: LogKey, at size: UInt64) -> Hash? {
            guard let held = said[log]?.count, size <= UInt64(held) else { return nil }
            return SHA256.hash(log.array + Array("\(size)".utf8))
        }
    }

    static let keys = (1...4).map { signingKey(UInt8($0)).publicKey }
    static let phone = signingKey(20).publicKey
    static let laptop = signingKey(21).publicKey

    /// The start of root `n`, which names `size` entries of the root before it.
    static func start(_ n: Int, after size: UInt64? = nil, root: Hash? = nil) -> IdentityStatement {
        let predecessor = size.map { size in
            IdentityStatement.Predecessor(
                log: keys[n - 1], size: size,
                root: root ?? SHA256.hash(keys[n - 1].array + Array("\(size)".utf8)))
        }
        return .identity(
            nextRoot: IdentityStatement.commitment(to: keys[n + 1]), predecessor: predecessor)
    }

    static func first(_ more: [IdentityStatement] = []) -> Logs {
        var logs = Logs()
        logs.add(keys[0], [start(0), .addDevice(phone)] + more)
        return logs
    }

    @Test func aLogAlone() {
        #expect(IdentityHistory.resolve(Self.keys[0], in: Logs()) == nil)
        let history = IdentityHistory.resolve(Self.keys[0], in: Self.first())
        #expect(history?.devices.map(\.log) == [Self.phone])
        var logs = Logs()
        logs.add(Self.keys[0], [.addDevice(Self.phone)])
        #expect(IdentityHistory.resolve(Self.keys[0], in: logs) == nil)
    }

    @Test func aSuccessorGoesOnFromWhatItNames() {
        // The addition at index 2 came behind what the successor names: it has no effect.
        var logs = Self.first([.addDevice(Self.laptop)])
        logs.add(Self.keys[1], [Self.start(1, after: 2), .revokeDevice(Self.phone, from: 4)])
        let history = IdentityHistory.resolve(Self.keys[0], in: logs)
        #expect(history?.root == Self.keys[1] && history?.identity == Self.keys[0])
        #expect(history?.device(Self.laptop) == nil)
        #expect(history?.device(Self.phone)?.covers(3) == true)
        #expect(history?.device(Self.phone)?.covers(4) == false)
        logs.add(Self.keys[2], [Self.start(2, after: 2), .addDevice(Self.laptop)])
        let third = IdentityHistory.resolve(Self.keys[0], in: logs)
        #expect(third?.root == Self.keys[2] && third?.device(Self.laptop) != nil)
    }

    @Test func whoeverDoesNotSucceedChangesNothing() {
        let revoke = IdentityStatement.revokeDevice(Self.phone, from: 0)
        let bad: [(LogKey, IdentityStatement)] = [
            // A key that was not committed to, a root that never was, a size that is not held, no
            // predecessor.
            (Self.keys[3], Self.start(1, after: 2)),
            (Self.keys[1], Self.start(1, after: 2, root: .zero)),
            (Self.keys[1], Self.start(1, after: 9)),
            (Self.keys[1], Self.start(1)),
        ]
        for (key, start) in bad {
            var logs = Self.first()
            logs.add(key, [start, revoke])
            let history = IdentityHistory.resolve(Self.keys[0], in: logs)
            #expect(history?.root == Self.keys[0])
            #expect(history?.device(Self.phone)?.covers(7) == true)
        }
    }

    /// A root that commits to itself is no endless chain.
    @Test func aChainThatBitesItsTailEnds() {
        let key = Self.keys[0]
        var logs = Logs()
        logs.add(
            key,
            [
                .identity(
                    nextRoot: IdentityStatement.commitment(to: key),
                    predecessor: .init(
                        log: key, size: 1, root: SHA256.hash(key.array + Array("1".utf8)))),
                .addDevice(Self.phone),
            ])
        #expect(IdentityHistory.resolve(key, in: logs) != nil)
    }
}
