import Content
import Crypto
import Feed
import MerkleLog
import Mesh
import Primitives
import Store
import Transport

/// The devices of an identity: its recovery words add one, and revoke one.
extension Node {
    /// A new device log for an identity, certified with its recovery words: after a restore, when
    /// the old device's log may not be written any more.
    func newDevice(
        _ parameters: Value, _ reply: @escaping (Control.Reply) -> Void
    ) throws(NodeError) {
        let old = try account(parameters)
        let root = try root(parameters, of: old)
        let key = try newDeviceKey()
        state(.addDevice(key.publicKey), with: root, parameters) { [weak self] result in
            switch result {
            case .success: self?.change(old, to: key, reply)
            case .failure(let error): reply(.failed(error))
            }
        }
    }

    /// Entries of a device's log count no more from some index on: the device was lost, or is used
    /// no more. What stands before stays the identity's.
    func revokeDevice(
        _ parameters: Value, _ reply: @escaping (Control.Reply) -> Void
    ) throws(NodeError) {
        let account = try account(parameters)
        guard let device = parameters["log"]?.text.flatMap({ DIDKey.parse($0) }) else {
            throw .badRequest("which device? Name it by its did:key:…")
        }
        guard let known = people.history(of: account.identity)?.device(device) else {
            throw .notFound("that is no device of \(account.name)")
        }
        guard device != account.device else {
            throw .refused(
                "\(account.name) writes with that device here: open a new device log first")
        }
        let held = try stored { () throws(StoreError) in try reader.head(of: device)?.counted }
        let from = parameters["from"]?.number ?? held ?? 0
        guard from < LogLimits.size else { throw .badRequest("no log has so many entries") }
        guard known.revokedFrom.map({ from < $0 }) ?? true else {
            throw .refused("that device is revoked already")
        }
        let root = try root(parameters, of: account)
        state(.revokeDevice(device, from: from), with: root, parameters) { result in
            switch result {
            case .success:
                reply(
                    .done(
                        .object(
                            ("name", .string(account.name)),
                            ("device", .string(DIDKey.encode(device))), ("from", .int(from)))))
            case .failure(let error): reply(.failed(error))
            }
        }
    }

    /// The root key that the recovery words among the parameters stand for.
    private func root(
        _ parameters: Value, of account: Account
    ) throws(NodeError) -> SigningKey {
        guard let text = parameters["words"]?.text else {
            throw .badRequest("this needs the recovery words")
        }
        let words: RecoveryWords
        do throws(CryptoError) { words = try RecoveryWords(parsing: text) } catch {
            throw .badRequest("\(error)")
        }
        let root = words.rootKey(index: 0)
        guard root.publicKey == account.identity else {
            throw .badRequest("these are the recovery words of another identity")
        }
        let size = try stored { () throws(StoreError) in try reader.head(of: root.publicKey)?.size }
        guard size ?? 0 < LogLimits.statements else {
            throw .refused(
                "the log of that root key is full: \(LogLimits.statements) entries have effect")
        }
        return root
    }

    /// Signs a statement with a root key, which is held no longer than that takes.
    private func state(
        _ statement: IdentityStatement, with root: SigningKey, _ parameters: Value,
        then: @escaping (Result<Published, NodeError>) -> Void
    ) {
        // A root log of which nothing is known must not be written before a peer has said what is
        // out there, unless the owner knows that there is nothing.
        let isAlone = parameters["alone"]?.flag == true
        let trust = isAlone ? .current : roots[root.publicKey] ?? .current
        handle(.adopt(OwnLogStart(key: root, trust: trust)))
        let deadline = loop.now() + .seconds(10)
        state(statement, by: root.publicKey, until: deadline) { [weak self] result in
            self?.handle(.disown(root.publicKey))
            then(
                result.mapError { _ in
                    .refused(
                        """
                        no peer has confirmed yet that the identity's own log is up to date: \
                        start the node (starling run), let it meet a peer, and do this again. \
                        If nobody can hold anything newer, add --alone
                        """)
                })
        }
    }

    /// Tries again until `deadline` while peers may still confirm what is known of that log.
    private func state(
        _ statement: IdentityStatement, by root: LogKey, until deadline: Instant,
        then: @escaping (Result<Published, Refusal>) -> Void
    ) {
        publish([.identity(statement)], root) { [weak self] result in
            guard let self, case .failure = result, !localEndpoints.isEmpty, loop.now() < deadline
            else { return then(result) }
            loop.schedule(at: loop.now() + .milliseconds(200)) { [weak self] in
                self?.state(statement, by: root, until: deadline, then: then)
            }
        }
    }

    /// From now on the account writes with `key`, which its root log has certified.
    private func change(
        _ old: Account, to key: SigningKey, _ reply: @escaping (Control.Reply) -> Void
    ) {
        // Of a forked log, what is common to all its histories.
        let counted = (try? reader.head(of: old.device))?.counted ?? 0
        let predecessor = people.root(of: old.device, at: counted).map {
            IdentityStatement.Predecessor(log: old.device, size: counted, root: $0)
        }
        var account = old
        account.device = key.publicKey
        adopt(account, key)
        introduce(account, predecessor: predecessor) { result in
            if case .failure(let refusal) = result {
                return reply(.failed(.refused(refusal.advice)))
            }
            reply(
                .done(
                    .object(
                        ("name", .string(account.name)),
                        ("identity", .string(DIDKey.encode(account.identity))),
                        ("device", .string(DIDKey.encode(account.device))))))
        }
    }
}
