import ClientAPI
import Glibc
import Node
import Primitives
import Wire

/// Taking everything of one's own away.
extension Command {
    static let exportAll = Command(
        name: "export", usage: "export DIR",
        summary: "Write everything of yours to a new directory: to read, and to prove.",
        details: """
            DIR is made, and must not be there before:

              index.html    your posts, to read in any browser
              posts.jsonl   every entry of your logs, one line of JSON each
              proofs/       a file for each post, by which anybody can check it without a node:
                            see  starling verify
            """,
        words: 1...1
    ) { context throws(NodeError) in
        let folder = context.arguments.words[0]
        try context.withNode { node throws(NodeError) in
            let logs = try OwnLogs(node, context)
            var export = try Export(folder, name: logs.name, identity: logs.identity)
            var progress = Progress("written")
            try logs.each(node) { log, entry throws(NodeError) in
                let reply = try node.request(
                    "prove", .object(("address", entry["address"])))
                try export.add(entry, of: log, proof: reply["proof"]?.text ?? "")
                progress.show(UInt64(export.entries), of: nil)
            }
            progress.end()
            try export.finish()
            let count = export.entries
            context.show(.object(("entries", .int(count)), ("posts", .int(export.posts)))) {
                Terminal.line("\(export.posts) posts, \(count) entries in all: \(folder)")
            }
        }
    }
}

/// The directory of an export.
private struct Export {
    /// Posts of one page: a browser shows it at once.
    private static let pagePosts = 1_000

    private let folder: String
    private let name: String
    private let identity: String
    private let lines: OutputFile
    private var page: OutputFile?
    private var pages = 0
    private var logs: [String] = []
    private(set) var posts = 0
    private(set) var entries = 0

    init(_ folder: String, name: String, identity: String) throws(NodeError) {
        self.folder = folder
        self.name = name
        self.identity = identity
        try OutputFile.makeDirectory(folder)
        try OutputFile.makeDirectory(folder + "/proofs")
        lines = try OutputFile(folder + "/posts.jsonl")
    }

    mutating func add(_ entry: Value, of log: String, proof: String) throws(NodeError) {
        entries += 1
        try lines.write(JSON.text(entry) + "\n")
        let index = entry["index"]?.number ?? 0
        let short = String(log.split(separator: ":").last ?? "log")
        if !logs.contains(short) {
            logs.append(short)
            try OutputFile.makeDirectory("\(folder)/proofs/\(short)")
        }
        let path = "proofs/\(short)/\(index).txt"
        let file = try OutputFile("\(folder)/\(path)")
        try file.write(proof)
        try file.close()
        guard entry["kind"]?.text == "note" || entry["kind"]?.text == "edit" else { return }
        if posts % Self.pagePosts == 0 { try turnPage() }
        posts += 1
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
        let file = try OutputFile("\(folder)/posts-\(pages).html")
        try file.write(Self.head("Posts of \(name), \(pages)"))
        page = file
    }

    private mutating func closePage() throws(NodeError) {
        try page?.write("<p><a href=\"index.html\">All pages</a></p></main>\n")
        try page?.close()
        page = nil
    }

    mutating func finish() throws(NodeError) {
        try closePage()
        try lines.close()
        let file = try OutputFile(folder + "/index.html")
        try file.write(Self.head("Posts of \(name)"))
        try file.write("<p>\(posts) posts by <code>\(Self.html(identity))</code>.</p>\n<ol>\n")
        for number in stride(from: 1, through: pages, by: 1) {
            try file.write("<li><a href=\"posts-\(number).html\">Page \(number)</a></li>\n")
        }
        try file.write(
            "</ol>\n<p><a href=\"posts.jsonl\">Everything, for programs</a>. Check a post: "
                + "<code>starling verify FILE</code></p></main>\n")
        try file.close()
        // Once for all files: a sync for each of many small ones would take minutes.
        Glibc.sync()
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

    private static func html(_ text: String) -> String {
        var out = ""
        for scalar in Terminal.safe(text, lines: true).unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}

/// A new file that is written from its beginning to its end.
private final class OutputFile {
    private var descriptor: Int32
    private let path: String
    private var buffer: [UInt8] = []

    init(_ path: String) throws(NodeError) {
        self.path = path
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("create", path) }
    }

    deinit { if descriptor >= 0 { _ = Glibc.close(descriptor) } }

    static func makeDirectory(_ path: String) throws(NodeError) {
        guard unsafe mkdir(path, 0o700) == 0 else { throw failure("create", path) }
    }

    func write(_ text: String) throws(NodeError) {
        buffer += text.utf8
        if buffer.count >= 1 << 16 { try flush() }
    }

    func close() throws(NodeError) {
        try flush()
        let result = Glibc.close(descriptor)
        descriptor = -1
        guard result == 0 else { throw Self.failure("write", path) }
    }

    private func flush() throws(NodeError) {
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
        buffer = []
    }

    private static func failure(_ what: String, _ path: String) -> NodeError {
        .badRequest("cannot \(what) \(path): \(unsafe String(cString: strerror(errno)))")
    }
}
