package import Archive
import Glibc
package import Node
import Primitives
import Wire

/// Everything of one's own, written out: to read, and to prove.
package struct Departure {
    package struct Counts: Sendable {
        package var posts = 0
        package var entries = 0
    }

    /// Posts of one page: a browser shows it at once.
    private static let pagePosts = 1_000

    private let target: DepartureTarget
    private let name: String
    private let identity: String
    private let lines: OutputFile
    private var page: OutputFile?
    private var pages = 0
    private var logs: [String] = []
    private var counts = Counts()

    /// Writes all entries, each with its proof, and tells how many are done.
    package static func write(
        _ logs: OwnLogs, to target: DepartureTarget, _ ask: OwnLogs.Ask,
        _ progress: (Int) throws(NodeError) -> Void
    ) throws(NodeError) -> Counts {
        var departure = try Departure(target, name: logs.name, identity: logs.identity)
        try logs.each(ask) { log, entry throws(NodeError) in
            let reply = try ask("prove", .object(("address", entry["address"])))
            try departure.add(entry, of: log, proof: reply["proof"]?.text ?? "")
            try progress(departure.counts.entries)
        }
        try departure.finish()
        return departure.counts
    }

    private init(
        _ target: DepartureTarget, name: String, identity: String
    ) throws(NodeError) {
        self.target = target
        self.name = name
        self.identity = identity
        try target.makeDirectory("")
        try target.makeDirectory("proofs")
        lines = try OutputFile("posts.jsonl", in: target)
    }

    private mutating func add(_ entry: Value, of log: String, proof: String) throws(NodeError) {
        counts.entries += 1
        try lines.write(String(decoding: JSONValue(entry).encoded, as: UTF8.self) + "\n")
        let index = entry["index"]?.number ?? 0
        let short = String(log.split(separator: ":").last ?? "log")
        if !logs.contains(short) {
            logs.append(short)
            try target.makeDirectory("proofs/\(short)")
        }
        let path = "proofs/\(short)/\(index).txt"
        let file = try OutputFile(path, in: target)
        try file.write(proof)
        try file.close()
        guard entry["kind"]?.text == "note" || entry["kind"]?.text == "edit" else { return }
        if counts.posts % Self.pagePosts == 0 { try turnPage() }
        counts.posts += 1
        try page?.write(Self.article(entry, path))
    }

    private static func article(_ entry: Value, _ proof: String) -> String {
        let origin = entry["imported"]
        let time = Timestamp.text(
            UnixTime(milliseconds: origin?["time"]?.number ?? entry["time"]?.number ?? 0))
        var notes = "<time datetime=\"\(time)\">\(time)</time>"
        if entry["kind"]?.text == "edit" { notes += " · edit" }
        if let origin { notes += " · first at <bdi>\(html(origin["url"]?.text ?? ""))</bdi>" }
        return """
            <article><p class="text">\(html(entry["text"]?.text ?? ""))</p>
            <p class="small">\(notes) · <a href="\(proof)">proof</a></p></article>

            """
    }

    private mutating func turnPage() throws(NodeError) {
        try closePage()
        pages += 1
        let file = try OutputFile("posts-\(pages).html", in: target)
        try file.write(Self.head("Posts of \(name), \(pages)"))
        page = file
    }

    private mutating func closePage() throws(NodeError) {
        try page?.write("<p><a href=\"index.html\">All pages</a></p></main>\n")
        try page?.close()
        page = nil
    }

    private mutating func finish() throws(NodeError) {
        try closePage()
        try lines.close()
        let file = try OutputFile("index.html", in: target)
        try file.write(Self.head("Posts of \(name)"))
        try file.write(
            "<p>\(counts.posts) posts by <code>\(Self.html(identity))</code>.</p>\n<ol>\n")
        for number in stride(from: 1, through: pages, by: 1) {
            try file.write("<li><a href=\"posts-\(number).html\">Page \(number)</a></li>\n")
        }
        try file.write(
            "</ol>\n<p><a href=\"posts.jsonl\">Everything, for programs</a>. Check a post: "
                + "<code>starling verify FILE</code></p></main>\n")
        try file.close()
        try target.finish()
    }

    private static func head(_ title: String) -> String {
        """
        <!doctype html>
        <html lang="en"><meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy"
        content="default-src 'none'; style-src 'unsafe-inline'">
        <title>\(html(title))</title>
        <style>:root { color-scheme: light dark; } main { max-width: 40rem; margin: 2rem auto;
        padding: 0 1rem; font: 1.0625rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
        .text { white-space: pre-wrap; } .small { font-size: .875rem; opacity: .8; }
        article { border-top: 1px solid; }</style>
        <main><h1><bdi>\(html(title))</bdi></h1>

        """
    }

    private static func html(_ text: String) -> String { DisplayText.html(DisplayText.lines(text)) }
}

/// Where an export goes.
package enum DepartureTarget {
    /// A new directory.
    case folder(String)
    /// A zip archive. Files that are written side by side wait in files without a name in the
    /// directory, until each is whole.
    case packed(PackedWriter, waiting: String)

    fileprivate func makeDirectory(_ path: String) throws(NodeError) {
        // An archive has directories as its files' names have them.
        guard case .folder(let folder) = self else { return }
        let full = path.isEmpty ? folder : "\(folder)/\(path)"
        guard unsafe mkdir(full, 0o700) == 0 else {
            throw OutputFile.failure("create", full)
        }
    }

    fileprivate func finish() throws(NodeError) {
        switch self {
        // Once for all files: a sync for each of many small ones would take minutes.
        case .folder: Glibc.sync()
        case .packed(let writer, _):
            do throws(ArchiveError) { try writer.finish() } catch { throw .store("\(error)") }
        }
    }
}

/// A new file that is written from its beginning to its end.
private final class OutputFile {
    private enum Place {
        case plain(Int32)
        case waiting(SpoolFile, PackedWriter)
        case closed
    }

    private var place: Place
    private let path: String
    private var buffer: [UInt8] = []

    init(_ path: String, in target: DepartureTarget) throws(NodeError) {
        switch target {
        case .folder(let folder):
            self.path = "\(folder)/\(path)"
            let descriptor = unsafe open(
                self.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw Self.failure("create", self.path) }
            place = .plain(descriptor)
        case .packed(let writer, let directory):
            self.path = path
            do throws(HTTPFailure) {
                place = .waiting(try SpoolFile(in: directory), writer)
            } catch { throw .store(error.message) }
        }
    }

    deinit { if case .plain(let descriptor) = place { _ = Glibc.close(descriptor) } }

    func write(_ text: String) throws(NodeError) {
        buffer += text.utf8
        if buffer.count >= 1 << 16 { try flush() }
    }

    func close() throws(NodeError) {
        try flush()
        defer { place = .closed }
        switch place {
        case .plain(let descriptor):
            place = .closed
            guard Glibc.close(descriptor) == 0 else { throw Self.failure("write", path) }
        case .waiting(let file, let writer):
            do throws(ArchiveError) {
                try writer.add(
                    path, size: Int64(file.count),
                    seconds: Int64(clamping: Clock.wall.milliseconds / 1_000),
                    from: file.descriptor)
            } catch { throw .store("\(error)") }
        case .closed: return
        }
    }

    private func flush() throws(NodeError) {
        switch place {
        case .plain(let descriptor): try write(to: descriptor)
        case .waiting(let file, _):
            do throws(HTTPFailure) { try file.append(buffer[...]) } catch {
                throw .store(error.message)
            }
        case .closed: return
        }
        buffer = []
    }

    private func write(to descriptor: Int32) throws(NodeError) {
        var sent = 0
        while sent < buffer.count {
            let count = unsafe buffer.withUnsafeBytes { bytes in
                unsafe Glibc.write(
                    descriptor, bytes.baseAddress.unsafelyUnwrapped + sent, bytes.count - sent)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("write", path) }
            sent += count
        }
    }

    static func failure(_ what: String, _ path: String) -> NodeError {
        .badRequest("cannot \(what) \(path): \(unsafe String(cString: strerror(errno)))")
    }
}
