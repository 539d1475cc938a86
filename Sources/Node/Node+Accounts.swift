import Content
import Crypto
import MerkleLog
import Mesh
import Primitives
import Store
import Transport
import Wire

/// Making identities, and new device logs for them.
extension Node {
    /// A new identity: recovery words on disk, a root log that adds this device, a device log that
    /// names the identity.
    ///
    /// The words and the key are on disk before anything is signed with them, and the account
    /// before anything is published: whatever a crash leaves is finished at the next start.
    func createAccount(
        _ parameters: Value, _ reply: @escaping (Control.Reply) -> Void
    ) throws(NodeError) {
        let name = parameters["name"]?.text ?? options.name ?? "me"
        try Account.checkName(name)
        if accounts.contains(where: { $0.name == name }) {
            throw .badRequest("an identity called \"\(name)\" is here already")
        }
        let path = paths.words(name)
        let words: RecoveryWords = .generate()
        let list = words.words
        let text = Self.wordsText(list, name: name)
        try keyFile { try SecretFile.create(path, contents: Array(text.utf8)) }
        let account = try begin(name, words, predecessor: nil)
        announce(account, root: words.rootKey(index: 0), next: words.rootKey(index: 1).publicKey) {
            result in
            switch result {
            case .success:
                reply(
                    .done(
                        .object(
                            ("name", .string(name)),
                            ("identity", .string(DIDKey.encode(account.identity))),
                            ("device", .string(DIDKey.encode(account.device))),
                            ("words", .string(path)))))
            case .failure(let refusal): reply(.failed(.refused(refusal.advice)))
            }
        }
    }

    /// A fresh device key and the account that uses it, both on disk.
    private func begin(
        _ name: String, _ words: borrowing RecoveryWords, predecessor: Account?
    ) throws(NodeError) -> Account {
        var made: SigningKey?
        let paths = self.paths
        try keyFile {
            let key = SigningKey.generate()
            try Keys.write(key, paths.deviceKey(DIDKey.multibase(key.publicKey)))
            made = key
        }
        guard let key = made else { throw .keyFile("no device key was made") }
        let account = Account(
            name: name, identity: predecessor?.identity ?? words.rootKey(index: 0).publicKey,
            device: key.publicKey)
        if let at = accounts.firstIndex(where: { $0.name == name }) {
            accounts[at] = account
        } else {
            accounts.append(account)
        }
        storeThread.submit(
            StoreThread.Job(
                write: .setting(Account.setting, Account.encode(accounts)), token: nil, fence: nil,
                bytes: 256))
        handle(.adopt(OwnLogStart(key: key, trust: .current)))
        return account
    }

    /// Publishes a new root log and the device log's first entries.
    private func announce(
        _ account: Account, root: SigningKey, next: PublicKey,
        then: @escaping (Result<Published, Refusal>) -> Void
    ) {
        handle(.adopt(OwnLogStart(key: root, trust: .current)))
        let commitment = IdentityStatement.commitment(to: next)
        publish(
            [
                .identity(.identity(nextRoot: commitment, predecessor: nil)),
                .identity(.addDevice(account.device)),
            ], root.publicKey
        ) { [weak self] result in
            self?.handle(.disown(root.publicKey))
            guard case .success = result else { return then(result) }
            self?.publish(
                [
                    .identity(.device(identity: account.identity, predecessor: nil)),
                    .profile(name: account.name),
                ], account.device, then: then)
        }
    }

    /// A new device log for an identity, certified with its recovery words: after a restore, when
    /// the old device's log may not be written any more.
    func newDevice(
        _ parameters: Value, _ reply: @escaping (Control.Reply) -> Void
    ) throws(NodeError) {
        let old = try account(parameters)
        guard let text = parameters["words"]?.text else {
            throw .badRequest("a new device log needs the recovery words")
        }
        let words: RecoveryWords
        do throws(CryptoError) { words = try RecoveryWords(parsing: text) } catch {
            throw .badRequest("\(error)")
        }
        let root = words.rootKey(index: 0)
        guard root.publicKey == old.identity else {
            throw .badRequest("these are the recovery words of another identity")
        }
        let head = try stored { () throws(StoreError) in try reader.head(of: old.device) }
        let predecessor = head.map {
            IdentityStatement.Predecessor(
                log: old.device, size: $0.size, root: $0.frontier.root)
        }
        let account = try begin(old.name, words, predecessor: old)
        handle(.adopt(OwnLogStart(key: root, trust: roots[old.identity] ?? .current)))
        publish([.identity(.addDevice(account.device))], root.publicKey) { [weak self] result in
            self?.handle(.disown(root.publicKey))
            if case .failure(let refusal) = result {
                return reply(.failed(.refused(refusal.advice)))
            }
            self?.publish(
                [
                    .identity(.device(identity: account.identity, predecessor: predecessor)),
                    .profile(name: account.name),
                ], account.device, reply
            ) { _ in
                .object(
                    ("name", .string(account.name)),
                    ("identity", .string(DIDKey.encode(account.identity))),
                    ("device", .string(DIDKey.encode(account.device))))
            }
        }
    }

    private func keyFile(_ body: () throws -> Void) throws(NodeError) {
        do { try body() } catch let error as NodeError { throw error } catch {
            throw .keyFile("\(error)")
        }
    }

    private static func wordsText(_ words: [String], name: String) -> String {
        var lines = [
            "Recovery words of \(name). Write them on paper, keep it safe, and delete this file.",
            "Whoever has them is you; without them a lost device cannot be replaced.", "",
        ]
        for row in 0..<6 {
            lines.append(
                (0..<4).map { column in
                    let number = row * 4 + column
                    let label = number < 9 ? " \(number + 1)" : "\(number + 1)"
                    return "\(label). " + words[number].padded(to: 10)
                }.joined())
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension String {
    /// With spaces behind, at least `width` characters.
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
