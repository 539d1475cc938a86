import Node

/// Peers that are refused since they crashed this node.
extension Command {
    static let quarantine = Command(
        name: "quarantine", usage: "quarantine [--lift NODE|ADDRESS|all]",
        summary: "Peers whose input came right before crashes of this node.",
        details: """
            After the second crash the node refuses a peer for a day, so that no message can keep
            it down. The program is at fault, whoever sent it: please report the crash.

              --lift WHO  take a peer off the list, by its node key or address, or all
            """,
        options: ["--lift"]
    ) { context throws(NodeError) in
        let lift = context.arguments.value("--lift")
        try context.withNode { node throws(NodeError) in
            let reply = try node.request(
                "quarantine", .object(("lift", lift.map { .string($0) })))
            context.show(reply) {
                if (reply.list ?? []).isEmpty { Terminal.line("Nobody is suspected.") }
                show(quarantine: reply)
            }
        }
    }

    static func show(quarantine: Value?) {
        for suspect in quarantine?.list ?? [] {
            let name = suspect["node"]?.text ?? "a peer without a name"
            let place = suspect["address"]?.text.map { " at \($0)" } ?? ""
            let crashes = suspect["crashes"]?.number ?? 0
            let until = suspect["until"]?.number ?? 0
            let state =
                suspect["refused"]?.flag == true
                ? "refused until \(date(until)); lift it with  starling quarantine --lift"
                : "watched"
            Terminal.line(
                "suspect   \(name)\(place): its input came before \(crashes) "
                    + "\(crashes == 1 ? "crash" : "crashes"); \(state)")
        }
    }
}
