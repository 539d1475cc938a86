import Glibc
import Node
import Wire

/// Commands that write and read posts.
extension Command {
    static let post = Command(
        name: "post", usage: "post TEXT | post --lines FILE",
        summary: "Sign a post and pass it on.",
        details: """
            Returns once the post is safely on the disk. TEXT "-" reads the post from standard
            input.

              --lines FILE  every line of FILE is a post of its own ("-": standard input)
            """,
        words: 0...1, options: ["--lines"]
    ) { context throws(NodeError) in
        if let file = context.arguments.value("--lines") {
            guard context.arguments.words.isEmpty else {
                throw .usage("give either a text or --lines, not both")
            }
            return try postLines(file, context)
        }
        guard var text = context.arguments.words.first else {
            throw .usage("what is the post?  starling post \"…\"")
        }
        if text == "-" { text = try Files.read("-", limit: 1 << 20) }
        try context.withNode { node throws(NodeError) in
            let reply = try node.request(
                "post", context.parameters(("texts", .array([.string(text)]))))
            context.show(.object(("address", reply["address"]), ("size", reply["size"]))) {
                Terminal.line(reply["address"]?.text ?? "")
            }
        }
    }

    /// Sends the lines in portions, a few of them under way at once.
    private static func postLines(_ file: String, _ context: Context) throws(NodeError) {
        let lines = try Files.lines(file)
        guard !lines.isEmpty else { throw .badRequest("\(file) has no line to post") }
        try context.withNode { node throws(NodeError) in
            var progress = Progress("posted")
            var next = 0
            var underWay: [UInt64: Int] = [:]
            var done = 0
            var last: Value = .object()
            while done < lines.count {
                while next < lines.count, underWay.count < 8 {
                    let portion = portion(of: lines, from: next)
                    let texts = Value.array(portion.map { .string($0) })
                    let id = try node.send("post", context.parameters(("texts", texts)))
                    underWay[id] = portion.count
                    next += portion.count
                }
                let (id, reply) = try node.receive()
                guard let count = underWay.removeValue(forKey: id) else { continue }
                switch reply {
                case .progress: continue
                case .done(let value): last = value
                case .failed(let error):
                    progress.end()
                    Terminal.note("\(done) of \(lines.count) posts are stored")
                    throw error
                }
                done += count
                progress.show(UInt64(done), of: UInt64(lines.count))
            }
            progress.end()
            let reply = Value.object(
                ("posted", .int(done)), ("address", last["address"]), ("size", last["size"]))
            context.show(reply) {
                Terminal.line("posted \(done); the last one is \(last["address"]?.text ?? "")")
            }
        }
    }

    /// As many lines as fit one group of posts.
    private static func portion(of lines: [String], from start: Int) -> ArraySlice<String> {
        var end = start
        var bytes = 0
        while end < lines.count, end - start < 1_000 {
            bytes += lines[end].utf8.count + 64
            if bytes > 150_000 && end > start { break }
            end += 1
        }
        return lines[start..<end]
    }

    static let timeline = Command(
        name: "timeline", usage: "timeline [--limit N] [--all] [--recipe NAME [--at TIME]]",
        summary: "The newest posts of the people you follow.",
        details: """
            Newest last, so that they stand next to your prompt. Times are the authors' claims.

              --limit N  how many (default 20, at most 1000)
              --all      of everybody that this node holds
              --recipe NAME  in the order of a recipe: "catch up", "quiet friends first",
                         "latest", one of your own or that you chose, or the address of any;
                         the first in that order stands last
              --at TIME  as it stood then, in milliseconds since 1970
            """,
        flags: ["--all"], options: ["--limit", "--recipe", "--at"]
    ) { context throws(NodeError) in
        let limit = try number("--limit", context) ?? 20
        if let recipe = context.arguments.value("--recipe") {
            return try showRanked(recipe, limit, context)
        }
        try context.withNode { node throws(NodeError) in
            let reply = try node.request(
                "timeline",
                context.parameters(
                    ("limit", .int(limit)), ("all", .bool(context.arguments.has("--all")))))
            context.show(reply) {
                let posts = reply["posts"]?.list ?? []
                for post in posts.reversed() { show(post: post) }
                if posts.isEmpty {
                    Terminal.line("Nothing here yet. Post something, or join somebody.")
                }
                if let left = reply["left"]?.number, left > 0 {
                    Terminal.note("\(left) older posts are too long for one answer: ask for fewer")
                }
                if let held = reply["heldBack"]?.number, held > 0 {
                    Terminal.note("\(held) posts claim to be from the future and are held back")
                }
                if reply["everybody"]?.flag == true, !context.arguments.has("--all"), !posts.isEmpty
                {
                    Terminal.note(
                        "You follow nobody yet, so this is everybody. starling follow WHO")
                }
            }
        }
    }

    private static func showRanked(
        _ recipe: String, _ limit: UInt64, _ context: Context
    ) throws(NodeError) {
        let time = try number("--at", context)
        try context.withNode { node throws(NodeError) in
            let reply = try node.request(
                "rank",
                context.parameters(
                    ("recipe", .string(recipe)), ("limit", .int(limit)),
                    ("at", time.map { .int($0) })))
            context.show(reply) {
                for post in (reply["posts"]?.list ?? []).reversed() { show(post: post) }
            }
        }
    }

    static let show = Command(
        name: "show", usage: "show ADDRESS", summary: "One post, and who signed it.",
        details: "ADDRESS is what  starling post  prints: did:key:…/INDEX/z…", words: 1...1
    ) { context throws(NodeError) in
        try context.withNode { node throws(NodeError) in
            let reply = try node.request(
                "show", .object(("address", .string(context.arguments.words[0]))))
            context.show(reply) {
                guard let post = reply["post"] else { return }
                show(post: post)
                let author = reply["identity"]?.text
                Terminal.line(
                    "  author  \(author ?? "not shown: the identity's root log is not here")")
                Terminal.line("  signed  by \(reply["device"]?.text ?? "")")
                Terminal.line(
                    "  entry   \(post["index"]?.number ?? 0) of"
                        + " \(reply["signedSize"]?.number ?? 0) under a signed checkpoint"
                )
                if let bound = reply["forkedAt"]?.number {
                    let isBehind = post["index"]?.number ?? 0 >= bound
                    Terminal.line(
                        "  FORKED  from entry \(bound) of this log on there are two histories: "
                            + (isBehind ? "this post counts no more" : "this post comes before"))
                }
            }
        }
    }

    static let log = Command(
        name: "log", usage: "log AUTHOR [--from N] [--limit N]",
        summary: "The logs of a person or device, entry by entry.",
        details: """
            AUTHOR is a did:key:…, or a name that only one person here has.

              --from N   the first entry to show (default: so that the newest are shown)
              --limit N  how many of each log (default 20)
            """,
        words: 1...1, options: ["--from", "--limit"]
    ) { context throws(NodeError) in
        let limit = try number("--limit", context) ?? 20
        let from = try number("--from", context)
        try context.withNode { node throws(NodeError) in
            let reply = try node.request(
                "log",
                .object(
                    ("who", .string(context.arguments.words[0])), ("limit", .int(limit)),
                    ("from", from.map { .int($0) })))
            context.show(reply) {
                for log in reply["logs"]?.list ?? [] { show(log: log) }
            }
        }
    }

    static let follow = following(
        name: "follow", isOn: true, summary: "Read somebody from now on.",
        details: "WHO is a did:key:…, or a name that only one person here has. Following is public."
    )

    static let unfollow = following(
        name: "unfollow", isOn: false, summary: "Read somebody no longer.",
        details: "WHO is a did:key:…, or a name that only one person here has.")

    private static func following(
        name: String, isOn: Bool, summary: String, details: String
    ) -> Command {
        Command(
            name: name, usage: "\(name) WHO", summary: summary, details: details, words: 1...1
        ) { context throws(NodeError) in
            try context.withNode { node throws(NodeError) in
                let reply = try node.request(
                    "follow",
                    context.parameters(
                        ("who", .string(context.arguments.words[0])), ("on", .bool(isOn))))
                context.show(reply) {
                    let did = reply["identity"]?.text ?? ""
                    let who = reply["name"]?.text.map { "\(Terminal.safe($0)), \(did)" } ?? did
                    Terminal.line(isOn ? "You follow \(who)" : "You no longer follow \(who)")
                    if isOn && reply["known"]?.flag != true {
                        Terminal.note(
                            "Nothing of them is here yet; it will show once a peer brings it.")
                    }
                }
            }
        }
    }

    // MARK: Words

    static func number(_ option: String, _ context: Context) throws(NodeError) -> UInt64? {
        guard let text = context.arguments.value(option) else { return nil }
        guard let value = UInt64(text) else { throw .usage("\(option) takes a number") }
        return value
    }

    static func show(post: Value) {
        let author = post["author"]?.text ?? ""
        let name = post["name"]?.text.map { Terminal.safe($0) } ?? "?"
        Terminal.line(
            "\(name) (\(author.dropFirst(8).prefix(12))…)  \(date(post["time"]?.number ?? 0))")
        for line in Terminal.safe(text(of: post), lines: true).split(
            separator: "\n", omittingEmptySubsequences: false)
        {
            Terminal.line("  \(line)")
        }
        Terminal.line("  \(post["address"]?.text ?? "")")
        Terminal.line("")
    }

    private static func text(of post: Value) -> String {
        let text = post["text"]?.text ?? ""
        switch post["kind"]?.text ?? "" {
        case "note": return text
        case "dropped": return "[body dropped here: the text is not on this node]"
        case "unreadable": return "[written by a program that this one cannot read]"
        case let kind: return text.isEmpty ? "[\(kind)]" : "[\(kind)] \(text)"
        }
    }

    private static func show(log: Value) {
        let name = log["name"]?.text.map { "  \(Terminal.safe($0))" } ?? ""
        Terminal.line(
            "\(log["log"]?.text ?? "")\(name)  \(log["size"]?.number ?? 0) entries")
        if let bound = log["forkedAt"]?.number {
            Terminal.line(
                "  FORKED: whoever has its key signed two histories. From entry \(bound) on, what"
                    + " it says counts no more.")
        }
        for entry in log["entries"]?.list ?? [] { show(entry: entry) }
        let newest = log["newest"]?.list ?? []
        if let first = newest.first?["index"]?.number {
            Terminal.line("  …  what stands before entry \(first) is still on its way  …")
        }
        for entry in newest { show(entry: entry) }
    }

    private static func show(entry: Value) {
        let line = Terminal.safe(text(of: entry))
        Terminal.line(
            "  \(entry["index"]?.number ?? 0)  \(date(entry["time"]?.number ?? 0))  \(line)")
    }

    static func date(_ milliseconds: UInt64) -> String {
        var seconds = time_t(clamping: milliseconds / 1_000)
        var parts = unsafe tm()
        guard unsafe localtime_r(&seconds, &parts) != nil else { return "?" }
        var buffer = [CChar](repeating: 0, count: 64)
        let count = unsafe strftime(&buffer, 64, "%Y-%m-%d %H:%M", &parts)
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
