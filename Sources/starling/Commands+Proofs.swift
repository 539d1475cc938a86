import Content
import Crypto
import MerkleLog
import Node
import Primitives

/// Proofs of who wrote what, made here and checked anywhere.
extension Command {
    static let prove = Command(
        name: "prove", usage: "prove ADDRESS > FILE",
        summary: "Print a proof that a post was signed, for anybody to check off line.",
        details:
            "The proof is a C2SP tlog-proof: text, self-contained, about a kilobyte and the post.",
        words: 1...1
    ) { context throws(NodeError) in
        try context.withNode { node throws(NodeError) in
            let reply = try node.request(
                "prove", .object(("address", .string(context.arguments.words[0]))))
            context.show(reply) { Terminal.text(reply["proof"]?.text ?? "") }
        }
    }

    static let verify = Command(
        name: "verify", usage: "verify FILE",
        summary: "Check a proof file. Needs no node and no network.",
        details: "Prints who signed what, or fails with exit code 1. FILE \"-\" is standard input.",
        words: 1...1
    ) { context throws(NodeError) in
        Sodium.start()
        let text = try Files.read(context.arguments.words[0], limit: Limits.proofFile)
        let proof: ProofFile
        do throws(LogError) { proof = try ProofFile(verifying: text) } catch {
            throw .damaged("the proof does not hold: \(error)")
        }
        var note: String?
        if let body = proof.body, case .note(let found)? = try? Content(body: body) {
            note = found.text
        }
        let author = DIDKey.encode(proof.author)
        let log = DIDKey.encode(proof.checkpoint.log)
        let value = Value.object(
            ("ok", .bool(true)), ("author", .string(author)), ("log", .string(log)),
            ("index", .int(proof.index)), ("size", .int(proof.checkpoint.size)),
            ("address", .string(proof.reference.text)), ("text", note.map { .string($0) }))
        context.show(value) {
            Terminal.line("The proof holds.")
            Terminal.line(
                "  author   \(author)\(author == log ? " (a device; its person is not shown)" : "")"
            )
            Terminal.line("  signed   by the log \(log)")
            Terminal.line("  entry    \(proof.index) of \(proof.checkpoint.size)")
            if let note {
                Terminal.line("  text")
                for line in Terminal.safe(note, lines: true).split(separator: "\n") {
                    Terminal.line("    \(line)")
                }
            }
        }
    }
}
