import Crypto
import Foundation
import Glibc
import MerkleLog
import Primitives

@testable import Store

/// A directory of its own that goes away with the test.
final class Scratch {
    let path: String

    /// In memory where the system has that: what a sync costs is not under test.
    init() throws {
        let place = unsafe access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        var template = Array("\(place)/starling-store-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw Failure("mkdtemp") }
        path = template.dropLast().map { String(UnicodeScalar(UInt8($0))) }.joined()
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var store: String { path + "/store" }

    /// What a crash at this moment leaves behind: the files as they are. Copied by another process,
    /// since closing a descriptor of the database here would drop the locks of the connections
    /// under test.
    func image(_ name: String = "image") throws -> String {
        let target = path + "/" + name
        try? FileManager.default.removeItem(atPath: target)
        try run("/bin/cp", "-a", store, target)
        return target
    }
}

struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

@discardableResult
func run(_ program: String, _ arguments: String...) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
}

/// An author: signs entries and keeps the whole log in memory as the model.
struct Author {
    let key: SigningKey
    var entries: [Entry] = []
    var leaves: [Hash] = []
    var frontier = Frontier()
    var head: LogHead?

    init(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        key = SigningKey(seed: SecretBytes(random.bytes(32)))
    }

    var log: LogKey { key.publicKey }

    /// The next `bodies` under a checkpoint of their own.
    mutating func post(_ bodies: [[UInt8]]) -> Extension {
        let from = frontier.size
        var nodes: [Extension.StoredNode] = []
        for (i, body) in bodies.enumerated() {
            let entry = Entry(
                time: UnixTime(milliseconds: 1_700_000_000_000 + from + UInt64(i)),
                body: .present(body))
            let leaf = EntryHeader(log: log, index: frontier.size, entry: entry).leafHash
            frontier.append(leaf, storing: &nodes)
            entries.append(entry)
            leaves.append(leaf)
        }
        let checkpoint = Checkpoint(signing: frontier.size, root: frontier.root, with: key)
        let head = LogHead(key: log, frontier: frontier, checkpoint: checkpoint, tail: [])
        self.head = head
        return Extension(
            from: from, entries: Array(entries[Int(from)...]), leaves: Array(leaves[Int(from)...]),
            nodes: nodes, head: head)
    }

    mutating func post(_ count: Int, bytes: Int = 40) -> Extension {
        let start = entries.count
        return post(
            (0..<count).map { i in
                (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ (start + i) &* 31) }
            })
    }
}

extension StoreReader {
    /// Everything held of a log, read back.
    func all(_ log: LogKey) throws -> [Entry] {
        try entries(of: log, from: 0, limit: .max)
    }
}
