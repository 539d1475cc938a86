import CSodium
import Crypto
import Glibc

/// What this machine and the libraries allow at best: each is measured once, when first compared
/// with.
enum Limit: String {
    case verify, sign, sha256x65 = "sha256-65", sha256x300 = "sha256-300"
    case sqlite100 = "sqlite-100", sqlite1000 = "sqlite-1000"
    case commit, fdatasync

    var what: String {
        switch self {
        case .verify: "Ed25519 signatures verified"
        case .sign: "Ed25519 signatures made"
        case .sha256x65: "SHA-256 of 65 bytes (a tree node)"
        case .sha256x300: "SHA-256 of 300 bytes (a post)"
        case .sqlite100: "bare SQLite, 100 posts a commit"
        case .sqlite1000: "bare SQLite, 1000 posts a commit"
        case .commit: "bare SQLite, one post a commit"
        case .fdatasync: "4 KiB written and synced"
        }
    }

    var unit: String {
        switch self {
        case .verify, .sign: "/s"
        case .sha256x65, .sha256x300: "/s"
        case .sqlite100, .sqlite1000: "rows/s"
        case .commit: "commits/s"
        case .fdatasync: "syncs/s"
        }
    }

    static var groups: [Bench.Group] {
        func group(_ name: String, _ summary: String, _ limits: [Limit]) -> Bench.Group {
            Bench.Group(name: name, summary: summary) { bench in
                for limit in limits { _ = try bench.limit(limit) }
            }
        }
        return [
            group(
                "crypto", "signatures and hashes of the libraries",
                [.verify, .sign, .sha256x65, .sha256x300]),
            group("sqlite", "bare rows and commits", [.sqlite100, .sqlite1000, .commit]),
            group("disk-sync", "fdatasync", [.fdatasync]),
        ]
    }

    func measure(_ bench: Bench) throws -> Figure {
        let repetitions = bench.options.isQuick ? 3 : 10
        switch self {
        case .verify: return RawCrypto.verify(repetitions)
        case .sign: return RawCrypto.sign(repetitions)
        case .sha256x65: return RawCrypto.hash(65, repetitions)
        case .sha256x300: return RawCrypto.hash(300, repetitions)
        case .sqlite100: return try rows(bench, perCommit: 100, bench.size(100_000, quick: 5_000))
        case .sqlite1000:
            return try rows(bench, perCommit: 1_000, bench.size(200_000, quick: 10_000))
        case .commit: return try rows(bench, perCommit: 1, bench.size(2_000, quick: 100))
        case .fdatasync: return try RawDisk.syncs(bench.scratch.file("sync"), repetitions)
        }
    }

    private func rows(_ bench: Bench, perCommit: Int, _ count: Int) throws -> Figure {
        var values: [Double] = []
        for _ in 0..<(bench.repetitions) {
            let directory = bench.scratch.fresh("bare")
            try Files.makeDirectory(directory)
            let table = try BareTable(path: directory + "/bare.sqlite")
            let start = Clock.now()
            try table.insert(count, perCommit: perCommit)
            values.append(Double(count) / (Clock.now() - start))
        }
        Files.removeTree(bench.scratch.file("bare"))
        return Figure(values)
    }
}

/// The crypto libraries alone, called as Starling calls them.
enum RawCrypto {
    private static let seconds = 0.1
    /// What a checkpoint's signature covers: three lines.
    private static let message = [UInt8](repeating: 0x61, count: 120)

    static func verify(_ repetitions: Int) -> Figure {
        let keys = Keys()
        let signature = keys.sign(message)
        return Measure.rate(repetitions: repetitions, seconds: seconds) { _ in
            let result = unsafe crypto_sign_verify_detached(
                signature, message, UInt64(message.count), keys.publicKey)
            precondition(result == 0, "libsodium refuses its own signature")
        }
    }

    static func sign(_ repetitions: Int) -> Figure {
        let keys = Keys()
        var last: UInt8 = 0
        let figure = Measure.rate(repetitions: repetitions, seconds: seconds) { _ in
            last ^= keys.sign(message)[0]
        }
        withExtendedLifetime(last) {}
        return figure
    }

    /// The hash that Starling calls, whichever library it comes from.
    static func hash(_ count: Int, _ repetitions: Int) -> Figure {
        var input = [UInt8](repeating: 0x61, count: count)
        return Measure.rate(repetitions: repetitions, seconds: seconds, portion: 1_024) { number in
            input[0] = UInt8(truncatingIfNeeded: number)
            withExtendedLifetime(SHA256.hash(input)) {}
        }
    }

    private struct Keys {
        var publicKey = [UInt8](repeating: 0, count: 32)
        var secretKey = [UInt8](repeating: 0, count: 64)

        init() { unsafe crypto_sign_keypair(&publicKey, &secretKey) }

        func sign(_ message: [UInt8]) -> [UInt8] {
            var signature = [UInt8](repeating: 0, count: 64)
            unsafe crypto_sign_detached(&signature, nil, message, UInt64(message.count), secretKey)
            return signature
        }
    }
}

/// The disk alone.
enum RawDisk {
    static func syncs(_ path: String, _ repetitions: Int) throws -> Figure {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT, 0o600)
        guard descriptor >= 0 else { throw BenchError.system("cannot open \(path)", errno) }
        defer {
            close(descriptor)
            unsafe unlink(path)
        }
        var page = [UInt8](repeating: 0, count: 4_096)
        return try Measure.rate(repetitions: repetitions, seconds: 0.3, portion: 8) { number in
            page[0] = UInt8(truncatingIfNeeded: number)
            guard unsafe pwrite(descriptor, page, page.count, 0) == page.count,
                fdatasync(descriptor) == 0
            else { throw BenchError.system("cannot sync \(path)", errno) }
        }
    }
}
