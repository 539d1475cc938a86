import Content
import Crypto
import Feed
import Glibc
import MerkleLog
import Mesh
import Primitives
import Store
import Transport
import Wire

/// Making identities.
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
        let account = try begin(name, words)
        announce(account, root: words.rootKey(index: 0), next: words.rootKey(index: 1).publicKey) {
            [weak self] result in
            switch result {
            case .success:
                self?.settleFollows()
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

    /// Calls an identity otherwise on this node. How others see it is its profile's affair.
    func renameAccount(_ parameters: Value) throws(NodeError) -> Value {
        let account = try account(parameters)
        guard let name = parameters["name"]?.text else { throw .badRequest("what is the name?") }
        try Account.checkName(name)
        guard let at = accounts.firstIndex(of: account) else { throw .notFound("it is gone") }
        if name != account.name {
            if accounts.contains(where: { $0.name == name }) {
                throw .badRequest("an identity called \"\(name)\" is here already")
            }
            try moveWords(from: paths.words(account.name), to: paths.words(name))
            accounts[at].name = name
            keep(Account.setting, Account.encode(accounts))
        }
        return .object(
            ("name", .string(name)), ("identity", .string(DIDKey.encode(account.identity))))
    }

    /// The file of recovery words has the identity's name, as long as its owner did not delete it.
    private func moveWords(from before: String, to after: String) throws(NodeError) {
        guard DirectoryLock.exists(before) else { return }
        guard !DirectoryLock.exists(after) else {
            throw .keyFile("\(after) is there already: move it away first")
        }
        guard unsafe rename(before, after) == 0 else {
            throw .keyFile("\(before) cannot be renamed to \(after): error \(errno)")
        }
    }

    /// A fresh device key and the account that uses it, both on disk.
    private func begin(
        _ name: String, _ words: borrowing RecoveryWords
    ) throws(NodeError) -> Account {
        let key = try newDeviceKey()
        let account = Account(
            name: name, identity: words.rootKey(index: 0).publicKey, device: key.publicKey)
        adopt(account, key)
        return account
    }

    /// A device key, on disk before anything is signed with it.
    func newDeviceKey() throws(NodeError) -> SigningKey {
        let key = SigningKey.generate()
        let path = paths.deviceKey(DIDKey.multibase(key.publicKey))
        try keyFile { try Keys.write(key, path) }
        return key
    }

    /// Publishes a new root log and the first entries of the device log, as far as they are not
    /// there yet.
    private func announce(
        _ account: Account, root: SigningKey, next: PublicKey,
        then: @escaping (Result<Published, Refusal>) -> Void
    ) {
        if mesh.holds(root.publicKey) { return introduce(account, predecessor: nil, then) }
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
            self?.introduce(account, predecessor: nil, then)
        }
    }

    /// Publishes the first entries of a device log: whose it is, and the name.
    func introduce(
        _ account: Account, predecessor: IdentityStatement.Predecessor?,
        _ then: @escaping (Result<Published, Refusal>) -> Void
    ) {
        var contents = [
            Content.identity(.device(identity: account.identity, predecessor: predecessor))
        ]
        // A name that `Account.checkName` passed is one.
        if let profile = try? Profile(name: account.name) { contents.append(.profile(profile)) }
        publish(contents, account.device, then: then)
    }

    /// Goes on where a crash cut short the making of an identity: nothing of it was released.
    func finishAccounts() {
        for account in accounts where !mesh.holds(account.device) {
            // The fences say whether something was: then it is not made again, but fetched.
            guard mesh.ownState(of: account.device) == Mesh.writable,
                roots[account.identity] ?? .current == .current,
                let file = try? SecretFile.read(paths.words(account.name), limit: 16_384)
            else { continue }
            let text = unsafe file.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
            guard let words = try? RecoveryWords(parsing: Self.words(inFile: text)) else {
                continue
            }
            let root = words.rootKey(index: 0)
            guard root.publicKey == account.identity else { continue }
            let next = words.rootKey(index: 1).publicKey
            announce(account, root: root, next: next) { [journal] result in
                if case .success = result { journal.say("finished making \(account.name)") }
            }
        }
    }

    /// Keeps the account, and writes its device log from now on.
    func adopt(_ account: Account, _ key: SigningKey) {
        if let at = accounts.firstIndex(where: { $0.name == account.name }) {
            accounts[at] = account
        } else {
            accounts.append(account)
        }
        keep(Account.setting, Account.encode(accounts))
        handle(.adopt(OwnLogStart(key: key, trust: .current)))
    }

    private func keyFile(_ body: () throws -> Void) throws(NodeError) {
        do { try body() } catch let error as NodeError { throw error } catch {
            throw .keyFile("\(error)")
        }
    }

    /// The 24 words in whatever stands around them: the file that Starling writes, or a bare list.
    package static func words(inFile text: String) -> String {
        let lines = text.split(whereSeparator: \.isNewline)
        let numbered = lines.filter { $0.first { !$0.isWhitespace }?.isNumber == true }
        return (numbered.isEmpty ? lines : numbered)
            .flatMap { $0.split { !$0.isLetter } }.joined(separator: " ")
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
