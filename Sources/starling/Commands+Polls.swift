import Node
import Wire

/// What stands behind a number.
extension Command {
    static let poll = Command(
        name: "poll", usage: "poll ADDRESS [--recount]",
        summary: "How a poll stands, and whose votes that counts.",
        details: """
            Three tallies: of you and whom you follow, of these and whom they follow, and of
            everybody whose vote is here. Nobody can tell how many of everybody are invented.

              --recount  check every vote from its signed entry on; exit code 1 when one does not
                         hold
            """,
        words: 1...1, flags: ["--recount"]
    ) { context throws(NodeError) in
        let isRecount = context.arguments.has("--recount")
        try context.withNode { node throws(NodeError) in
            let reply = try node.request(
                "poll",
                .object(
                    ("address", .string(context.arguments.words[0])),
                    ("recount", .bool(isRecount)),
                    ("as", context.arguments.value("--as").map { .string($0) })))
            context.show(reply) { show(poll: reply) }
            let faults = reply["recount"]?.list?.filter { $0["fault"] != nil } ?? []
            if !faults.isEmpty { throw .damaged("\(faults.count) votes do not hold: see above") }
        }
    }

    static let explain = Command(
        name: "explain", usage: "explain ADDRESS [--recipe NAME] [--at TIME]",
        summary: "Why a post stands where it stands: each term of a recipe.",
        details: """
            A recipe weighs what signed entries and your own settings say, in whole numbers: whoever
            has the same ones comes to the same order.

              --recipe NAME  "latest" (default), "catch up", "quiet friends first", or one of your
                             own, or that you chose; or the address of any
              --at TIME      as it stood then, in milliseconds since 1970 (default: now)
            """,
        words: 1...1, options: ["--recipe", "--at"]
    ) { context throws(NodeError) in
        try context.withNode { node throws(NodeError) in
            let reply = try node.request(
                "explain",
                .object(
                    ("address", .string(context.arguments.words[0])),
                    ("recipe", context.arguments.value("--recipe").map { .string($0) }),
                    ("at", try number("--at", context).map { .int($0) }),
                    ("as", context.arguments.value("--as").map { .string($0) })))
            context.show(reply) {
                Terminal.line(
                    "\(reply["recipe"]?.text ?? ""): \(reply["description"]?.text ?? "")")
                for term in reply["terms"]?.list ?? [] {
                    Terminal.line(
                        "  \(padded(term["feature"]?.text ?? "", 24))"
                            + "\(signed(term["value"])) times \(signed(term["weight"]))"
                            + "  is  \(signed(term["product"]))")
                }
                Terminal.line("  score \(signed(reply["score"]))")
            }
        }
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(width - text.count, 1))
    }

    private static func signed(_ value: Value?) -> String {
        switch value {
        case .unsigned(let number)?: String(number)
        case .negative(let number)?: "-" + String(number &+ 1)
        default: "0"
        }
    }

    private static func show(poll: Value) {
        let options = (poll["options"]?.list ?? []).map { Terminal.safe($0.text ?? "") }
        for tally in poll["tallies"]?.list ?? [] {
            let voters = tally["voters"]?.list ?? []
            let circle =
                switch tally["circle"]?.text {
                case "follows": "you and whom you follow"
                case "two-hops": "these, and whom they follow"
                default: "everybody whose vote is here"
                }
            Terminal.line("\(circle): \(voters.count) \(voters.count == 1 ? "vote" : "votes")")
            for (option, count) in zip(options, tally["counts"]?.list ?? []) {
                Terminal.line("  \(count.number ?? 0)  \(option)")
            }
            for voter in voters.prefix(20) { Terminal.line("     - \(name(voter))") }
            if voters.count > 20 { Terminal.line("     - and \(voters.count - 20) more") }
        }
        guard let votes = poll["recount"]?.list else { return }
        Terminal.line("recounted \(votes.count) votes from their signed entries")
        for vote in votes {
            let chosen = (vote["options"]?.list ?? []).compactMap { $0.number }
                .compactMap { Int(exactly: $0) }.filter { $0 < options.count }
                .map { options[$0] }
            Terminal.line(
                "  \(vote["fault"]?.text.map { "DOES NOT HOLD (\($0))" } ?? "holds")  "
                    + "\(name(vote["by"] ?? .null)): \(chosen.joined(separator: ", "))  "
                    + "\(vote["address"]?.text ?? "")")
        }
    }

    private static func name(_ person: Value) -> String {
        let identity = person["identity"]?.text ?? ""
        return person["name"]?.text.map { "\(Terminal.safe($0)) (\(identity))" } ?? identity
    }
}
