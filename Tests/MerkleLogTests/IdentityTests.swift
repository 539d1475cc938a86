import Crypto
import MerkleLog
import Primitives
import Testing
import Wire

/// Who speaks for an identity: the rules of `Protocol/identity.md`, one by one.
struct IdentityTests {
    static let root = signingKey(1).publicKey
    static let next = signingKey(2).publicKey
    static let phone = signingKey(3).publicKey
    static let laptop = signingKey(4).publicKey
    static let start = IdentityStatement.identity(
        nextRoot: IdentityStatement.commitment(to: next), predecessor: nil)

    static func history(_ statements: [IdentityStatement]) -> IdentityHistory {
        var history = IdentityHistory(root: root)
        for (index, statement) in statements.enumerated() {
            history.apply(statement, at: UInt64(index))
        }
        return history
    }

    static func covers(_ history: IdentityHistory, _ log: LogKey, _ index: UInt64) -> Bool {
        history.device(log)?.covers(index) ?? false
    }

    static let all: [IdentityStatement] = [
        start, .addDevice(phone), .revokeDevice(phone, from: 0), .revokeDevice(phone, from: 7),
        .device(identity: root, predecessor: nil),
        .identity(nextRoot: .zero, predecessor: .init(log: root, size: 9, root: .zero)),
        .device(identity: root, predecessor: .init(log: phone, size: 1, root: .zero)),
        .revokeDevice(laptop, from: LogLimits.size - 1),
    ]

    @Test(arguments: all)
    func statementsComeBack(statement: IdentityStatement) {
        #expect((try? IdentityStatement(statement.statement)) == statement)
        let (failures, _) = strictness(of: statement.statement.fields) { fields in
            let found = Statement(kind: statement.statement.kind, fields: fields)
            guard let said = try IdentityStatement(found) else { throw WireError.malformed }
            return said.statement.fields
        }
        // An unknown field is passed over, so a key that becomes another may lose its value.
        #expect(failures.allSatisfy { $0.hasPrefix("bit") }, "\(failures)")
        #expect(failures.count < 24)
    }

    @Test func unknownFieldsAreNoHindrance() {
        func said(_ kind: String, _ fields: [CBORValue.Pair]) -> IdentityStatement? {
            try? IdentityStatement(Statement(kind: kind, fields: CBORValue.map(fields).encoded))
        }
        let key = CBORValue.Pair(.unsigned(1), .bytes(Self.phone.array))
        let later = CBORValue.Pair(.unsigned(9), .text("later"))
        let word = CBORValue.Pair(.text("x"), .array([.unsigned(1)]))
        #expect(said("add-device", [key, later, word]) == .addDevice(Self.phone))
        #expect(
            said("add-device", [key, .init(.unsigned(2), .text("a name"))])
                == .addDevice(Self.phone))
        #expect(
            said("revoke-device", [key, .init(.unsigned(2), .unsigned(4)), later])
                == .revokeDevice(Self.phone, from: 4))
        #expect(said("device", [key, later]) == .device(identity: Self.phone, predecessor: nil))
        #expect(said("revoke-device", [key]) == nil)
        #expect(said("add-device", [later]) == nil)
        #expect(said("add-device", []) == nil)
        #expect(said("add-device", [.init(.unsigned(1), .bytes([1]))]) == nil)
        #expect(said("device", [key, .init(.unsigned(2), .unsigned(1))]) == nil)
        #expect(said("note", [key]) == nil)
        #expect((try? IdentityStatement(Statement(kind: "device", fields: [0x80]))) == nil)
        #expect((try? IdentityStatement(Statement(kind: "device", fields: []))) == nil)
    }

    @Test func nothingCountsBeforeTheFirstEntry() {
        #expect(Self.history([.addDevice(Self.phone)]).devices.isEmpty)
        var history = IdentityHistory(root: Self.root)
        history.apply(Self.start, at: 1)
        history.apply(.addDevice(Self.phone), at: 2)
        #expect(history.devices.isEmpty)
    }

    @Test func addedDevicesCount() {
        let history = Self.history([Self.start, .addDevice(Self.phone), .addDevice(Self.laptop)])
        #expect(history.devices.map(\.log) == [Self.phone, Self.laptop])
        #expect(Self.covers(history, Self.phone, 0))
        #expect(Self.covers(history, Self.phone, LogLimits.size))
        #expect(!Self.covers(history, Self.root, 0))
        #expect(
            Self.history([Self.start, .addDevice(Self.phone), .addDevice(Self.phone)]).devices.count
                == 1)
    }

    @Test func theSmallestRevokedIndexHolds() {
        let orders: [[UInt64]] = [[5, 9], [9, 5], [5, 5], [9, 5, 7], [5, 9, 7]]
        for order in orders {
            let revocations = order.map { IdentityStatement.revokeDevice(Self.phone, from: $0) }
            let history = Self.history([Self.start, .addDevice(Self.phone)] + revocations)
            #expect(Self.covers(history, Self.phone, 4))
            #expect(!Self.covers(history, Self.phone, 5))
            #expect(!Self.covers(history, Self.phone, 8))
        }
        let none = Self.history([
            Self.start, .addDevice(Self.phone), .revokeDevice(Self.phone, from: 0),
        ])
        #expect(!Self.covers(none, Self.phone, 0))
    }

    @Test func addingAfterARevocationChangesNothing() {
        let revoke = IdentityStatement.revokeDevice(Self.phone, from: 5)
        let add = IdentityStatement.addDevice(Self.phone)
        for order in [[add, revoke], [revoke, add], [add, revoke, add], [revoke, add, revoke]] {
            let history = Self.history([Self.start] + order)
            #expect(Self.covers(history, Self.phone, 4), "\(order)")
            #expect(!Self.covers(history, Self.phone, 5), "\(order)")
        }
    }

    /// Both sides have to say it: a revocation alone makes no device.
    @Test func revokedAndNeverAddedIsNoDevice() {
        let history = Self.history([Self.start, .revokeDevice(Self.phone, from: 5)])
        #expect(history.device(Self.phone) == nil)
        #expect(!Self.covers(history, Self.phone, 0))
    }

    @Test func laterStartsChangeNothing() {
        let other = IdentityStatement.identity(nextRoot: .zero, predecessor: nil)
        let history = Self.history([Self.start, other])
        #expect(history.nextRoot == IdentityStatement.commitment(to: Self.next))
        #expect(
            Self.history([Self.start, .device(identity: Self.root, predecessor: nil)]).devices
                .isEmpty)
    }

    /// `[IDENT-13]`.
    @Test func theFirstStatementsCount() {
        var history = Self.history([Self.start])
        history.apply(.addDevice(Self.phone), at: LogLimits.statements - 1)
        history.apply(.addDevice(Self.laptop), at: LogLimits.statements)
        history.apply(.revokeDevice(Self.phone, from: 0), at: LogLimits.statements + 1)
        #expect(history.devices.map(\.log) == [Self.phone])
        #expect(Self.covers(history, Self.phone, 0))
    }

    @Test func succession() {
        var history = Self.history([Self.start, .addDevice(Self.phone)])
        func first(_ log: LogKey, _ size: UInt64) -> IdentityStatement {
            .identity(nextRoot: .zero, predecessor: .init(log: log, size: size, root: .zero))
        }
        #expect(history.isSuccessor(Self.next, first(Self.root, 2)))
        #expect(!history.isSuccessor(Self.next, first(Self.root, 0)))
        #expect(!history.isSuccessor(Self.next, first(Self.phone, 2)))
        #expect(!history.isSuccessor(Self.laptop, first(Self.root, 2)))
        #expect(!history.isSuccessor(Self.root, first(Self.root, 2)))
        #expect(!history.isSuccessor(Self.next, Self.start))
        #expect(!history.isSuccessor(Self.next, .device(identity: Self.root, predecessor: nil)))
        #expect(!IdentityHistory(root: Self.root).isSuccessor(Self.next, first(Self.root, 2)))
        history.succeed(by: Self.next)
        #expect(history.identity == Self.root && history.root == Self.next)
        // Nothing counts before the successor's own first entry, and the devices stay.
        history.apply(.addDevice(Self.laptop), at: 1)
        #expect(history.device(Self.laptop) == nil && history.device(Self.phone) != nil)
        history.apply(first(Self.root, 2), at: 0)
        history.apply(.addDevice(Self.laptop), at: 1)
        history.apply(.revokeDevice(Self.phone, from: 3), at: 2)
        #expect(history.device(Self.laptop) != nil && !Self.covers(history, Self.phone, 3))
    }
}
