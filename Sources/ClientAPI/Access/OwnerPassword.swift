import Crypto
package import Node
import Primitives
import Store
import Synchronization
import Wire

/// The one password of a node, by which its owner lets apps in.
///
/// The file holds its Argon2id hash and a random number for the sessions: every token belongs to
/// that number, so a password that is set with a new one ends them all, whether the node runs
/// meanwhile or not.
package final class OwnerPassword: Sendable {
    struct Kept: Sendable {
        var hash: String
        var sessions: Bytes32
    }

    private struct Attempts: Sendable {
        var ofAddress = RateLimiter.Table<IPAddress>(
            limit: Limits.Access.attemptsOfAddress, period: Limits.Access.attemptPeriod,
            capacity: Limits.Access.attempting)
        var all = RateLimiter.Table<UInt8>(
            limit: Limits.Access.attempts, period: Limits.Access.attemptPeriod, capacity: 1)
        var hashing = 0
    }

    private let path: String
    /// The password that a first start made, in clear: it goes when another is set.
    private let firstPath: String
    private let now: @Sendable () -> Instant
    /// The file as it was read last.
    private let kept = Mutex<(mark: SecretFile.Mark?, kept: Kept?)>((nil, nil))
    private let attempts = Mutex(Attempts())

    package convenience init(_ paths: Paths) { self.init(paths) { Clock.now } }

    init(_ paths: Paths, now: @escaping @Sendable () -> Instant) {
        path = paths.ownerPassword
        firstPath = paths.firstPassword
        self.now = now
    }

    /// What the file says now; nil when it is not there or damaged.
    var current: Kept? {
        let mark = SecretFile.mark(path)
        return kept.withLock { held in
            guard mark != held.mark else { return held.kept }
            held = (mark, try? Self.read(path))
            return held.kept
        }
    }

    // MARK: Asking

    /// Whether that is the password. Wrong ones are counted, by address and all together; right
    /// ones are not, so that nobody is shut out by logging in.
    func check(_ password: String, from address: IPAddress) throws(HTTPFailure) -> Bool {
        guard let kept = current else {
            throw HTTPFailure(
                503, "This node has no password: its owner sets one with  starling password")
        }
        let group = RateLimiter.group(address)
        try begin(group)
        let isRight = PasswordHash.verify(password, kept.hash)
        attempts.withLock { attempts in
            attempts.hashing -= 1
            if isRight {
                attempts.ofAddress.giveBack(group)
                attempts.all.giveBack(0)
            }
        }
        return isRight
    }

    /// Counts the attempt as a wrong one before it is known: others may be under way.
    private func begin(_ group: IPAddress) throws(HTTPFailure) {
        let now = now()
        let failure = attempts.withLock { attempts -> HTTPFailure? in
            guard attempts.hashing < Limits.Access.hashing else {
                return HTTPFailure(503, "The node is busy with other passwords: try again")
            }
            let tooMany = HTTPFailure(
                429, "There were too many wrong passwords: wait some minutes, and try again")
            guard attempts.ofAddress.take(group, now).isAllowed else { return tooMany }
            guard attempts.all.take(0, now).isAllowed else {
                attempts.ofAddress.giveBack(group)
                return tooMany
            }
            attempts.hashing += 1
            return nil
        }
        if let failure { throw failure }
    }

    // MARK: Setting

    /// Makes a password of words when there is none, and writes it where the owner finds it. The
    /// path of that file, as long as it is there.
    package static func first(_ paths: Paths) throws(NodeError) -> String? {
        do throws(StoreError) {
            if SecretFile.mark(paths.ownerPassword) == nil {
                let words = RandomWords.make(Limits.Access.passwordWords).joined(separator: "-")
                let text = """
                    \(words)

                    The password of this Starling node, by which you let apps in. Set one of your
                    own with  starling password: this file then goes.

                    """
                // The words first: a hash alone would let nobody in.
                try SecretFile.replace(paths.firstPassword, contents: Array(text.utf8))
                guard let hash = PasswordHash.make(words) else {
                    throw StoreError.misuse("there is no memory to hash a password")
                }
                try write(hash: hash, paths.ownerPassword, sessions: SystemRandom.bytes32())
            }
            _ = try read(paths.ownerPassword)
        } catch { throw .keyFile("\(error)") }
        return SecretFile.mark(paths.firstPassword) == nil ? nil : paths.firstPassword
    }

    /// Sets the password. All apps have to be let in anew, unless `keepsSessions`.
    package static func set(
        _ password: String, _ paths: Paths, keepsSessions: Bool
    ) throws(NodeError) {
        let hash = try hash(password)
        do throws(StoreError) {
            try PrivateDirectory.create(paths.data)
            try OwnerPassword(paths).keep(
                hash, sessions: keepsSessions ? nil : SystemRandom.bytes32())
        } catch { throw .keyFile("\(error)") }
    }

    /// The hash of a new password, if it may be one.
    static func hash(_ password: String) throws(NodeError) -> String {
        guard password.count >= Limits.Access.passwordLetters else {
            throw .badRequest(
                "a password has at least \(Limits.Access.passwordLetters) letters: several words "
                    + "are easy to keep and hard to guess")
        }
        guard password.utf8.count <= PasswordHash.passwordLimit else {
            throw .badRequest("a password has at most \(PasswordHash.passwordLimit) bytes")
        }
        guard let hash = PasswordHash.make(password) else {
            throw .keyFile("there is no memory to hash a password")
        }
        return hash
    }

    /// Keeps a hash; `sessions` nil leaves all that is in. The number of the sessions from now on.
    @discardableResult
    func keep(_ hash: String, sessions: Bytes32?) throws(StoreError) -> Bytes32 {
        let number = sessions ?? (try? Self.read(path))?.sessions ?? SystemRandom.bytes32()
        try Self.write(hash: hash, path, sessions: number)
        try SecretFile.remove(firstPath)
        return number
    }

    private static func write(
        hash: String, _ path: String, sessions: Bytes32
    ) throws(StoreError) {
        let text = "\(hash)\nsessions \(Hex.encode(sessions.array))\n"
        try SecretFile.replace(path, contents: Array(text.utf8))
    }

    private static func read(_ path: String) throws(StoreError) -> Kept {
        let bytes = try SecretFile.read(path, limit: Limits.Access.passwordFile)
        let text = unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
        let lines = text.split(separator: "\n")
        let prefix = "sessions "
        guard lines.count == 2, lines[0].hasPrefix("$argon2id$"), lines[1].hasPrefix(prefix),
            let number = Hex.decode(String(lines[1].dropFirst(prefix.utf8.count))),
            let sessions = Bytes32(number)
        else {
            throw .corrupt(
                what:
                    "\(path) is not what Starling wrote: set the password with  starling password",
                place: .file)
        }
        return Kept(hash: String(lines[0]), sessions: sessions)
    }
}
