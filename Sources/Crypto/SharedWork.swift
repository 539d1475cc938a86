import Primitives
import Synchronization

/// What many nodes in one process would compute alike: for simulations alone.
///
/// What A and B agree on is the same number from either side, so the second computes nothing; a key
/// is converted to its X25519 form, and a signature verified, once for all nodes. Nothing else
/// changes: the keys are real, and so is every byte that is sent.
package enum SharedWork {
    private static let isOn = Atomic<Bool>(false)
    private static let memory = Mutex(Memory())

    private struct Memory {
        /// What one side has computed and the other has not yet.
        var secrets: [Pair: Bytes32] = [:]
        var points: [Bytes32: Bytes32?] = [:]
        var verdicts: [Signed: Bool] = [:]
    }

    private struct Signed: Hashable {
        var signature: Signature
        var message: [UInt8]
        var key: PublicKey
    }

    private struct Pair: Hashable {
        var low: Bytes32
        var high: Bytes32

        init(_ a: Bytes32, _ b: Bytes32) { (low, high) = a < b ? (a, b) : (b, a) }
    }

    /// From now on, and for the whole process, which must hold no key that matters.
    package static func begin() { isOn.store(true, ordering: .relaxed) }

    /// The secret of two public keys, once; nil when it has to be computed.
    static func secret(_ a: Bytes32, _ b: Bytes32) -> Bytes32? {
        guard isOn.load(ordering: .relaxed) else { return nil }
        return memory.withLock { $0.secrets.removeValue(forKey: Pair(a, b)) }
    }

    static func keep(_ secret: Bytes32, _ a: Bytes32, _ b: Bytes32) {
        guard isOn.load(ordering: .relaxed) else { return }
        memory.withLock { memory in
            // Handshakes that broke off leave theirs behind.
            if memory.secrets.count >= 1 << 20 { memory.secrets = [:] }
            memory.secrets[Pair(a, b)] = secret
        }
    }

    /// The X25519 form of a key, computed by `convert` the first time.
    static func point(_ key: Bytes32, _ convert: () -> Bytes32?) -> Bytes32? {
        guard isOn.load(ordering: .relaxed) else { return convert() }
        if let known = memory.withLock({ $0.points[key] }) { return known }
        let point = convert()
        memory.withLock { memory in
            // Liars make keys up.
            if memory.points.count >= 1 << 16 { memory.points = [:] }
            memory.points[key] = .some(point)
        }
        return point
    }

    /// Whether a signature holds, computed by `verify` the first time.
    static func verdict(
        _ signature: Signature, _ message: [UInt8], _ key: PublicKey, _ verify: () -> Bool
    ) -> Bool {
        guard isOn.load(ordering: .relaxed) else { return verify() }
        let signed = Signed(signature: signature, message: message, key: key)
        if let known = memory.withLock({ $0.verdicts[signed] }) { return known }
        let verdict = verify()
        memory.withLock { memory in
            if memory.verdicts.count >= 1 << 14 { memory.verdicts = [:] }
            memory.verdicts[signed] = verdict
        }
        return verdict
    }
}
