import ClientAPI
import Glibc
import Node

/// Commands that start a node, or look at it.
extension Command {
    static let run = Command(
        name: "run", usage: "run [--listen HOST:PORT] [--join INVITE]… [--name NAME] [OPTIONS]",
        summary: "Run the node: keep posts, meet peers, pass things on. Ctrl-C stops it.",
        details: """
            Makes an identity at the first start and writes its recovery words to a file.

              --listen HOST:PORT  where to listen, one port for TCP and UDP (default [::]:4646;
                                  port 0 picks a free one)
              --join INVITE       a friend's invite, or a node's address: kept a connection with;
                                  may be given several times
              --name NAME         what the identity of a first start is called
              --disk SIZE         what the node may take of the disk, such as 10G; kept for the next
                                  starts (default: half of what is free, at most 10G)
              --web HOST:PORT     where apps and browsers find the node (default 127.0.0.1:4647:
                                  this machine only; port 0 picks a free one)
              --web-name NAME     a name by which you reach it there, such as that of a proxy; may
                                  be given several times
              --no-web            serve nothing to apps and browsers
              --page DIR          serve the web page's files out of a folder, for who changes them
              --no-lan            do not look for other nodes in the local network, nor be found
              --network SECRET    meet only nodes with this secret: see  starling network --help
              --network-file FILE the same, from a file that only you can read; or set
                                  STARLING_NETWORK. Other users of this machine see the options of
                                  a program that runs
            """,
        flags: ["--no-lan", "--no-web"],
        options: [
            "--listen", "--join", "--name", "--disk", "--network", "--network-file", "--web",
            "--web-name", "--page",
        ]
    ) { context throws(NodeError) in
        var options = NodeOptions()
        options.join = context.arguments.all("--join")
        options.name = context.arguments.value("--name")
        options.usesLocalNetwork = !context.arguments.has("--no-lan")
        options.networkSecret = try networkSecret(context.arguments)
        if let disk = context.arguments.value("--disk") { options.disk = try ByteSize.budget(disk) }
        let node = try Node(paths: context.paths, options: options)
        var web: WebService?
        do throws(NodeError) {
            // What can fail comes first: a port in use makes no identity.
            try node.listen(on: context.arguments.value("--listen") ?? "[::]:4646")
            if let name = options.name, let first = node.accounts.first, first.name != name {
                Terminal.note("You are \(first.name) here already; --name is for a first start.")
            }
            let words = try node.createFirstAccount(named: options.name ?? userName())
            try node.listenForControl()
            try node.stopOnSignals()
            web = try serve(context, node)
            if let web { node.pageLink = { web.link(for: $0) } }
            let password = web == nil ? nil : try OwnerPassword.first(context.paths)
            let greeting = try node.greeting(
                words: words, web: web?.address, password: password)
            context.show(greeting) { greet(greeting, context.paths) }
        } catch {
            web?.stop()
            node.shutDown()
            throw error
        }
        try node.run { web?.stop() }
    }

    /// Serves apps and browsers, unless the owner does not want to.
    private static func serve(
        _ context: Context, _ node: Node
    ) throws(NodeError) -> WebService? {
        if context.arguments.has("--no-web") { return nil }
        var options = WebService.Options()
        if let listen = context.arguments.value("--web") { options.listen = listen }
        options.names = context.arguments.all("--web-name")
        options.page = context.arguments.value("--page")
        return try WebService(options, context.paths, try node.openDoor())
    }

    static let initialise = Command(
        name: "init", usage: "init [NAME]",
        summary: "Make an identity, and write its recovery words to a file.",
        details: """
            NAME is what you call it and how others see you (default: your user name). A node can
            have several: the first one acts unless --as NAME says otherwise.
            """,
        words: 0...1
    ) { context throws(NodeError) in
        try context.withNode { node throws(NodeError) in
            let name =
                context.arguments.words.first ?? context.arguments.value("--as") ?? userName()
            let reply = try node.request("init", .object(("name", .string(name))))
            context.show(reply) {
                Terminal.line("You are \(name), \(reply["identity"]?.text ?? "")")
                Terminal.line(wordsAdvice(reply["words"]?.text ?? ""))
            }
        }
    }

    static let status = Command(
        name: "status", usage: "status", summary: "What this node holds, and how it is.",
        details: "Counts posts, logs, people and connected peers, and names every identity."
    ) { context throws(NodeError) in
        try context.withNode { node throws(NodeError) in
            let reply = try node.request("status")
            context.show(reply) { show(status: reply) }
        }
    }

    static let peers = Command(
        name: "peers", usage: "peers", summary: "The nodes that this one is connected with.",
        details: "UDP says whether small things go by datagram; otherwise all goes over TCP."
    ) { context throws(NodeError) in
        try context.withNode { node throws(NodeError) in
            let reply = try node.request("peers")
            context.show(reply) {
                let list = reply.list ?? []
                if !node.isRunning { return Terminal.line("The node is not running: starling run") }
                if list.isEmpty {
                    Terminal.line("No peers yet. Join one:  starling join INVITE")
                }
                for peer in list {
                    let seconds = peer["seconds"]?.number ?? 0
                    let caller = peer["direction"]?.text == "out" ? "we called" : "called us"
                    Terminal.line(
                        "\(peer["node"]?.text ?? "")  \(caller)"
                            + "  UDP \(peer["datagrams"]?.flag == true ? "yes" : "no")"
                            + "  for \(duration(seconds))"
                            + "  \(Terminal.safe(peer["agent"]?.text ?? ""))"
                    )
                }
            }
        }
    }

    static let check = Command(
        name: "check", usage: "check",
        summary: "Verify all that is stored: every log from the first entry, every picture.",
        details: """
            Exit code 1 when anything is damaged; each damage is printed with its place. A node that
            runs fetches again what is damaged, as far as others have it.
            """
    ) { context throws(NodeError) in
        try context.withNode { node throws(NodeError) in
            var progress = Progress("verified")
            var media: Progress?
            let reply = try node.request("check") {
                let total = $0["total"]?.number
                if let bytes = $0["mediaBytes"]?.number {
                    media = media ?? Progress("bytes of pictures and films verified")
                    media?.show(bytes, of: total)
                } else {
                    progress.show($0["entries"]?.number ?? 0, of: total)
                }
            }
            progress.end()
            media?.end()
            context.show(reply) { show(check: reply) }
            let damage = reply["damage"]?.list?.count ?? 0
            if damage > 0 { throw .damaged("the store is damaged: see above") }
        }
    }

    // MARK: Words

    private static func userName() -> String {
        let raw = unsafe getenv("USER").map { unsafe String(cString: $0) } ?? ""
        let name = raw.filter { $0.isLetter || $0.isNumber }
        return name.isEmpty || name == "root" ? "me" : name
    }

    private static func wordsAdvice(_ path: String) -> String {
        """
        Recovery words: \(path)
          Write them on paper, keep the paper safe, and delete the file. They are the only way to
          replace this device, and whoever has them is you.
        """
    }

    private static func greet(_ greeting: Value, _ paths: Paths) {
        let flag = paths.isDefault ? "" : " --data '\(paths.data)'"
        // Who did not find the program on the path is told its whole path.
        let program = CommandLine.arguments.first.flatMap { $0.contains("/") ? $0 : nil }
        Terminal.line("Starling \(Node.version) is running.")
        Terminal.line("")
        Terminal.line(
            "  You      \(greeting["name"]?.text ?? ""), \(greeting["identity"]?.text ?? "")")
        Terminal.line("  Address  \(greeting["address"]?.text ?? "")")
        Terminal.line("  Data     \(greeting["data"]?.text ?? "")")
        if let link = greeting["link"]?.text {
            Terminal.line("  Page     \(link)")
            Terminal.line(
                "           Open it in your browser: it lets you in, once, within 15 minutes."
            )
            Terminal.line("           Another one:  \(program ?? "starling") web\(flag)")
        }
        if let web = greeting["web"]?.text {
            Terminal.line("  Apps     \(web) (a server of the Mastodon API, to apps)")
        }
        if let password = greeting["password"]?.text {
            Terminal.line(
                "  Password in \(password), to let apps in (change it: starling password)")
        }
        if let words = greeting["words"]?.text {
            Terminal.line("  Words    \(words) (only you can read it)")
            Terminal.line(
                "           Write the 24 words on paper, keep it safe, and delete the file.")
        }
        Terminal.line("")
        Terminal.line("  Post:    \(program ?? "starling") post\(flag) \"Hello, square!\"")
        Terminal.line("  Invite:  \(program ?? "starling") invite\(flag)")
        Terminal.line("  Stop:    Ctrl-C")
        Terminal.line("")
    }

    private static func show(status: Value) {
        func number(_ key: String) -> UInt64 { status[key]?.number ?? 0 }
        let isRunning = status["running"]?.flag == true
        Terminal.line(isRunning ? "running for \(duration(number("uptime")))" : "not running")
        if isRunning { Terminal.line("address   \(status["address"]?.text ?? "")") }
        if let network = status["network"]?.text { Terminal.line("network   private, \(network)") }
        Terminal.line("data      \(status["data"]?.text ?? "")")
        Terminal.line(
            "holds     \(number("posts")) posts in \(number("logs")) logs"
                + " of \(number("people")) people"
        )
        Terminal.line("peers     \(number("peers"))")
        show(followed: status["followed"], peers: number("peers"))
        if let storage = status["storage"] { show(storage: storage) }
        show(forks: status["forks"]?.list ?? [])
        show(quarantine: status["quarantine"])
        for account in status["accounts"]?.list ?? [] {
            let state = account["state"]?.text ?? ""
            Terminal.line(
                "identity  \(account["name"]?.text ?? "")  \(account["identity"]?.text ?? "")"
                    + (state == "writable" ? "" : "  READ-ONLY (\(state))"))
        }
        if (status["accounts"]?.list ?? []).isEmpty {
            Terminal.line("identity  none yet: make one with  starling init")
        }
    }

    private static func show(forks: [Value]) {
        for fork in forks {
            let name = fork["name"]?.text.map { "\(Terminal.safe($0)), " } ?? ""
            Terminal.line(
                "forked    \(name)\(fork["log"]?.text ?? ""): from entry "
                    + "\(fork["from"]?.number ?? 0) on it counts no more")
        }
    }

    private static func show(check: Value) {
        func number(_ key: String) -> UInt64 { check[key]?.number ?? 0 }
        for damage in check["damage"]?.list ?? [] { Terminal.line("DAMAGED: \(damage.text ?? "")") }
        let files = number("media") == 1 ? "1 file" : "\(number("media")) files"
        Terminal.line(
            "verified \(number("logs")) logs, \(number("entries")) entries, "
                + "\(number("bytes")) bytes, \(files) of \(number("mediaBytes")) bytes: "
                + ((check["damage"]?.list ?? []).isEmpty ? "all is well" : "damage found"))
    }

    static func duration(_ seconds: UInt64) -> String {
        switch seconds {
        case 0..<60: "\(seconds) s"
        case 60..<3_600: "\(seconds / 60) min"
        case 3_600..<86_400: "\(seconds / 3_600) h"
        default: "\(seconds / 86_400) days"
        }
    }
}
