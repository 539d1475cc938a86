import Content
import Crypto
import Feed
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
    private func newDeviceKey() throws(NodeError) -> SigningKey {
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
    private func introduce(
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
        let key = try newDeviceKey()
        // A root log of which nothing is known must not be written before a peer has said what is
        // out there, unless the owner knows that there is nothing.
        let trust = parameters["alone"]?.flag == true ? .current : roots[old.identity] ?? .current
        handle(.adopt(OwnLogStart(key: root, trust: trust)))
        let deadline = loop.now() + .seconds(10)
        certify(key.publicKey, by: root.publicKey, until: deadline) { [weak self] result in
            self?.handle(.disown(root.publicKey))
            guard case .success = result else {
                return reply(
                    .failed(
                        .refused(
                            """
                            no peer has confirmed yet that the identity's own log is up to date: \
                            start the node (starling run), let it meet a peer, and do this again. \
                            If nobody can hold anything newer, add --alone
                            """)))
            }
            self?.change(old, to: key, reply)
        }
    }

    /// Adds a device to the root log; tries again until `deadline` while peers may still confirm
    /// what is known of that log.
    private func certify(
        _ device: LogKey, by root: LogKey, until deadline: Instant,
        then: @escaping (Result<Published, Refusal>) -> Void
    ) {
        publish([.identity(.addDevice(device))], root) { [weak self] result in
            guard let self, case .failure = result, !localEndpoints.isEmpty, loop.now() < deadline
            else { return then(result) }
            loop.schedule(at: loop.now() + .milliseconds(200)) { [weak self] in
                self?.certify(device, by: root, until: deadline, then: then)
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

    /// Keeps the account, and writes its device log from now on.
    private func adopt(_ account: Account, _ key: SigningKey) {
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
