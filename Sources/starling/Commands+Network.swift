import Crypto
import Glibc
import Node
import Store

/// Private meshes: whom a node meets at all.
extension Command {
    static let network = Command(
        name: "network", usage: "network new",
        summary: "Print a fresh secret for a private mesh.",
        details: """
            Nodes that are started with the same secret meet each other and nobody else:

              (umask 077; starling network new > mesh.secret)
              starling run --network-file mesh.secret

            Give it to the others by a way that only they read. A passphrase of 12 or more bytes is
            a secret, too, and a weaker one: who listens in the local network can try to guess it.
            """,
        words: 1...1
    ) { context throws(NodeError) in
        guard context.arguments.words == ["new"] else {
            throw .usage("the form is  starling network new")
        }
        let secret = NetworkSecret.text(SystemRandom.bytes32())
        context.show(.object(("secret", .string(secret)))) { Terminal.line(secret) }
    }

    /// The secret that `run` was given: by option, file or environment, in this order.
    static func networkSecret(_ arguments: Arguments) throws(NodeError) -> String? {
        let option = arguments.value("--network")
        guard let path = arguments.value("--network-file") else {
            if let option { return option }
            // An empty one is refused later: a script that lost its secret must not go public.
            return unsafe getenv("STARLING_NETWORK").map { unsafe String(cString: $0) }
        }
        if option != nil { throw .usage("give --network or --network-file, not both") }
        do {
            let bytes = try SecretFile.read(path, limit: 4_096)
            let text = unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
            return String(text.drop { $0.isNewline }.prefix { !$0.isNewline })
        } catch { throw .keyFile("\(error)") }
    }
}
