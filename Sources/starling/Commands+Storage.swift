import Node
import Wire

/// What is kept of others, and what that may take of the disk.
extension Command {
    static let policy = Command(
        name: "policy",
        usage: "policy [everything|follows] [--depth N] [--disk SIZE] [--quota HOP=SIZE]…",
        summary: "Choose whose posts this node keeps, and what they may take of the disk.",
        details: """
            Without arguments: what is chosen, what it takes, what was dropped and refused.

              everything       fetch and keep what everybody writes, as far as the disk budget goes
              follows          only those you follow, and whom they follow, and so on to --depth
              --depth N        1: whom you follow; 2: friends of friends, too (default); 3
              --disk SIZE      what the node may take of the disk, such as 10G or 512M
              --quota HOP=SIZE what one author's log may use: HOP is 1, 2, 3 (steps away from you)
                               or others; SIZE auto goes back to a share of the budget

            Over the budget the node drops the texts that it values least: strangers' first, then
            those of authors further away, the oldest first. Your own are never dropped. Pictures,
            sounds and films of others may take a quarter of it, and give way in the same order.
            """,
        words: 0...1, options: ["--depth", "--disk", "--quota"]
    ) { context throws(NodeError) in
        var parameters: [Value.Pair] = []
        func add(_ key: String, _ value: Value) {
            parameters.append(Value.Pair(.text(key), value))
        }
        if let mode = context.arguments.words.first { add("mode", .string(mode)) }
        if let text = context.arguments.value("--depth") {
            guard let depth = UInt64(text) else {
                throw .usage("--depth is 1, 2 or 3, not \"\(text)\"")
            }
            add("depth", .int(depth))
        }
        if let text = context.arguments.value("--disk") {
            add("disk", .int(try ByteSize.budget(text)))
        }
        var quotas: [Value] = []
        for text in context.arguments.all("--quota") { quotas.append(try quota(text)) }
        if !quotas.isEmpty { add("quotas", .array(quotas)) }
        let request = Value.map(parameters)
        try context.withNode { node throws(NodeError) in
            let reply = try node.request("policy", request)
            context.show(reply) { show(storage: reply, inFull: true) }
        }
    }

    private static func quota(_ text: String) throws(NodeError) -> Value {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        let hops = ["1": 1, "2": 2, "3": 3, "others": 4]
        guard parts.count == 2, let hop = hops[parts[0]] else {
            throw .usage("--quota takes HOP=SIZE, for example  --quota others=64M")
        }
        var bytes: UInt64 = 0
        if parts[1] != "auto" {
            guard let size = ByteSize.parse(parts[1]), size > 0 else {
                throw .usage("\"\(parts[1])\" is no size: write it like  10G  or  512M, or  auto")
            }
            bytes = size
        }
        return .object(("hop", .int(hop)), ("bytes", .int(bytes)))
    }

    // MARK: Words

    /// How many of the followed authors are here to the end.
    static func show(followed: Value?, peers: UInt64) {
        let (current, all) = (
            followed?["current"]?.number ?? 0, followed?["authors"]?.number ?? 0
        )
        if all == 0 { return }
        Terminal.line(
            "follows   \(current) of \(all) followed authors current"
                + (peers == 0 ? " (no peer is connected to tell)" : ""))
    }

    /// The disk: what it takes, what is left, what was dropped and refused and why.
    static func show(storage: Value, inFull: Bool = false) {
        func size(_ key: String) -> String { ByteSize.text(storage[key]?.number ?? 0) }
        let mode =
            storage["policy"]?.text == "follows"
            ? "whom you follow, to \(storage["depth"]?.number ?? 0) steps" : "everything"
        Terminal.line("keeps     \(mode)")
        Terminal.line(
            "disk      \(size("total")) of \(size("budget")) used, \(size("reserve")) kept for "
                + "your own posts; \(size("diskFree")) free on the disk")
        var parts: [String] = []
        func add(_ key: String, _ words: String) {
            if let bytes = storage[key]?.number, bytes > 0 { parts.append("\(size(key)) \(words)") }
        }
        add("media", "for pictures, sounds and films of others")
        add("feed", "for the index of posts")
        if !parts.isEmpty { Terminal.line("of it     " + parts.joined(separator: ", ")) }
        show(dropped: storage)
        show(refused: storage["refused"], depth: storage["depth"]?.number)
        guard inFull else { return }
        for item in storage["hops"]?.list ?? [] {
            let quota = item["quota"]?.number.map { ", at most \(ByteSize.text($0)) a log" } ?? ""
            Terminal.line(
                "of        \(whose(item["hop"]?.number ?? 0)): \(item["logs"]?.number ?? 0) logs, "
                    + "\(ByteSize.text(item["bodies"]?.number ?? 0)) of texts, "
                    + "\(ByteSize.text(item["headers"]?.number ?? 0)) besides\(quota)")
        }
    }

    private static func show(dropped storage: Value) {
        for item in storage["dropped"]?.list ?? [] {
            let bodies = item["bodies"]?.number ?? 0
            let rule =
                item["rule"]?.text == "budget"
                ? "over the disk budget" : "over what one author may use"
            Terminal.line(
                "dropped   the texts of \(bodies) posts of \(whose(item["hop"]?.number ?? 0)), "
                    + "\(ByteSize.text(item["bytes"]?.number ?? 0)): \(rule), last "
                    + date(item["last"]?.number ?? 0))
        }
        for item in storage["droppedMedia"]?.list ?? [] {
            let owner =
                item["hop"]?.number.map { "of \(whose($0))" } ?? "that no post names any more"
            Terminal.line(
                "dropped   \(item["files"]?.number ?? 0) pictures, sounds or films \(owner), "
                    + "\(ByteSize.text(item["bytes"]?.number ?? 0)): over what media may take, "
                    + "since \(date(item["first"]?.number ?? 0)), last "
                    + date(item["last"]?.number ?? 0))
        }
    }

    private static func show(refused: Value?, depth: UInt64?) {
        if let why = refused?["why"]?.text { Terminal.line("refused   \(why)") }
        if let count = refused?["unwantedLogs"]?.number, count > 0 {
            Terminal.line(
                "refused   \(count) logs that this node does not keep"
                    + (depth == nil ? "" : " (see  starling policy)"))
        }
        if let count = refused?["fullLogs"]?.number, count > 0 {
            Terminal.line("refused   more of \(count) logs: over what one author may use")
        }
    }

    private static func whose(_ hop: UInt64) -> String {
        switch hop {
        case 0: "your own"
        case 1: "authors you follow"
        case 2: "friends of friends"
        case 3: "authors 3 steps away"
        default: "strangers"
        }
    }
}
